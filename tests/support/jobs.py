"""Jobs in a ledger, without files: for tests of what becomes of them."""

from fileq.errors import ErrorKind
from fileq.job import Failure, JobState
from fileq.ledger.tables.attempts import Fenced, FinishedAttempt
from fileq.ledger.tables.jobs import JobCandidate
from fileq.operations.builtin.resize import Resize
from fileq.presence import ProcessIdentity
from fileq.recipes.recipe import Recipe, encode_recipe
from fileq.units import Dimensions

NOW = 1_000_000.0
SOMEBODY = ProcessIdentity("host", 1, "0")
DAMAGED = Failure(ErrorKind.UNREADABLE, "It is damaged.", "Get another.")
GONE = Failure(ErrorKind.MISSING, "It is gone.", "Put it back.")
SLOW = Failure(ErrorKind.TIMEOUT, "It took too long.", "Wait longer.")


def recipe(name="small", **keys):
    return Recipe(name=name, steps=(Resize(fit=Dimensions(16, 16)),), **keys)


def candidate(ledger, source="/photos/a.jpg", wanted=None, **keys):
    wanted = wanted or recipe()
    given = {
        "source": source, "version": "1000-1", "size": 1000, "mtime_ns": 1,
        "recipe_id": ledger.jobs.upsert_recipe(wanted.name, wanted.fingerprint, encode_recipe(wanted)),
        "fingerprint": wanted.fingerprint, "folder": "/photos/small", "relative": "",
    }  # fmt: skip
    return JobCandidate(**(given | keys))


def enter(ledger, *sources, queue="fileq", priority=0, due_at=None, **keys) -> list[int]:
    """The ids of new jobs for these sources, in a batch of their own."""
    batch = ledger.batches.insert_batch(queue, NOW)
    return [
        ledger.jobs.insert_jobs([candidate(ledger, source, **keys)], batch, NOW, priority=priority, due_at=due_at)[0]
        for source in sources or ["/photos/a.jpg"]
    ]


def claim_one(ledger, job, worker_id=1, now=NOW):
    """The claim of a job; None where it is not to be had."""
    claims = ledger.attempts.claim_jobs([job], worker_id, now)
    return claims[0] if claims else None


def begin(ledger, job, worker=1, now=NOW):
    """The token of a new attempt."""
    claim = claim_one(ledger, job, worker, now)
    assert claim is not None
    return claim.token


def finish(ledger, token, now=NOW, outputs=1, bytes_out=100):
    ended = FinishedAttempt(token=token, begun_at=token.claimed_at, outputs=outputs, bytes_out=bytes_out, note="")
    if ledger.attempts.finish_attempts([ended], now):
        raise Fenced


def state(ledger, job):
    return ledger.overview.find_job(job).state


ENDINGS = {
    "finish": finish,
    "fail": lambda ledger, token: ledger.attempts.fail_attempt(token, DAMAGED, NOW),
    "wait": lambda ledger, token: ledger.attempts.retry_attempt_later(token, SLOW, NOW + 10, NOW),
    "give back": lambda ledger, token: ledger.attempts.return_attempt(token, NOW),
    "lose": lambda ledger, token: ledger.attempts.lose_attempt(token, NOW),
}
AFTER = {
    "finish": JobState.DONE,
    "fail": JobState.FAILED,
    "wait": JobState.WAITING,
    "give back": JobState.QUEUED,
    "lose": JobState.QUEUED,
}
OUTCOMES = {
    "finish": "done", "fail": "unreadable", "wait": "timeout", "give back": "stopped", "lose": "worker died",
}  # fmt: skip


def job_in(ledger, wanted):
    """A job in this state."""
    (job,) = enter(ledger)
    if wanted in (JobState.QUEUED, JobState.CANCELLED):
        if wanted is JobState.CANCELLED:
            ledger.jobs.cancel_jobs([job], NOW)
        return job
    if wanted is JobState.SUPERSEDED:
        ledger.jobs.supersede_older_jobs(enter(ledger, version="1001-1"), NOW)
        return job
    token = begin(ledger, job)
    ending = {state: name for name, state in AFTER.items()}.get(wanted)
    if ending:
        ENDINGS[ending](ledger, token)
    return job
