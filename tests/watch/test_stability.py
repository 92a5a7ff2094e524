"""When a file is complete, by rules on what was seen of it and when."""

import pytest

from fileq.watch.stability import QUIET, UNMARKED, FileHistory, ProbedFile, UnsettledReason, seconds_until_next_probe

SETTLE = 2.0


def look(size=100, mtime=1, inode=7, open_=False, whole=True):
    return ProbedFile(size, mtime, inode, open_, whole)


def judged(seen, now, trace=None, settle=SETTLE):
    """The wait in seconds, and the reason, for a file that came at 0."""
    trace = trace or FileHistory(0.0)
    return seconds_until_next_probe(trace, seen, now, settle), trace.reason


def test_a_whole_file_that_nobody_writes_to_is_complete_after_30_ms_of_quiet():
    assert judged(look(), QUIET) == (None, UnsettledReason.NEW)
    wait, _ = judged(look(), 0.01)
    assert wait == pytest.approx(QUIET - 0.01)


def test_every_event_begins_the_quiet_anew():
    trace = FileHistory(0.0)
    trace.event_at = 5.0
    assert judged(look(), 5.01, trace)[0] is not None
    assert judged(look(), 5.03, trace)[0] is None


@pytest.mark.parametrize("now", [0.1, 10.0, 10_000.0])
def test_a_file_that_somebody_writes_to_is_never_complete(now):
    wait, reason = judged(look(open_=True), now)
    assert wait is not None
    assert reason is UnsettledReason.OPEN


@pytest.mark.parametrize("now", [0.1, 10.0, 10_000.0])
def test_an_empty_file_is_never_complete(now):
    wait, reason = judged(look(size=0), now)
    assert wait is not None
    assert reason is UnsettledReason.EMPTY


def test_a_format_without_a_mark_needs_a_second_of_quiet():
    trace = FileHistory(0.0)
    assert judged(look(whole=None), 0.03, trace) == (UNMARKED, UnsettledReason.CHANGING)
    assert judged(look(whole=None), 1.03, trace)[0] is None


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (look(whole=False), UnsettledReason.UNFINISHED),
        (look(open_=None), UnsettledReason.CHANGING),
        (look(open_=None, whole=None), UnsettledReason.CHANGING),
        (look(open_=None, whole=False), UnsettledReason.UNFINISHED),
    ],
)
def test_where_little_can_be_known_nothing_must_change_for_the_settling_time(seen, reason):
    trace = FileHistory(0.0)
    assert judged(seen, 0.5, trace) == (SETTLE, reason)
    assert judged(seen, 2.4, trace)[0] == pytest.approx(0.1)
    assert judged(seen, 2.5, trace)[0] is None


@pytest.mark.parametrize("change", [{"size": 101}, {"mtime": 2}, {"inode": 8}])
def test_each_change_begins_the_settling_time_anew(change):
    trace = FileHistory(0.0)
    judged(look(open_=None), 0.5, trace)
    assert judged(look(open_=None, **change), 2.4, trace)[0] == SETTLE


def test_looks_come_more_rarely_the_longer_nothing_happens():
    trace = FileHistory(0.0)
    waits = [judged(look(open_=True), now, trace)[0] for now in range(20)]
    assert waits == sorted(waits)
    assert waits[0] < 0.2
    assert waits[-1] == 2.0
