from fileq.errors import LedgerError
from fileq.worker.outage import Outage, SlotBackoff


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_a_slot_holds_still_twice_as_long_each_time_up_to_the_longest():
    clock = Clock()
    backoff = SlotBackoff(clock)
    waits = []
    for _ in range(8):
        backoff.hold(60)
        begun = clock.now
        while backoff.is_on:
            clock.now += 0.5
        waits.append(clock.now - begun)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    backoff.hold(60)
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
