"""Ledger and queue under any interleaving: a job that is due is done, once, and nothing is lost.

FILEQ_CHAOS=long takes many more and longer ways.
"""

import os
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.chaos.disposition_model import HOLDERS
from tests.chaos.job_model import ENDED
from tests.chaos.queue_model import World
from tests.chaos.queue_promise import check, let_it_run

LONG = os.environ.get("FILEQ_CHAOS") == "long"

NAMES = [f"{letter}.jpg" for letter in "abcdefghijklmnopqrstuvwxyz"]
names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True)
numbers = st.integers(0, 99)
FOREIGN = [b"", b"{", b"\x80\x04K\x01.", b'{"id": "x", "name": "os.system", "args": ["ls"]}', b'{"args": {"a": [1]}}']


class Queue(RuleBasedStateMachine):
    """Each rule is one step of somebody: of a person, a worker, the clock, or of what goes wrong."""

    def __init__(self) -> None:
        super().__init__()
        memory = "/dev/shm"  # thousands of durable transactions need no disk, where there is another place
        self.folder = Path(tempfile.mkdtemp(dir=memory if os.path.isdir(memory) else None))
        self.world = World(self.folder)
        clock = SimpleNamespace(time=lambda: self.world.now)
        # Sources that go have a model of their own; here nobody touches files.
        self.patches: list[Any] = [patch("fileq.queue.storage.time", clock), patch("fileq.worker.recovery.dispose")]
        for one in self.patches:
            one.start()

    def teardown(self) -> None:
        try:
            let_it_run(self.world)
        finally:
            for one in self.patches:
                one.stop()
            self.world.ledger.close()
            shutil.rmtree(self.folder)

    def worker(self, number):
        return self.world.workers[number % len(self.world.workers)]

    def some_jobs(self, chosen):
        jobs = sorted(self.world.jobs)
        return sorted({jobs[number % len(jobs)] for number in chosen}) if jobs else []

    @initialize(sources=names, count=st.integers(1, 3))
    def begin(self, sources, count):
        self.world.add(sources)
        for _ in range(count):
            self.world.start_worker()

    # People

    @rule(sources=names, force=st.booleans(), priority=st.integers(-1, 1), delay=st.sampled_from([None, None, 5, 4000]))
    def add(self, sources, force, priority, delay):
        self.world.add(sources, force=force, priority=priority, delay=delay)

    @rule(sources=names)
    def run(self, sources):
        worker = self.world.start_worker(f"run-{self.world.started}")
        self.world.add(sources, name=worker.queue)

    @rule(source=st.sampled_from(NAMES))
    def change_a_source(self, source):
        self.world.change_source(source)

    @rule(chosen=st.lists(numbers, max_size=4))
    def cancel(self, chosen):
        self.world.cancel(self.some_jobs(chosen))

    @rule(chosen=st.lists(numbers, max_size=4))
    def retry(self, chosen):
        self.world.retry(self.some_jobs(chosen))

    @rule(paused=st.booleans())
    def pause(self, paused):
        self.world.pause(paused=paused)

    @rule(chance=st.randoms(use_true_random=False))
    def forget(self, chance):
        self.world.forget(chance)

    # Those who take sources away

    @rule(chosen=st.lists(numbers, min_size=1, max_size=3))
    def have_a_source_go(self, chosen):
        self.world.dispositions.enter(self.some_jobs(chosen))

    @rule(holder=st.sampled_from(HOLDERS))
    def take_leases(self, holder):
        self.world.dispositions.lease(holder)

    @precondition(lambda self: self.world.dispositions.leases)
    @rule(number=numbers)
    def say_that_a_source_has_gone(self, number):
        self.world.dispositions.close(number)

    # Workers

    @rule()
    def start_a_worker(self):
        self.world.start_worker()

    @precondition(lambda self: any(not worker.token for worker in self.world.workers))
    @rule(number=numbers, messages=st.integers(1, 3), count=st.integers(0, 4))
    def take_messages_and_claim(self, number, messages, count):
        ready = [worker for worker in self.world.workers if not worker.token]
        worker = ready[number % len(ready)]
        for _ in range(0 if worker.taken else messages):
            self.world.take(worker)
        if worker.taken and count:
            self.world.claim(worker, count)

    @precondition(lambda self: self.world.workers)
    @rule(number=numbers, other=numbers)
    def be_thought_dead_and_wake_up(self, number, other):
        """Meanwhile another one may get what it does."""
        asleep = self.worker(number)
        self.world.freeze(asleep)
        self.world.tick(3600)
        self.world.recover()
        if self.world.workers and self.worker(other).token is None:
            self.world.take(self.worker(other))
        if self.world.workers and self.worker(other).token is None and self.worker(other).taken:
            self.world.claim(self.worker(other))
        self.world.thaw(asleep)

    @precondition(lambda self: any(worker.token for worker in self.world.workers))
    @rule(number=numbers, how=st.sampled_from(sorted(ENDED)), delay=st.sampled_from([3, 4000]))
    def end(self, number, how, delay):
        busy = [worker for worker in self.world.workers if worker.token]
        self.world.end(busy[number % len(busy)], how, delay)

    @precondition(lambda self: self.world.workers)
    @rule(number=numbers)
    def do_a_whole_message(self, number):
        self.world.take(self.worker(number))
        self.world.do_all(self.worker(number))

    @precondition(lambda self: self.world.workers)
    @rule(number=numbers, how=st.sampled_from(["die", "freeze", "stop"]))
    def lose_a_worker(self, number, how):
        getattr(self.world, how)(self.worker(number))

    @precondition(lambda self: self.world.frozen)
    @rule(number=numbers)
    def thaw(self, number):
        self.world.thaw(self.world.frozen[number % len(self.world.frozen)])

    @rule()
    def recover(self):
        self.world.recover()

    # The clock, and what goes wrong

    @rule(seconds=st.sampled_from([1, 31, 61, 5000]))
    def tick(self, seconds):
        self.world.tick(seconds)

    @rule(seconds=st.sampled_from([-20000, -30, 20000]))
    def set_the_clock(self, seconds):
        self.world.now += seconds

    @rule(chance=st.randoms(use_true_random=False))
    def lose_messages(self, chance):
        self.world.lose_messages(chance)

    @rule()
    def double_messages(self):
        self.world.double_messages()

    @rule(data=st.sampled_from(FOREIGN))
    def send_what_is_no_message_of_ours(self, data):
        self.world.send_foreign(data)

    @rule()
    def let_it_run(self):
        let_it_run(self.world)

    @invariant()
    def all_is_as_it_must_be(self):
        check(self.world)


TestQueue = pytest.mark.timeout(3600 if LONG else 300)(Queue.TestCase)
TestQueue.settings = settings(
    max_examples=3000 if LONG else 50,
    stateful_step_count=80 if LONG else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
