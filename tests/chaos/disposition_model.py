"""Sources that are to go once their jobs have ended, in a ledger, and what must be true of them. No file is touched."""

from contextlib import suppress

from fileq.job import FINAL
from fileq.ledger.tables.attempts import Fenced
from fileq.presence import ProcessIdentity

LEASE = 60.0
HOLDERS = [ProcessIdentity(f"mover-{number}", number, "1") for number in range(3)]
"""Of other hosts: their leases end by time alone."""


class ModelDisposition:
    def __init__(self, jobs):
        self.jobs = jobs
        self.lease = None
        self.holder = None
        self.held_until = 0.0


class DispositionsModel:
    def __init__(self, world):
        self.world = world
        self.waiting: dict[int, ModelDisposition] = {}
        self.leases = []
        """Each with the disposition that it was given for; also those that are void by now."""
        self.entered = 0

    @property
    def jobs(self):
        return {job for one in self.waiting.values() for job in one.jobs}

    def enter(self, jobs):
        jobs = set(jobs) - self.jobs
        if not jobs:
            return
        self.entered += 1
        dispositions = self.world.ledger.dispositions
        number = dispositions.upsert_disposition(f"/source {self.entered}", "1-1", 1, "/done", "/failed")
        dispositions.attach_jobs(jobs, number)
        self.waiting[number] = ModelDisposition(jobs)

    def lease(self, holder):
        """Have somebody take the leases of all that is ready."""
        now, dispositions = self.world.now, self.world.ledger.dispositions
        ready = {one.id for one in dispositions.find_ready_dispositions(now)}
        assert ready == {number for number, one in self.waiting.items() if self._have_ended(one.jobs)}
        for number in ready:
            model = self.waiting[number]
            is_held = model.holder not in (None, holder) and model.held_until > now
            lease = dispositions.take_lease(number, holder, now, now + LEASE)
            assert (lease is None) == is_held, f"{model.holder} has it until {model.held_until}, it is {now}"
            if lease is not None:
                model.lease, model.holder, model.held_until = lease, holder, now + LEASE
                self.leases.append((lease, model))

    def _have_ended(self, jobs):
        return all(self.world.jobs[job].state in FINAL for job in jobs)

    def close(self, number):
        """Have somebody who once had a lease say that the source has gone: once, and under the last lease alone."""
        lease, model = self.leases.pop(number % len(self.leases))
        counts = model.lease == lease and self.waiting.get(lease.disposition_id) is model
        done = False
        with suppress(Fenced):
            self.world.ledger.dispositions.close_disposition(lease)
            done = True
        assert done == counts, f"{lease} of {model.holder}"
        if done:
            del self.waiting[lease.disposition_id]
