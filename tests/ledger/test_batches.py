from fileq.ledger import open_ledger
from tests.support.jobs import NOW, SOMEBODY, candidate, enter


def test_a_batch_exists_as_soon_as_there_are_jobs_in_it(ledger):
    batch = ledger.batches.insert_batch("fileq", NOW)
    assert not ledger.batches.has_jobs(batch)
    ledger.jobs.insert_jobs([candidate(ledger)], batch, NOW)
    assert ledger.batches.has_jobs(batch)


def test_a_job_belongs_to_the_queue_of_its_batch(ledger):
    (job,) = enter(ledger, queue="run-1")
    assert ledger.batches.find_queue(job) == "run-1"


def test_what_a_queue_has_is_handed_over_with_its_messages(ledger):
    (job,) = enter(ledger, queue="run-1")
    (other,) = enter(ledger, "b", queue="run-2")
    for queue in ("run-1", "run-2"):
        ledger.messages.insert_messages(queue, [(b"{}", 0)])
        ledger.messages.schedule_messages(queue, [(b"{}", NOW)])
    ledger.batches.move_queue("run-1", to="fileq")
    assert (ledger.batches.find_queue(job), ledger.batches.find_queue(other)) == ("fileq", "run-2")
    assert [ledger.messages.has_messages(queue) for queue in ("run-1", "run-2", "fileq")] == [False, True, True]
    assert ledger.messages.take_message("fileq", NOW) == b"{}"
    ledger.messages.move_due_messages("fileq", NOW)
    assert ledger.messages.has_messages("fileq")


def test_queues_without_a_worker_are_those_with_jobs_or_messages_that_nobody_serves(ledger):
    for name in ("run-job", "run-served", "run-ended", "fileq"):
        enter(ledger, name, queue=name)
    ledger.jobs.cancel_jobs([3], NOW)
    ledger.messages.insert_messages("run-message", [(b"{}", 0)] * 3)
    ledger.messages.insert_messages("run-served", [(b"{}", 0)])
    ledger.messages.schedule_messages("run-scheduled", [(b"{}", NOW)])
    ledger.workers.register_worker(SOMEBODY, "run-served", 1, NOW)
    assert sorted(ledger.batches.find_unserved_queues("fileq")) == ["run-job", "run-message", "run-scheduled"]


def test_paused_is_a_switch(ledger):
    states = [ledger.batches.is_paused()]
    for paused in (True, True, False, False):
        ledger.batches.set_paused(paused=paused)
        states.append(ledger.batches.is_paused())
    assert states == [False, True, True, False, False]


def test_all_that_share_a_database_are_paused(ledger, database):
    ledger.batches.set_paused(paused=True)
    with open_ledger(database) as other:
        assert other.batches.is_paused()
