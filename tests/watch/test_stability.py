"""When a file is complete, by rules on what was seen of it and when."""

import mmap
import os
import signal
import subprocess
import sys

import pytest

from fileq.watch import stability
from fileq.watch.stability import (
    QUIET,
    UNMARKED,
    FileHistory,
    ProbedFile,
    UnsettledReason,
    probe_file,
    seconds_until_next_probe,
    use_leases,
)

SETTLE = 2.0


def probed(size=100, mtime=1, inode=7, is_open=False, has_end=True):
    return ProbedFile(size=size, mtime_ns=mtime, inode=inode, is_open=is_open, has_end=has_end)


def wait_for(seen, now, file=None, settle=SETTLE):
    """The wait in seconds, and the reason, for a file that came at 0."""
    file = file or FileHistory(0.0)
    return seconds_until_next_probe(file, seen, now, settle), file.reason


def test_a_whole_file_that_nobody_writes_to_is_complete_after_30_ms_of_quiet():
    assert wait_for(probed(), QUIET) == (None, UnsettledReason.NEW)
    wait, _ = wait_for(probed(), 0.01)
    assert wait == pytest.approx(QUIET - 0.01)


def test_every_event_begins_the_quiet_anew():
    file = FileHistory(0.0)
    file.event_at = 5.0
    assert wait_for(probed(), 5.01, file)[0] is not None
    assert wait_for(probed(), 5.03, file)[0] is None


@pytest.mark.parametrize("now", [0.1, 10.0, 10_000.0])
def test_a_file_that_somebody_writes_to_is_never_complete(now):
    wait, reason = wait_for(probed(is_open=True), now)
    assert wait is not None
    assert reason is UnsettledReason.OPEN


@pytest.mark.parametrize("now", [0.1, 10.0, 10_000.0])
def test_an_empty_file_is_never_complete(now):
    wait, reason = wait_for(probed(size=0), now)
    assert wait is not None
    assert reason is UnsettledReason.EMPTY


def test_a_format_without_a_mark_needs_a_second_of_quiet():
    file = FileHistory(0.0)
    assert wait_for(probed(has_end=None), 0.03, file) == (UNMARKED, UnsettledReason.CHANGING)
    assert wait_for(probed(has_end=None), 1.03, file)[0] is None


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (probed(has_end=False), UnsettledReason.UNFINISHED),
        (probed(is_open=None), UnsettledReason.CHANGING),
        (probed(is_open=None, has_end=None), UnsettledReason.CHANGING),
        (probed(is_open=None, has_end=False), UnsettledReason.UNFINISHED),
    ],
)
def test_where_little_can_be_known_nothing_must_change_for_the_settling_time(seen, reason):
    file = FileHistory(0.0)
    assert wait_for(seen, 0.5, file) == (SETTLE, reason)
    assert wait_for(seen, 2.4, file)[0] == pytest.approx(0.1)
    assert wait_for(seen, 2.5, file)[0] is None


@pytest.mark.parametrize("change", [{"size": 101}, {"mtime": 2}, {"inode": 8}])
def test_each_change_begins_the_settling_time_anew(change):
    file = FileHistory(0.0)
    wait_for(probed(is_open=None), 0.5, file)
    assert wait_for(probed(is_open=None, **change), 2.4, file)[0] == SETTLE


def test_looks_come_more_rarely_the_longer_nothing_happens():
    file = FileHistory(0.0)
    waits = [wait_for(probed(is_open=True), now, file)[0] for now in range(20)]
    assert waits == sorted(waits)
    assert waits[0] < 0.2
    assert waits[-1] == 2.0


@pytest.fixture(autouse=True)
def leases(monkeypatch):
    before = signal.getsignal(signal.SIGIO)
    monkeypatch.setattr(stability, "_leases", False)
    use_leases()
    yield
    signal.signal(signal.SIGIO, before)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8 picture \xff\xd9")
    return path


def probe(path):
    found = probe_file(str(path))
    assert found is not None
    return found


def test_a_file_at_rest(path):
    seen, status = probe(path), os.stat(path)
    assert seen.identity == (status.st_size, status.st_mtime_ns, status.st_ino)
    assert (seen.is_open, seen.has_end) == (False, True)


def test_a_file_that_this_process_writes_to(path):
    with path.open("ab"):
        assert probe(path).is_open
    assert probe(path).is_open is False


def test_a_file_that_another_process_writes_to(path):
    code = f"import sys; file = open({str(path)!r}, 'ab'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdin is not None
        assert writer.stdout.readline() == b"open\n"
        assert probe(path).is_open
        writer.stdin.close()
    assert probe(path).is_open is False


def test_a_file_that_is_mapped_for_writing(path):
    with path.open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    assert probe(path).is_open
    mapped.close()
    assert probe(path).is_open is False


def test_readers_do_not_count(path):
    with path.open("rb"):
        assert probe(path).is_open is False


def test_without_leases_nobody_knows_who_writes(path, monkeypatch):
    monkeypatch.setattr(stability, "_leases", False)
    assert probe(path).is_open is None


@pytest.mark.parametrize("what", ["nothing", "folder", "pipe", "link to nothing", "link loop"])
def test_what_is_no_regular_file(tmp_path, what):
    path = tmp_path / "x.jpg"
    {
        "nothing": lambda: None,
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "link to nothing": lambda: path.symlink_to("gone"),
        "link loop": lambda: path.symlink_to("x.jpg"),
    }[what]()
    assert probe_file(str(path)) is None


def test_a_link_is_looked_at_as_what_it_leads_to(path, tmp_path):
    (tmp_path / "link.jpg").symlink_to(path)
    assert probe_file(str(tmp_path / "link.jpg")) == probe_file(str(path))


def test_a_file_that_may_not_be_opened_is_there_still(path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    seen = probe(path)
    assert (seen.size, seen.is_open, seen.has_end) == (path.stat().st_size, None, None)
