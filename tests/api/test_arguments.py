"""What a program gives that can't be: it is told so by the same errors, whatever the database."""

import os

import pytest

import fileq
from fileq import errors


def test_a_job_of_another_queue_is_none_of_this_one_s(queue, picture, folder):
    mine = queue.add(picture("a.jpg")).jobs[0]
    with fileq.connect(folder / "other.db") as other:
        theirs = other.add(picture("b.jpg")).jobs[0]
        assert theirs.id == mine.id
        for steer in (queue.cancel, queue.retry):
            with pytest.raises(errors.UsageError, match="is of another queue"):
                steer(theirs)
        assert theirs.refresh().state == "queued"
    assert mine.refresh().state == "queued"


def test_jobs_are_named_one_by_one_or_in_lists(queue, picture):
    receipt = queue.add([picture(f"{number}.jpg") for number in range(4)])
    first, *others = receipt.jobs
    assert queue.cancel(first, others[:1], (job.id for job in others[1:])) == list(receipt.jobs)
    assert queue.retry(queue.jobs(state="cancelled")) == list(reversed(receipt.jobs))


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30])
def test_a_number_that_no_job_and_no_batch_can_have_is_not_found(queue, number):
    for ask in (queue.job, queue.retry, queue.cancel):
        with pytest.raises(errors.NotFoundError, match="There is no job"):
            ask(number)
    with pytest.raises(errors.NotFoundError, match="There is no batch"):
        queue.jobs(batch=number)
    with pytest.raises(errors.NotFoundError, match="There is no batch"):
        queue.cancel(batch=number)


WRONG_TYPES = {
    "a job": lambda queue, _: queue.job("1"),
    "True": lambda queue, _: queue.cancel(True),
    "a job's text": lambda queue, _: queue.retry("x"),
    "a batch": lambda queue, _: queue.retry(batch="x"),
    "a batch that is a receipt": lambda queue, path: list(queue.jobs(batch=queue.add(path))),
    "a key": lambda queue, path: queue.add(path, key=17),
    "a key that is looked for": lambda queue, _: list(queue.jobs(key=5)),
    "a recipe": lambda queue, path: queue.add(path, b"web"),
    "a priority": lambda queue, path: queue.add(path, priority=1.5),
}


@pytest.mark.parametrize("wrong", WRONG_TYPES)
def test_a_wrong_type_is_a_type_error_that_names_what_is_wanted(queue, picture, wrong):
    with pytest.raises(TypeError, match=r" is a (number|text|name)"):
        WRONG_TYPES[wrong](queue, picture())


def test_a_folder_whose_name_can_not_be_is_refused(queue, picture):
    with pytest.raises(errors.UsageError, match="A path was to be given"):
        queue.add(picture(), out="o\0x")
    assert list(queue.jobs()) == []


@pytest.mark.parametrize("address", ["", "q\0.db"])
def test_what_names_no_database_is_none(address):
    with pytest.raises(errors.UsageError, match="names no database"):
        fileq.connect(address)


def test_a_database_may_be_named_in_bytes(folder):
    with fileq.connect(os.fsencode(folder / "bytes.db")):
        assert (folder / "bytes.db").exists()
