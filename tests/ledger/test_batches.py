from fileq.ledger import opened
from tests.support.jobs import NOW, SOMEBODY, candidate, enter


def test_a_batch_exists_as_soon_as_there_are_jobs_in_it(ledger):
    batch = ledger.batches.open("fileq", NOW)
    assert not ledger.batches.exists(batch)
    ledger.jobs.enter(candidate(ledger), batch, NOW)
    assert ledger.batches.exists(batch)


def test_a_job_belongs_to_the_queue_of_its_batch(ledger):
    (job,) = enter(ledger, queue="run-1")
    assert ledger.batches.queue_of(job) == "run-1"


def test_what_a_queue_has_is_handed_over_with_its_messages(ledger):
    (job,) = enter(ledger, queue="run-1")
    (other,) = enter(ledger, "b", queue="run-2")
    for queue in ("run-1", "run-2"):
        ledger.messages.send(queue, [(b"{}", 0)])
        ledger.messages.schedule(queue, [(b"{}", NOW)])
    ledger.batches.hand_over("run-1", to="fileq")
    assert (ledger.batches.queue_of(job), ledger.batches.queue_of(other)) == ("fileq", "run-2")
    assert [ledger.messages.any_left(queue) for queue in ("run-1", "run-2", "fileq")] == [False, True, True]
    assert ledger.messages.take("fileq", NOW) == b"{}"
    ledger.messages.move_due("fileq", NOW)
    assert ledger.messages.any_left("fileq")


def test_queues_without_a_worker_are_those_with_jobs_or_messages_that_nobody_serves(ledger):
    for name in ("run-job", "run-served", "run-ended", "fileq"):
        enter(ledger, name, queue=name)
    ledger.jobs.cancel([3], NOW)
    ledger.messages.send("run-message", [(b"{}", 0)] * 3)
    ledger.messages.send("run-served", [(b"{}", 0)])
    ledger.messages.schedule("run-scheduled", [(b"{}", NOW)])
    ledger.workers.enter(SOMEBODY, "run-served", 1, NOW)
    assert sorted(ledger.batches.unserved_queues("fileq")) == ["run-job", "run-message", "run-scheduled"]


def test_paused_is_a_switch(ledger):
    states = [ledger.batches.paused()]
    for paused in (True, True, False, False):
        ledger.batches.pause(paused=paused)
        states.append(ledger.batches.paused())
    assert states == [False, True, True, False, False]


def test_all_that_share_a_database_are_paused(ledger, database):
    ledger.batches.pause(paused=True)
    with opened(database) as other:
        assert other.batches.paused()
