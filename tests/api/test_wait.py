"""Waiting for jobs that a worker in another process does."""

import threading
import time

import pytest

import fileq
from fileq import errors
from fileq.errors import ErrorKind


def test_a_job_is_waited_for_and_then_has_its_outputs(queue, picture, worker):
    with worker():
        job = queue.add(picture(), "thumbnail", out="small", key="order-17").jobs[0].wait(60)
    (output,) = job.outputs
    assert (job.state, job.has_ended, job.attempts, job.error, job.key) == ("done", True, 1, None, "order-17")
    assert (output.format, output.width, output.height) == ("jpeg", 64, 48)
    assert job.added_at <= job.started_at <= job.finished_at


def test_a_file_that_is_no_picture_fails_with_a_kind_and_raises_when_asked(queue, folder, worker):
    (folder / "upload.jpg").write_text("no picture")
    with worker():
        receipt = queue.add("upload.jpg").wait(60)
        (job,) = receipt.failed
        assert (job.state, job.error.kind) == ("failed", ErrorKind.UNREADABLE)
        assert "upload.jpg" in job.error.message
        assert job.error.hint
        with pytest.raises(errors.JobError, match="a text and not a picture") as caught:
            job.wait(60, check=True)
    assert caught.value.kind is ErrorKind.UNREADABLE


def test_who_waits_too_long_is_told_and_the_job_goes_on(queue, picture):
    job = queue.add(picture()).jobs[0]
    for error in (errors.WaitTimeout, TimeoutError, errors.FileqError):
        with pytest.raises(error, match=f"Job {job.id} has not ended in 0.05 s"):
            job.wait(0.05)
    assert job.refresh().state == "queued"


def test_who_waits_too_long_for_several_is_told_the_time_that_was_given(queue, picture):
    receipt = queue.add([picture("a.jpg"), picture("b.jpg")])
    with pytest.raises(errors.WaitTimeout, match=r"has not ended in 0\.2 s"):
        receipt.wait(0.2)


def test_a_cancellation_here_ends_the_wait_of_another_thread(queue, picture):
    job = queue.add(picture()).jobs[0]
    threading.Timer(0.3, lambda: queue.cancel(job)).start()
    with pytest.raises(errors.JobNotDone, match="cancelled"):
        job.wait(60, check=True)
    assert job.wait(60).state == "cancelled"


def test_the_end_is_seen_soon(queue, database, picture):
    job = queue.add(picture()).jobs[0]
    ended_at = []
    with fileq.connect(database) as other:

        def cancel():
            other.cancel(job.id)
            ended_at.append(time.monotonic())

        threading.Timer(1.0, cancel).start()
        job.wait(60)
        assert time.monotonic() - ended_at[0] < 5


def test_a_job_that_is_forgotten_while_somebody_waits_is_said_to_be_gone(queue, picture):
    (job,) = queue.add(picture()).jobs
    ledger = queue._connection.ledger
    queue.cancel(job)
    with ledger.transaction() as connection:
        connection.execute("delete from jobs where id = ?", (job.id,))
    for look in (job.wait, job.refresh):
        with pytest.raises(errors.NotFoundError, match="no job 1 any more"):
            look()


def test_whoever_waits_hears_that_the_queue_was_closed(queue, picture):
    job = queue.add(picture()).jobs[0]
    threading.Timer(0.3, queue.close).start()
    with pytest.raises(errors.QueueClosed):
        job.wait(60)


def test_many_threads_wait_with_one_watcher(queue, folder, picture, worker):
    paths = [picture(f"{number}.jpg") for number in range(20)]
    states = []
    with worker():
        threads = [
            threading.Thread(target=lambda path=path: states.append(queue.add(path).jobs[0].wait(60).state))
            for path in paths
        ]
        for thread in threads:
            thread.start()
        watchers = [thread for thread in threading.enumerate() if thread.name == "fileq-job-watcher"]
        for thread in threads:
            thread.join()
    assert states == ["done"] * 20
    assert len(watchers) <= 1


def test_a_watcher_ends_when_nobody_waits(queue, picture):
    job = queue.add(picture()).jobs[0]
    with pytest.raises(TimeoutError):
        job.wait(0.05)
    deadline = time.monotonic() + 60
    while any(thread.name == "fileq-job-watcher" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_waits_hears_of_the_end_soon_after_a_server_was_away(queue, picture, monkeypatch):
    job = queue.add(picture()).jobs[0]
    overview = queue._connection.ledger.overview
    find, looks = overview.find_ended_jobs, []

    def find_after_an_outage(job_ids):
        looks.append(job_ids)
        if len(looks) == 1:
            time.sleep(3)  # as long as the connection took to be there again
        return find(job_ids)

    monkeypatch.setattr(overview, "find_ended_jobs", find_after_an_outage)
    threading.Timer(4, lambda: queue.cancel(job)).start()
    assert job.wait(40).state == "cancelled"
