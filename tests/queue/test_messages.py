import json

from hypothesis import given
from hypothesis import strategies as st

from fileq import queue
from fileq.ledger.tables.jobs import QueueEntry
from fileq.queue.messages import _groups, encode_message
from tests.support.jobs import NOW

SMALL, LARGE = 10_000, 10_000_000
sizes = st.lists(st.sampled_from([SMALL, LARGE]), max_size=1500)


def due(sizes, priority=0, due_at=None):
    return [
        QueueEntry(job_id=number, priority=priority, due_at=due_at, size=size) for number, size in enumerate(sizes, 1)
    ]


def groups(sizes):
    return list(_groups(due(sizes)))


def test_a_message_is_json_that_names_jobs():
    assert json.loads(encode_message([4, 5])) == {
        "id": "job-4",
        "name": "fileq.worker.tasks.process",
        "args": [4, 5],
        "priority": 0,
    }


@given(sizes)
def test_every_job_is_in_one_message_and_no_message_has_more_than_sixteen(sizes):
    made = groups(sizes)
    assert sorted(job for hand in made for job in hand) == list(range(1, len(sizes) + 1))
    assert all(1 <= len(hand) <= 16 for hand in made)


@given(sizes)
def test_a_large_file_travels_alone(sizes):
    large = {number for number, size in enumerate(sizes, 1) if size == LARGE}
    assert all(len(hand) == 1 for hand in groups(sizes) if large & set(hand))


@given(st.integers(1, 2000))
def test_small_files_are_shared_out_evenly(count):
    made = [len(hand) for hand in groups([SMALL] * count)]
    assert max(made) <= 1 + count // 32
    assert len(set(made[:-1])) <= 1


def test_many_small_files_share_messages():
    assert len(groups([SMALL] * 1600)) == 100


def test_nothing_to_send_is_no_message(ledger):
    queue.send(ledger, queue.MAIN, [], NOW)
    assert not ledger.messages.has_messages(queue.MAIN)
