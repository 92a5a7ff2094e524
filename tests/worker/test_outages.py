"""What is said of an outage, and how long slots and jobs wait for its end."""

import pytest

from fileq.errors import DatabaseReplaced, ErrorKind, FolderUnavailable, LedgerError
from fileq.worker.outages import FolderOutages, LedgerAlarm, Outage, SlotBackoff, retry_lost

NOW = 1_000_000.0
FULL = FolderUnavailable(ErrorKind.NO_SPACE, "/out is full.", "Make room.", "/out/sub")
SOURCE_AWAY = FolderUnavailable(ErrorKind.INTERNAL, "/in doesn't answer.", "Bring it back.", "/in")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_a_slot_holds_still_twice_as_long_each_time_up_to_the_longest():
    clock = Clock()
    backoff = SlotBackoff(clock)
    waits = []
    for _ in range(8):
        backoff.begin(60)
        begun = clock.now
        while backoff.is_on:
            clock.now += 0.5
        waits.append(clock.now - begun)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    backoff.begin(60)
    clock.now += 1
    assert not backoff.is_on


def test_an_outage_is_said_when_it_begins_once_a_minute_and_when_it_is_over(caplog):
    caplog.set_level("INFO", "fileq")
    clock = Clock()
    outage = Outage("It is back.", clock)
    error = LedgerError("It is away.", "Wait.")
    for _ in range(120):  # two minutes
        outage.begin(error)
        clock.now += 1
    assert outage.seconds == 120
    outage.end()
    outage.end()
    assert outage.seconds == 0
    assert caplog.messages == ["It is away. Wait. Jobs wait until that is over."] * 2 + ["It is back."]


def test_one_that_comes_and_goes_is_said_once_a_minute_at_most(caplog):
    caplog.set_level("INFO", "fileq")
    clock = Clock()
    outage = Outage("It is back.", clock)
    for _ in range(20):
        outage.begin(LedgerError("It is away."))
        outage.end()
        clock.now += 1
    assert len(caplog.messages) == 2


def test_what_the_slots_have_said_is_not_said_again_by_the_upkeep(caplog):
    clock = Clock()
    outage = Outage("It is back.", clock)
    outage.begin(LedgerError("It is away."))
    outage.report("The upkeep is put off: It is away.")
    clock.now += 60
    outage.report("The upkeep is put off: It is away.")
    assert caplog.messages == ["It is away. Jobs wait until that is over.", "The upkeep is put off: It is away."]


def test_the_upkeep_alone_lets_no_job_wait():
    outage = Outage("It is back.", Clock())
    outage.report("The upkeep is put off: It is away.")
    assert outage.seconds == 0
    assert outage.error is None


def test_jobs_wait_twice_as_long_each_time_and_those_that_meet_it_together_count_once():
    clock = Clock()
    outages = FolderOutages(clock)
    waits = []
    for _ in range(7):
        waits.append([outages.begin(FULL, "/in/a.jpg", "/out") for _ in range(3)])
        clock.now += waits[-1][0]
        assert outages.seconds_left("/in/a.jpg", "/out") == 0
    assert waits == [[seconds] * 3 for seconds in (10, 20, 40, 80, 160, 300, 300)]


def test_only_jobs_that_need_the_folder_wait():
    outages = FolderOutages(Clock())
    outages.begin(FULL, "/in/a.jpg", "/out")
    outages.begin(SOURCE_AWAY, "/in/a.jpg", "/out")
    assert outages.seconds_left("/elsewhere/a.jpg", "/out") == 10
    assert outages.seconds_left("/in/b.jpg", "/elsewhere") == 10
    assert outages.seconds_left("/elsewhere/a.jpg", "/elsewhere") == 0


def test_a_job_that_goes_well_ends_it_and_that_is_said_once(caplog):
    caplog.set_level("INFO", "fileq")
    clock = Clock()
    outages = FolderOutages(clock)
    for _ in range(5):
        outages.begin(FULL, "/in/a.jpg", "/out")
        clock.now += 400
    outages.end("/in/b.jpg", "/elsewhere", 0)
    was_any = outages.any
    for _ in range(2):
        outages.end("/in/a.jpg", "/out", 0)
    assert (was_any, outages.any) == (True, False)
    assert caplog.messages == [
        "/out is full. Make room. Jobs wait until that is over.",
        "/out can be used again: its jobs go on.",
    ]


def test_a_job_that_began_before_another_met_it_does_not_end_it(caplog):
    caplog.set_level("INFO", "fileq")
    clock = Clock()
    outages = FolderOutages(clock)
    outages.begin(FULL, "/in/a.jpg", "/out")
    clock.now += 1
    outages.end("/in/b.jpg", "/out", 2)
    assert outages.any
    outages.end("/in/b.jpg", "/out", 0.5)
    assert not outages.any


def test_a_lock_that_passes_rings_nothing():
    alarm = LedgerAlarm()
    assert not alarm.note_failure(NOW)
    assert not alarm.note_failure(NOW + 240)
    alarm.reset()
    assert not alarm.note_failure(NOW + 600)


def test_what_lasts_for_minutes_rings_once():
    alarm = LedgerAlarm()
    rung = [minute for minute in range(60) if alarm.note_failure(NOW + 60 * minute)]
    assert rung == [5]


def test_it_rings_anew_when_it_was_well_in_between():
    alarm = LedgerAlarm()
    for minute in range(10):
        alarm.note_failure(NOW + 60 * minute)
    alarm.reset()
    assert [minute for minute in range(10, 20) if alarm.note_failure(NOW + 60 * minute)] == [15]


def test_what_a_lost_connection_cuts_off_is_done_again_and_for_another_database_nobody_waits():
    left = [DatabaseReplaced("gone"), LedgerError("ended"), LedgerError("ended")]
    done = []

    def act():
        if len(left) > 1:
            raise left.pop()
        done.append(1)

    retry_lost(act)
    assert done == [1]
    with pytest.raises(DatabaseReplaced):
        retry_lost(fail_with(left))


def fail_with(errors):
    def fail():
        raise errors.pop()

    return fail
