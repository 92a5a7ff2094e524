"""Whether the queue grows faster than it is worked off."""

from fileq.health.check import CheckState
from tests.support.jobs import NOW, begin, enter, finish

HOUR = 3600


def queue(checked, came, ended, *, hours=3, before=0):
    """So many jobs came in the last hours, and so many ended; `before` came earlier."""
    ledger = checked.ledger
    now = NOW + 100 * HOUR
    start = now - hours * HOUR
    new = enter(ledger, *(f"/new/{number}" for number in range(came)))
    ledger.database.connection.execute("update batches set added_at = ?", (start + 1,))
    old = enter(ledger, *(f"/old/{number}" for number in range(before))) if before else []
    for job in [*old, *new][:ended]:
        finish(ledger, begin(ledger, job), now=start + 2)
    checked.register_worker(now=now, ago=hours * HOUR)
    return now


def test_an_empty_queue_is_well(checked):
    assert checked.run_check("queue").message == "Nothing is left to do."


def test_a_queue_that_grows_and_takes_more_than_a_day_is_worth_a_word(checked):
    found = checked.run_check("queue", queue(checked, came=100, ended=6))
    assert found.state is CheckState.WARNING
    assert "33 jobs an hour came and 2 ended; what is left, 94 jobs, takes 47 h 0 min." in found.message


def test_a_queue_that_grows_and_is_done_within_a_day_is_well(checked):
    found = checked.run_check("queue", queue(checked, came=50, ended=20))
    assert (found.state, found.message) == (CheckState.OK, "30 jobs left, which takes about 4 h 30 min.")


def test_a_long_queue_that_shrinks_is_well(checked):
    assert checked.run_check("queue", queue(checked, came=2, ended=3, before=100)).state is CheckState.OK


def test_a_queue_where_nothing_ends_is_worth_a_word(checked):
    found = checked.run_check("queue", queue(checked, came=5, ended=0))
    assert (found.state, found.message) == (
        CheckState.WARNING,
        "More jobs come in than are done: 2 jobs an hour came and 0 ended; 5 jobs left.",
    )


def test_a_worker_that_has_just_begun_tells_no_rate(checked):
    assert checked.run_check("queue", queue(checked, came=100, ended=1, hours=0.2)).state is CheckState.OK


def test_jobs_that_are_due_later_are_not_left(checked):
    enter(checked.ledger, due_at=NOW + HOUR)
    assert checked.run_check("queue").message == "Nothing is left to do."


def test_a_pause_is_said(checked):
    enter(checked.ledger)
    checked.ledger.batches.set_paused(paused=True)
    assert checked.run_check("queue").message == "1 job left; paused."
