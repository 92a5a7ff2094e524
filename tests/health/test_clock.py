import time

import pytest

from fileq.clock import steady_time
from fileq.health.check import CheckState
from fileq.health.checks.clock import ClockMonitor
from fileq.presence import ProcessIdentity
from tests.support.jobs import NOW, begin, enter, finish

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("ahead", "state"),
    [(60, CheckState.OK), (61, CheckState.WARNING), (DAY, CheckState.WARNING), (DAY + 1, CheckState.BAD)],
)
def test_times_of_the_ledger_that_are_to_come_are_told(checked, ahead, state):
    (job,) = enter(checked.ledger)
    finish(checked.ledger, begin(checked.ledger, job))
    found = checked.run_check("clock", NOW - ahead)
    assert found.state is state
    assert ("time server" in found.remedy) == (state is not CheckState.OK)


@pytest.mark.parametrize("what", ["batch", "attempt", "worker", "watch"])
def test_times_are_looked_for_wherever_something_happens(checked, what):
    ledger = checked.ledger
    (job,) = enter(ledger)
    ledger.database.connection.execute("update batches set added_at = ?", (NOW - HOUR,))
    if what == "batch":
        ledger.batches.insert_batch("fileq", NOW)
    elif what == "attempt":
        begin(ledger, job)
    elif what == "worker":
        checked.register_worker()
    else:
        ledger.watches.upsert_watch("/in", ProcessIdentity("elsewhere", 1, "1"), NOW)
    assert "The ledger knows of times 10 min 0 s from now" in checked.run_check("clock", NOW - 600).message


def test_what_is_due_later_is_no_time_that_was(checked):
    enter(checked.ledger, due_at=NOW + 10 * DAY)
    assert checked.run_check("clock").state is CheckState.OK


@pytest.mark.parametrize(("seconds", "way"), [(7200, "forward"), (-7200, "back")])
def test_a_jump_is_told_for_a_day(checked, seconds, way):
    checked.ledger.checks.record_clock_jump(5, NOW - HOUR)
    checked.ledger.checks.record_clock_jump(seconds, NOW)
    found = checked.run_check("clock", NOW + HOUR)
    assert (found.state, found.message) == (
        CheckState.WARNING,
        f"The clock jumped {way} by 2 h 0 min, 1 h 0 min ago.",
    )
    assert checked.run_check("clock", NOW + DAY + 1).state is CheckState.OK


class Clocks:
    wall, even = NOW, 100.0

    def watch(self):
        return ClockMonitor(lambda: self.wall, lambda: self.even)

    def passes(self, seconds, by=0.0):
        self.even += seconds
        self.wall += seconds + by


@pytest.mark.parametrize("jump", [31.0, -31.0, 7200.0, -400_000_000.0])
def test_a_jump_is_seen_once(jump):
    clocks = Clocks()
    watch = clocks.watch()
    clocks.passes(60)
    assert watch.measure_jump() is None
    clocks.passes(60, by=jump)
    assert watch.measure_jump() == pytest.approx(jump)
    clocks.passes(60)
    assert watch.measure_jump() is None


def test_sleep_and_a_clock_that_is_led_back_gently_are_no_jumps():
    clocks = Clocks()
    watch = clocks.watch()
    clocks.passes(8 * HOUR)
    assert watch.measure_jump() is None
    for _ in range(1000):
        clocks.passes(60, by=0.03)
        assert watch.measure_jump() is None


def test_the_steady_clock_goes_with_the_real_one():
    before = time.monotonic(), steady_time()
    after = steady_time(), time.monotonic()
    assert 0 <= after[0] - before[1] <= after[1] - before[0]
    assert ClockMonitor().measure_jump() is None
