"""How long jobs took of late, by recipe and state."""

from fileq.errors import ErrorKind
from fileq.job import Failure
from tests.support.jobs import NOW, begin, enter, finish


def test_jobs_are_counted_by_recipe_state_and_how_long_they_took(ledger):
    quick, slow, failed, old, _ = enter(ledger, "/a", "/b", "/c", "/d", "/e")
    for job, ended in ((quick, NOW + 1), (slow, NOW + 20), (old, NOW - 50)):
        finish(ledger, begin(ledger, job, now=min(NOW, ended)), ended)
    token = begin(ledger, failed)
    ledger.attempts.fail_attempt(token, Failure(ErrorKind.TIMEOUT, "It took too long.", "Wait."), NOW + 3)
    done, wrong = ledger.durations.total_durations(NOW - 10, (0.5, 1.0, 10.0))
    assert (done.recipe_name, done.state, done.jobs, done.seconds, done.within) == ("small", "done", 2, 21.0, (0, 1, 1))
    assert (wrong.state, wrong.jobs, wrong.seconds, wrong.within) == ("failed", 1, 3.0, (0, 0, 1))


def test_nothing_that_ended_is_nothing(ledger):
    enter(ledger)
    assert ledger.durations.total_durations(0.0, (1.0,)) == []
