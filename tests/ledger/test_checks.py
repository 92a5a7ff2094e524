from fileq.ledger.tables.checks import CheckRecord, ClockJump
from tests.support.jobs import NOW

ONE = CheckRecord(name="disk", state="bad", message="It is full.", since=NOW - 60, bad_since=NOW - 60, checked_at=NOW)


def test_a_check_stands_as_it_was_recorded_last(ledger):
    ledger.checks.upsert_record(ONE)
    again = CheckRecord(name="disk", state="ok", message="There is room.", since=NOW, bad_since=None, checked_at=NOW)
    ledger.checks.upsert_record(again)
    assert ledger.checks.list_records() == {"disk": again}


def test_when_the_database_was_found_whole_is_remembered(ledger):
    assert ledger.checks.find_last_intact() is None
    for moment in (NOW, NOW + 1.5):
        ledger.checks.record_intact(moment)
        assert ledger.checks.find_last_intact() == moment


def test_the_last_jump_of_the_clock_is_remembered(ledger):
    assert ledger.checks.find_clock_jump() is None
    ledger.checks.record_clock_jump(90, NOW)
    ledger.checks.record_clock_jump(-7200.5, NOW - 7000)
    assert ledger.checks.find_clock_jump() == ClockJump(-7200.5, NOW - 7000)
