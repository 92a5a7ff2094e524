"""A worker in this process, and a model of what must be true of a job."""

from collections import deque

from fileq.job import JobState
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
        return self.state is JobState.RUNNING and self.attempts == token.attempt


class InProcessWorker:
    """A worker with one slot: what it has taken and not claimed yet, and what it does now."""

    def __init__(self, world, number, name):
        self.process = ProcessIdentity(f"host-{number}", number, "1")
        self.queue = name
        self.huey = create_huey(world.ledger, name)
        self.taken: deque[int] = deque()
        self.token = None
        self.record = world.ledger.workers.register_worker(self.process, name, 1, world.now)

    @property
    def is_idle(self):
        return self.token is None and not self.taken


ENDED = {
    "finish": JobState.DONE,
    "fail": JobState.FAILED,
    "wait": JobState.WAITING,
    "lose": JobState.QUEUED,
    "give back": JobState.QUEUED,
}
