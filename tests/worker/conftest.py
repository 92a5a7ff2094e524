"""Real jobs about a real photo, for the tests of what a worker does with them."""

import os

import pytest

from fileq.config.settings import WorkerSettings
from fileq.ledger.tables.jobs import JobCandidate
from fileq.operations.builtin.resize import Resize
from fileq.process.sandbox import Sandbox
from fileq.publish import publish
from fileq.queue import MAIN
from fileq.recipes.recipe import Output, Recipe, encode
from fileq.units import Dimensions, Duration
from fileq.worker.attempt import Attempt
from tests.support.jobs import NOW


class Shop:
    """Enters jobs about a photo, and does them in this thread."""

    def __init__(self, ledger, photo, out):
        self.ledger = ledger
        self.photo = photo
        self.out = out
        self.settings = WorkerSettings(timeout=Duration(60), attempts=2, retry_delay=Duration(10))
        self.sandbox = Sandbox(60, 2**30)

    def enter(self, *steps, source=None, **keys):
        """The id of a new job; `keys` go into its recipe."""
        source = str(source or self.photo)
        output = Output(name="{stem}-small.png", format="png")
        wanted = Recipe(name="small", steps=(*steps, Resize(fit=Dimensions(16, 16))), outputs=(output,), **keys)
        status, jobs = os.stat(source), self.ledger.jobs
        candidate = JobCandidate(
            source, f"{status.st_size}-{status.st_mtime_ns}", status.st_size, status.st_mtime_ns,
            jobs.upsert_recipe(wanted.name, wanted.fingerprint, encode(wanted)), wanted.fingerprint, str(self.out), "",
        )  # fmt: skip
        return jobs.insert_job(candidate, self.ledger.batches.insert_batch(MAIN, NOW), NOW)

    def claim(self, job, now=2 * NOW):
        return Attempt(self.ledger, self.settings, self.ledger.jobs.claim_job(job, 1, now), MAIN)

    def make(self, job, now=2 * NOW):
        """One attempt, up to its temp files; whether it got so far."""
        return self.claim(job, now).make(self.sandbox)

    def do(self, job, now=2 * NOW):
        """One attempt from claim to end; answers the job as it then is."""
        finished = self.make(job, now)
        if finished:
            assert publish(self.ledger, [finished]) == {}
        return self.ledger.overview.find_job(job)


@pytest.fixture
def shop(ledger, photo, out):
    shop = Shop(ledger, photo, out)
    yield shop
    shop.sandbox.close()
