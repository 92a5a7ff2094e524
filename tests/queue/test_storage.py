"""What does not come from fileq is no message, and Huey keeps nothing."""

import json
import os
import pickle

import pytest
from huey.exceptions import HueyException

from fileq import queue
from fileq.ledger.tables.jobs import QueueEntry
from fileq.worker.tasks import create_huey
from tests.support.jobs import NOW


@pytest.fixture
def huey(ledger):
    return create_huey(ledger, queue.MAIN)


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickled_message_is_refused_and_not_run(ledger, huey, tmp_path):
    ledger.messages.insert_messages(queue.MAIN, [(pickle.dumps(Bomb(str(tmp_path / "ran"))), 0)])
    with pytest.raises(UnicodeDecodeError):
        huey.dequeue()
    assert not (tmp_path / "ran").exists()
    assert huey.dequeue() is None


@pytest.mark.parametrize("name", ["os.system", "fileq.worker.tasks.create_huey", "builtins.eval"])
def test_a_message_can_name_no_other_function(ledger, huey, name):
    ledger.messages.insert_messages(queue.MAIN, [(json.dumps({"id": "x", "name": name, "args": ["ls"]}).encode(), 0)])
    with pytest.raises(HueyException, match="not found"):
        huey.dequeue()


def test_no_results_are_kept(ledger, huey):
    queue.send(ledger, queue.MAIN, [QueueEntry(job_id=1, priority=0, due_at=None, size=1)], NOW)
    huey.dequeue()
    assert ledger.database.connection.execute("select count(*) from kv").fetchone() == (0,)
