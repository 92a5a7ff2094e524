from fileq.ledger.tables.checks import Jump, Standing
from tests.support.jobs import NOW

ONE = Standing("disk", "bad", "It is full.", NOW - 60, NOW - 60, NOW)


def test_a_check_stands_as_it_was_recorded_last(ledger):
    ledger.checks.stands(ONE)
    again = Standing("disk", "ok", "There is room.", NOW, None, NOW)
    ledger.checks.stands(again)
    assert ledger.checks.standings() == {"disk": again}


def test_when_the_database_was_found_whole_is_remembered(ledger):
    assert ledger.checks.found_whole() is None
    for moment in (NOW, NOW + 1.5):
        ledger.checks.note_whole(moment)
        assert ledger.checks.found_whole() == moment


def test_the_last_jump_of_the_clock_is_remembered(ledger):
    assert ledger.checks.last_jump() is None
    ledger.checks.note_jump(90, NOW)
    ledger.checks.note_jump(-7200.5, NOW - 7000)
    assert ledger.checks.last_jump() == Jump(-7200.5, NOW - 7000)
