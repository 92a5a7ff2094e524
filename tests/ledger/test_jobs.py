"""The contract of the ledger's jobs. It asks nothing of SQLite: another database has to pass it as it is."""

import threading

import pytest

from fileq import queue
from fileq.job import FINAL, JobState, Token
from fileq.ledger import open_ledger
from fileq.ledger.tables.attempts import Claim
from fileq.ledger.tables.jobs import QueueEntry
from fileq.recipes.recipe import decode_recipe
from tests.support.jobs import NOW, SLOW, SOMEBODY, begin, candidate, claim_one, enter, finish, job_in, recipe, state


@pytest.mark.parametrize("before", JobState)
def test_every_state_can_be_brought_about(ledger, before):
    assert state(ledger, job_in(ledger, before)) is before


@pytest.mark.parametrize("before", sorted(FINAL))
def test_what_has_ended_can_be_queued_again(ledger, before):
    job = job_in(ledger, before)
    batch = ledger.batches.insert_batch("fileq", NOW)
    ledger.jobs.requeue_job(job, batch, NOW, recipe_id=1, priority=3)
    again = ledger.overview.find_job(job)
    assert (again.state, again.batch_id, again.priority, again.failure) == (JobState.QUEUED, batch, 3, None)
    assert (again.started_at, again.finished_at) == (None, None)


def test_the_same_work_is_entered_once(ledger):
    assert enter(ledger) == [1]
    assert enter(ledger) == [None]
    ((prior,),) = ledger.prior_jobs.find_jobs_of_files([("/photos/a.jpg", "1000-1")])
    assert (prior.job_id, prior.state) == (1, JobState.QUEUED)


@pytest.mark.parametrize(
    "other",
    [{"version": "1000-2"}, {"folder": "/elsewhere"}, {"wanted": recipe(enlarge=True)}, {"source": "/photos/b.jpg"}],
)
def test_another_version_recipe_or_destination_is_another_job(ledger, other):
    (first,) = enter(ledger)
    batch = ledger.batches.insert_batch("fileq", NOW)
    assert ledger.jobs.insert_jobs([candidate(ledger, **other)], batch, NOW)[0] not in (first, None)


def test_a_claim_has_all_that_is_needed_to_do_the_job(ledger):
    wanted = recipe(on_conflict="skip")
    (job,) = enter(ledger, "/photos/a.jpg", wanted=wanted, relative="trips", priority=4)
    claim = claim_one(ledger, job, 7, NOW)
    assert (claim.token, claim.tries, claim.deaths, claim.priority) == (Token(job, 1, NOW), 1, 0, 4)
    assert (claim.source, claim.size, claim.mtime_ns) == ("/photos/a.jpg", 1000, 1)
    assert (claim.folder, claim.relative, decode_recipe(claim.recipe_json)) == ("/photos/small", "trips", wanted)


def test_a_job_is_claimed_once(ledger):
    (job,) = enter(ledger)
    assert claim_one(ledger, job, 1, NOW) is not None
    assert claim_one(ledger, job, 2, NOW) is None


def test_a_job_that_is_not_there_can_not_be_claimed(ledger):
    assert claim_one(ledger, 99, 1, NOW) is None


def test_a_job_that_is_due_later_is_claimed_no_sooner(ledger):
    (job,) = enter(ledger, due_at=NOW + 60)
    assert claim_one(ledger, job, 1, NOW + 59.9) is None
    assert claim_one(ledger, job, 1, NOW + 60) is not None


def test_no_job_is_claimed_while_all_is_paused(ledger):
    (job,) = enter(ledger)
    ledger.batches.set_paused(paused=True)
    assert claim_one(ledger, job, 1, NOW) is None
    ledger.batches.set_paused(paused=False)
    assert claim_one(ledger, job, 1, NOW) is not None


def test_a_job_that_waits_is_claimed_when_it_is_due(ledger):
    job = job_in(ledger, JobState.WAITING)
    assert claim_one(ledger, job, 1, NOW + 9) is None
    claim = claim_one(ledger, job, 1, NOW + 10)
    assert (claim.token.attempt, claim.tries) == (2, 2)
    assert ledger.overview.find_job(job).failure is None


