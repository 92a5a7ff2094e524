"""Real jobs about a real photo, for the tests of what a worker does with them."""

import os
import threading

import pytest

from fileq.config.settings import WorkerSettings
from fileq.ledger.tables.jobs import JobCandidate
from fileq.operations.builtin.resize import Resize
from fileq.process.memory_budget import MemoryBudget
from fileq.process.sandbox import Sandbox
from fileq.publish import publish_jobs
from fileq.queue import MAIN
from fileq.recipes.recipe import Output, Recipe, encode_recipe
from fileq.units import Dimensions, Duration
from fileq.worker.consumer import SlotThread
from fileq.worker.job import process_job
from fileq.worker.outages import Outage
from fileq.worker.slot import Slot, SlotContext
from fileq.worker.tasks import create_huey
from tests.support.jobs import NOW, claim_one
from tests.support.photos import copy_photo


class Shop:
    """Enters jobs about a photo, and does them in this thread, in a slot of a worker whose number is 1."""

    def __init__(self, ledger, photo, out):
        self.ledger = ledger
        self.photo = photo
        self.out = out
        self.settings = WorkerSettings(timeout=Duration(60), attempts=2, retry_delay=Duration(10))
        self.sandbox = Sandbox(60, 2**30)

    def context(self, **keys):
        shared = {
            "ledger": self.ledger, "settings": self.settings, "queue": MAIN, "worker_id": lambda: 1,
            "paused": threading.Event(), "idle": threading.Event(), "dequeue_lock": threading.Lock(),
            "memory": MemoryBudget(2**33),
            "shortage": Outage("There is enough."), "database_outage": Outage("It answers."),
            "broker_outage": Outage("It takes messages."),
        }  # fmt: skip
        return SlotContext(**(shared | keys))

    def enter(self, *steps, source=None, **keys):
        """The id of a new job; `keys` go into its recipe."""
        source = str(source or self.photo)
        output = Output(name="{stem}-small.png", format="png")
        wanted = Recipe(name="small", steps=(*steps, Resize(fit=Dimensions(16, 16))), outputs=(output,), **keys)
        status, jobs = os.stat(source), self.ledger.jobs
        candidate = JobCandidate(
            source=source,
            version=f"{status.st_size}-{status.st_mtime_ns}",
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            recipe_id=jobs.upsert_recipe(wanted.name, wanted.fingerprint, encode_recipe(wanted)),
            fingerprint=wanted.fingerprint,
            folder=str(self.out),
            relative="",
        )
        return jobs.insert_jobs([candidate], self.ledger.batches.insert_batch(MAIN, NOW), NOW)[0]

    def start(self, job, now=2 * NOW, after_claim=lambda: None):
        """Make an attempt up to its temp files; its steps, and what it is to publish, None where it ended before."""
        slot = Slot(self.context(), threading.Event())
        slot.sandbox = self.sandbox
        claimed = claim_one(self.ledger, job, 1, now)
        after_claim()
        steps = process_job(slot, claimed)
        return steps, next(steps, None)

    def make(self, job, now=2 * NOW):
        """One attempt up to its temp files: what it is to publish, None where it ended before."""
        return self.start(job, now)[1]

    def do(self, job, now=2 * NOW):
        """One attempt from claim to end; answers the job as it then is."""
        steps, finished = self.start(job, now)
        if finished:
            assert publish_jobs(self.ledger, [finished]) == {}
            assert next(steps, None) is None
        return self.ledger.overview.find_job(job)


@pytest.fixture
def shop(ledger, photo, out):
    shop = Shop(ledger, photo, out)
    yield shop
    shop.sandbox.close()


@pytest.fixture
def thread(shop, ledger):
    """The thread of the one slot of a worker whose number is 1."""
    options = {"stop_flag": threading.Event(), "default_delay": 0.01, "max_delay": 0.01, "backoff": 1.5}
    thread = SlotThread(shop.context(), huey=create_huey(ledger, MAIN), **options)
    yield thread
    thread.shutdown()


@pytest.fixture
def slot(thread):
    return thread.slot


@pytest.fixture
def jobs(shop, photo):
    """Five jobs, each about a photo of its own."""
    return [shop.enter(source=copy_photo(photo, number)) for number in range(5)]
