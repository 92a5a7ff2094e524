"""A ledger that can't be used for minutes is told of once, and anew when it was well in between."""

from fileq.worker.ledger_alarm import Alarm

NOW = 1_000_000.0


def test_a_lock_that_passes_rings_nothing():
    alarm = Alarm()
    assert not alarm.rings(NOW)
    assert not alarm.rings(NOW + 240)
    alarm.rest()
    assert not alarm.rings(NOW + 600)


def test_what_lasts_for_minutes_rings_once():
    alarm = Alarm()
    rung = [minute for minute in range(60) if alarm.rings(NOW + 60 * minute)]
    assert rung == [5]


def test_it_rings_anew_when_it_was_well_in_between():
    alarm = Alarm()
    for minute in range(10):
        alarm.rings(NOW + 60 * minute)
    alarm.rest()
    assert [minute for minute in range(10, 20) if alarm.rings(NOW + 60 * minute)] == [15]
