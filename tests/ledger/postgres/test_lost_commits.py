"""A server that dies may forget the last forgettable transactions while their processes live: nobody comes to harm."""

from contextlib import closing, contextmanager

import pytest

from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.tables.attempts import Fenced
from tests.support.jobs import NOW, begin, enter, finish, state
from tests.support.postgres import own_server


@pytest.fixture(scope="module")
def server():
    with own_server() as server:
        server.set(wal_writer_delay="10s", fsync="on")
        yield server


@pytest.fixture
def ledger(server):
    with closing(Ledger(server.address)) as ledger:
        yield ledger
    server.execute("drop schema fileq cascade")


@contextmanager
def dying(server):
    """Have the server die at the end of the block, and be started again."""
    server.execute("checkpoint")
    yield
    server.kill()
    server.start()


def test_a_claim_that_was_forgotten_ends_nothing_that_another_has_begun(server, ledger):
    (job,) = enter(ledger)
    with dying(server):
        first = begin(ledger, job)
    assert state(ledger, job) is JobState.QUEUED
    second = begin(ledger, job, worker=2, now=NOW + 1)
    assert (second.attempt, second != first) == (first.attempt, True)
    assert ledger.attempts.find_void_tokens([first, second]) == {first}
    with pytest.raises(Fenced):
        finish(ledger, first)
    finish(ledger, second)
    assert state(ledger, job) is JobState.DONE
    assert len(ledger.overview.list_attempts(job)) == 1


def test_a_message_that_was_taken_and_forgotten_is_there_again(server, ledger):
    (job,) = enter(ledger)
    ledger.messages.insert_messages("fileq", [(b'{"args": [%d]}' % job, 0.0)])
    with dying(server):
        assert ledger.messages.take_message("fileq", NOW) is not None
    assert ledger.messages.take_message("fileq", NOW) is not None


def test_what_has_ended_is_not_forgotten(server, ledger):
    (job,) = enter(ledger)
    with dying(server):
        finish(ledger, begin(ledger, job))
    assert state(ledger, job) is JobState.DONE
