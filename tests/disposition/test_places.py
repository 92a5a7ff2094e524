"""A source that was moved is known where it is: its jobs read it there, and it goes on from there."""

import pytest

from fileq import control
from fileq.disposition import dispose
from tests.support.dispositions import complete, leaving, names, source
from tests.support.jobs import DAMAGED, NOW, begin, claim_one, enter


@pytest.fixture
def failed_to(tmp_path):
    return tmp_path / "failed"


def place(ledger, job):
    return ledger.overview.find_job(job).moved_to


def dispositions(ledger):
    with ledger.database.reading() as connection:
        return connection.execute("select source from dispositions").fetchall()


def fail(ledger, job):
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)


def test_one_that_was_put_away_is_read_where_it_is_and_goes_where_done_ones_go(ledger, inbox, done, failed_to):
    (job,) = leaving(ledger, source(inbox), done, failed_to)
    fail(ledger, job)
    dispose(ledger)
    assert place(ledger, job) == str(failed_to / "a.jpg")
    control.retry_jobs(ledger, [job], NOW)
    claim = claim_one(ledger, job, 1, NOW)
    assert (claim.location, claim.source) == (str(failed_to / "a.jpg"), str(inbox / "a.jpg"))
    ledger.attempts.return_attempt(claim.token, NOW)
    complete(ledger, job)
    dispose(ledger)
    assert (names(failed_to), names(done), names(inbox)) == ([], ["a.jpg"], [])
    assert place(ledger, job) == str(done / "a.jpg")
    assert dispositions(ledger) == []


def test_one_that_fails_once_more_stays_where_it_is(ledger, inbox, done, failed_to):
    (job,) = leaving(ledger, source(inbox), done, failed_to)
    fail(ledger, job)
    dispose(ledger)
    control.retry_jobs(ledger, [job], NOW)
    fail(ledger, job)
    dispose(ledger)
    assert names(failed_to) == ["a.jpg"]
    assert place(ledger, job) == str(failed_to / "a.jpg")


def test_one_that_came_back_and_fails_is_put_away_again(ledger, inbox, done, failed_to):
    (job,) = leaving(ledger, source(inbox), done, failed_to)
    fail(ledger, job)
    dispose(ledger)
    (failed_to / "a.jpg").rename(inbox / "a.jpg")
    control.retry_jobs(ledger, [job], NOW)
    assert place(ledger, job) is None
    fail(ledger, job)
    dispose(ledger)
    assert (names(inbox), names(failed_to)) == ([], ["a.jpg"])


def test_all_jobs_about_it_learn_where_it_is(ledger, inbox, done):
    (job,) = leaving(ledger, source(inbox), done)
    status = (inbox / "a.jpg").stat()
    version = f"{status.st_size}-{status.st_mtime_ns}"
    (other,) = enter(ledger, str(inbox / "a.jpg"), version=version, folder="/elsewhere")
    (newer,) = enter(ledger, str(inbox / "a.jpg"), version="1-1", folder="/elsewhere")
    complete(ledger, job)
    dispose(ledger)
    assert place(ledger, other) == str(done / "a.jpg")
    assert place(ledger, newer) is None


def test_one_that_was_moved_by_a_process_that_died_then_is_known_by_the_next_one(ledger, inbox, done, monkeypatch):
    (job,) = leaving(ledger, source(inbox), done)
    complete(ledger, job)
    with monkeypatch.context() as patched:
        patched.setattr(ledger.dispositions, "record_moved", _die)
        with pytest.raises(SystemExit):
            dispose(ledger)
    assert (place(ledger, job), names(done)) == (None, ["a.jpg"])
    dispose(ledger)
    assert place(ledger, job) == str(done / "a.jpg")


def _die(*_):
    raise SystemExit
