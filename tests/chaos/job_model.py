"""A worker in this process, and a model of what must be true of a job."""

from collections import deque

from fileq.job import JobState, Token
from fileq.presence import ProcessIdentity
from fileq.worker.tasks import create_huey


class ModelJob:
    """What is to be true of a job."""

    def __init__(self, job_id, source):
        self.id = job_id
        self.source = source
        self.added = 0
        self.state = JobState.QUEUED
        self.attempts = 0
        self.deaths = 0
        self.worker = None
        self.claimed_at = 0.0
        self.is_forgotten = False
        self.ends = 0
        """How often it was done since somebody asked for it."""

    def ask(self):
        self.state, self.deaths, self.is_forgotten, self.ends = JobState.QUEUED, 0, False, 0

    @property
    def rank(self):
        """By it the newest one about a source is known."""
        return self.added, self.id

    def holds(self, token):
        return self.state is JobState.RUNNING and (self.attempts, self.claimed_at) == (token.attempt, token.claimed_at)

    def can_be_claimed(self, now, due_at):
        return self.state in (JobState.QUEUED, JobState.WAITING) and (due_at is None or due_at <= now)

    def claim(self, worker, now):
        """Return the token that this makes."""
        assert self.ends == 0, f"job {self.id} is done again, and nobody has asked for it"
        self.state, self.worker, self.claimed_at = JobState.RUNNING, worker, now
        self.attempts += 1
        return Token(self.id, self.attempts, now)

    def withdraw(self):
        self.state = JobState.QUEUED
        self.attempts -= 1


class InProcessWorker:
    """A worker with one slot: what it has taken and not claimed, claimed and not begun, and what it does now."""

    def __init__(self, world, number, name):
        self.process = ProcessIdentity(f"host-{number}", number, "1")
        self.queue = name
        self.huey = create_huey(world.ledger, name)
        self.taken: deque[int] = deque()
        self.ahead: deque[Token] = deque()
        self.token: Token | None = None
        self.record = world.ledger.workers.register_worker(self.process, name, 1, world.now)

    @property
    def is_idle(self):
        return self.token is None and not self.taken

    def begin_next(self):
        self.token = self.ahead.popleft() if self.ahead else None


ENDED = {
    "finish": JobState.DONE,
    "fail": JobState.FAILED,
    "wait": JobState.WAITING,
    "lose": JobState.QUEUED,
    "give back": JobState.QUEUED,
}