def test_of_many_that_claim_a_job_at_once_one_has_it(database, ledger):
    jobs = enter(ledger, *map(str, range(40)))
    claims: list[Claim] = []
    gate = threading.Barrier(4)

    def claim_all(worker):
        with open_ledger(database) as own:
            gate.wait()
            claims.extend(claim for job in jobs if (claim := claim_one(own, job, worker, NOW)))

    threads = [threading.Thread(target=claim_all, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claim.token.job_id for claim in claims) == jobs


def test_orphans_are_what_runs_for_nobody(ledger):
    alive = ledger.workers.register_worker(SOMEBODY, "fileq", 2, NOW).id
    gone = ledger.workers.register_worker(SOMEBODY, "fileq", 2, NOW).id
    one, two, _ = enter(ledger, *"abc")
    begin(ledger, one, alive)
    ledger.attempts.lose_attempt(begin(ledger, two, gone), NOW)
    token = begin(ledger, two, gone)
    assert ledger.attempts.find_orphans() == []
    ledger.workers.unregister_worker(gone)
    assert ledger.attempts.find_orphans() == [(token, 1)]


def test_what_should_be_under_way_is_known_by_queue_and_time(ledger):
    now, later = (enter(ledger, "a"), enter(ledger, "b", due_at=NOW + 5))
    enter(ledger, "d", queue="run-1")
    begin(ledger, enter(ledger, "e")[0])

    def ids(moment, limit=100):
        return [[due.job_id] for due in ledger.jobs.find_unsent_jobs("fileq", moment, patience=60, limit=limit)]

    assert ids(NOW) == [now]
    assert ids(NOW + 5) == [now, later]
    assert ids(NOW + 5, limit=1) == [now]


def test_a_queue_is_unfinished_while_something_of_it_is(ledger):
    assert not ledger.jobs.has_unfinished_jobs("run-1")
    (job,) = enter(ledger, queue="run-1", due_at=NOW + 1000)
    assert ledger.jobs.has_unfinished_jobs("run-1")
    assert not ledger.jobs.has_unfinished_jobs("fileq")
    token = begin(ledger, job, now=NOW + 1000)
    assert ledger.jobs.has_unfinished_jobs("run-1")
    finish(ledger, token)
    assert not ledger.jobs.has_unfinished_jobs("run-1")


@pytest.mark.parametrize("name", ["caf\udce9.jpg", "with\nnewline.jpg", "-rf", "日本 \U0001f600.jpg", "q'uo\"te.jpg"])
def test_every_name_comes_back_as_it_went_in(ledger, name):
    source = f"/photos/{name}"
    (job,) = enter(ledger, source, folder=f"/out/{name}", relative=name)
    ((prior,),) = ledger.prior_jobs.find_jobs_of_files([(source, "1000-1")])
    assert (prior.job_id, prior.source, prior.folder) == (job, source, f"/out/{name}")
    claim = claim_one(ledger, job, 1, NOW)
    assert (claim.source, claim.folder, claim.relative) == (source, f"/out/{name}", name)
    assert ledger.overview.find_job(job).source == ledger.overview.list_running_jobs()[0].source == source
    assert ledger.outputs.is_source(source)


def test_of_some_jobs_those_that_wait_without_a_message_are_due(ledger):
    queued, running, sent, waiting, high = enter(ledger, *"abcd") + enter(ledger, "e", priority=7)
    begin(ledger, running)
    ledger.attempts.retry_attempt_later(begin(ledger, waiting), SLOW, NOW + 10, NOW)
    queue.send(ledger, queue.MAIN, [QueueEntry(job_id=sent, priority=0, due_at=None, size=1)], NOW)
    due = ledger.jobs.filter_unsent_jobs([queued, running, sent, waiting, high, 99])
    assert [(one.job_id, one.priority, one.due_at) for one in due] == [
        (queued, 0, None),
        (waiting, 0, NOW + 10),
        (high, 7, None),
    ]


def test_of_many_candidates_those_that_are_there_before_get_no_job_and_the_others_do(ledger):
    sources = [f"/photos/{number}.jpg" for number in range(700)]
    (known,) = enter(ledger, sources[60])
    batch = ledger.batches.insert_batch("fileq", NOW)
    ids = ledger.jobs.insert_jobs([candidate(ledger, source) for source in sources], batch, NOW)
    assert [number for number, job in enumerate(ids) if job is None] == [60]
    assert len(set(ids)) == 700
    assert known not in ids
    assert ledger.overview.tally_jobs(batch).jobs[JobState.QUEUED] == 699
