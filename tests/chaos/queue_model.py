"""A ledger, a queue and workers in one process under a clock of their own, and a model of each job."""

import datetime as dt
import os
from pathlib import Path

from fileq import control, intake, queue
from fileq.job import FINAL, JobState
from fileq.ledger import Ledger
from fileq.ledger.tables.attempts import Fenced
from fileq.worker.recovery import DEATHS, recover
from tests.chaos.disposition_model import DispositionsModel
from tests.chaos.job_model import ENDED, InProcessWorker, ModelJob
from tests.support.jobs import DAMAGED, SLOW, finish, recipe

START = 1_000_000.0
BEAT = 5.0
SILENCE = 20.0
"""Seconds after which a worker of another host, as all are here, counts as gone."""

RECIPE = recipe()


class World:
    def __init__(self, folder: Path):
        self.folder = folder
        self.ledger = Ledger(str(folder / "ledger.db"))
        self.now = START
        self.ledger.database.now = lambda: self.now  # type: ignore[method-assign]  # the one clock of this world
        self.is_paused = False
        self.jobs: dict[int, ModelJob] = {}
        self.workers: list[InProcessWorker] = []
        self.frozen: list[InProcessWorker] = []
        self.started = 0
        self.additions = 0
        self.dispositions = DispositionsModel(self)

    def ask(self, query, *values):
        with self.ledger.database.reading() as connection:
            return connection.execute(query, values).fetchall()

    # What people do.

    def add(self, names, *, force=False, delay=None, priority=0, name=queue.MAIN):
        for source in names:
            (self.folder / source).touch()
        due_at = None if delay is None else self.now + delay
        asked = []
        before = {job: model.state for job, model in self.jobs.items()}
        request = intake.AddRequest(
            paths=[str(self.folder / source) for source in names],
            recipes=[RECIPE],
            priority=priority,
            due_at=due_at,
            repeat=intake.RepeatRule.ALWAYS if force else intake.RepeatRule.UNLESS_UP_TO_DATE,
        )
        intake.add_files(self.ledger, request, now=self.now, queue=name, adopts=name != queue.MAIN)
        for job, source, version in self.ask("select id, source, version from jobs"):
            if job not in self.jobs:
                self.jobs[job] = ModelJob(job, source)
                asked.append(job)
            elif (
                os.path.basename(source) in names
                and version == self._version(source)
                and before[job] in FINAL
                and (force or before[job] is not JobState.DONE)
            ):
                self.jobs[job].ask()
                asked.append(job)
        self.additions += 1
        for job in asked:
            self.jobs[job].added = self.additions
        for source in names:
            self._supersede(str(self.folder / source))
        self._check_sent(asked)

    def _supersede(self, source):
        """Another version of it was named: what has not been done of the rest has another job in its stead."""
        version = self._version(source)
        for job, of in self.ask("select id, version from jobs where source = ?", source):
            model = self.jobs[job]
            if of != version and not model.is_forgotten and model.state not in (JobState.RUNNING, JobState.DONE):
                model.state = JobState.SUPERSEDED

    def _supersede_if_newer(self, job):
        """It has failed, or waits, and a newer version of its source is known."""
        if any(
            other.source == job.source and other.rank > job.rank
            and other.state is not JobState.SUPERSEDED and not other.is_forgotten
            for other in self.jobs.values()
        ):  # fmt: skip
            job.state = JobState.SUPERSEDED

    @staticmethod
    def _version(source):
        status = os.stat(source)
        return f"{status.st_size}-{status.st_mtime_ns}"

    def change_source(self, name):
        """A newer version of it."""
        path = self.folder / name
        path.write_bytes((path.read_bytes() if path.exists() else b"") + b"x")

    def cancel(self, jobs):
        control.cancel_jobs(self.ledger, jobs, self.now)
        for job in map(self.jobs.get, jobs):
            if job and job.state not in FINAL:
                job.state = JobState.CANCELLED

    def retry(self, jobs):
        asked = [job for job in jobs if self.jobs[job].state in (JobState.FAILED, JobState.CANCELLED)]
        asked = [job for job in asked if not self.jobs[job].is_forgotten]
        versions = {job: self.ask("select source, version from jobs where id = ?", job)[0] for job in asked}
        queued = control.retry_jobs(self.ledger, jobs, self.now)
        expected = [self._retry_one(job, *versions[job]) for job in asked]
        for job in expected:
            if self.jobs[job].state in FINAL - {JobState.DONE}:
                self.jobs[job].ask()
        assert queued == list(dict.fromkeys(expected))
        self._check_sent(queued)

    def _retry_one(self, job, source, version):
        """Return the job that reads the source as it is now: this one, unless there is one for that version."""
        now = self._version(source)
        others = self.ask("select id from jobs where source = ? and version = ? and id <> ?", source, now, job)
        if version == now or not others:
            return job
        ((other,),) = others
        if self.jobs[other].state in FINAL - {JobState.DONE}:
            self.jobs[other].ask()
            self.jobs[other].added = self.jobs[job].added
        self._supersede(source)
        return other

    def pause(self, *, paused):
        self.ledger.batches.set_paused(paused=paused)
        self.is_paused = paused

    def forget(self, chance):
        """As retention does with what has ended: of some jobs something stays, others go."""
        old = [past.job_id for past in self.ledger.tombstones.find_old_jobs(self.now + 1, 100)]
        old += [past.job_id for past in self.ledger.tombstones.find_tombstones(self.now + 1, 100)]
        needed = {job for job in old if job in self.dispositions.jobs or chance.random() < 0.5}
        others = [job for job in old if job not in needed]
        self.ledger.tombstones.purge_jobs(needed, others, self.now, ended=self.now + 1, seen=self.now + 1)
        self.ledger.tombstones.delete_unused(self.now)
        newest = max(self.jobs, default=None)
        for job in old:
            if job in needed or job == newest:
                self.jobs[job].is_forgotten = True
            else:
                del self.jobs[job]

    # What workers do.

    def start_worker(self, name=queue.MAIN):
        self.started += 1
        worker = InProcessWorker(self, self.started, name)
        self.workers.append(worker)
        return worker

    def take(self, worker):
        """Whether a message was there."""
        try:
            task = worker.huey.dequeue()
        except Exception:  # noqa: BLE001  # a foreign message, which Huey's loop passes over in the same way
            return True
        if task is None:
            return False
        worker.taken.extend(job for job in task.args if isinstance(job, int))
        return True

    def claim(self, worker, count=1):
        """Have a worker claim so many of the jobs that it has taken, together, and begin the first."""
        jobs = [worker.taken.popleft() for _ in range(min(count, len(worker.taken)))]
        can_be = [job for job in dict.fromkeys(jobs) if self._can_be_claimed(job, alone=len(jobs) == 1)]
        claims = self.ledger.attempts.claim_jobs(jobs, worker.record.id, self.now)
        assert [claim.token.job_id for claim in claims] == can_be, f"of {jobs}"
        tokens = [self.jobs[job].claim(worker.record.id, self.now) for job in can_be]
        assert [claim.token for claim in claims] == tokens
        refused = [job for job in dict.fromkeys(jobs) if job not in can_be]
        if len(jobs) == 1:
            self._put_back(worker, refused)
        else:
            worker.taken.extendleft(reversed(refused))
        worker.ahead.extend(tokens)
        worker.begin_next()

    def _can_be_claimed(self, job, *, alone):
        expected = self.jobs.get(job)
        ((due_at,),) = self.ask("select due_at from jobs where id = ?", job) or [(None,)]
        return (
            expected is not None
            and not self.is_paused
            and expected.can_be_claimed(self.now, due_at)
            and (alone or not expected.deaths)
        )

    def end(self, worker, how, delay=10.0):
        """End what it does; only a token that counts may do so."""
        token = worker.token
        worker.begin_next()
        job = self.jobs.get(token.job_id)
        counts = job is not None and job.holds(token)
        try:
            with self.ledger.transaction():
                due = self._settle(token, how, delay)
                if due is not None:
                    queue.send(self.ledger, worker.queue, [due], self.now)
        except Fenced:
            assert not counts, f"job {token.job_id} is its own, and may not be ended"
            return
        assert counts, f"job {token.job_id} was ended by the void token of attempt {token.attempt}"
        assert job is not None
        job.state = ENDED[how]
        if how in ("fail", "wait"):
            self._supersede_if_newer(job)
        job.ends += how == "finish"
        job.deaths += how == "lose"

    def _settle(self, token, how, delay):
        attempts, now = self.ledger.attempts, self.now
        self.ledger.attempts.check_token(token)
        if how == "finish":
            return finish(self.ledger, token, now, outputs=0, bytes_out=0)
        if how == "fail":
            return attempts.fail_attempt(token, DAMAGED, now)
        if how == "wait":
            return attempts.retry_attempt_later(token, SLOW, now + delay, now)
        return attempts.lose_attempt(token, now) if how == "lose" else attempts.return_attempt(token, now)

    def die(self, worker):
        """Without a word."""
        self.workers.remove(worker)

    def freeze(self, worker):
        self.workers.remove(worker)
        self.frozen.append(worker)

    def thaw(self, worker):
        self.frozen.remove(worker)
        self.workers.append(worker)
        self._beat(worker)

    def stop(self, worker):
        """With grace: what it has not come to goes back."""
        ahead = list(worker.ahead)
        worker.ahead.clear()
        if worker.token is not None:
            self.end(worker, "give back")
        for token in ahead:
            self._withdraw(worker, token)
        self._put_back(worker, [*worker.taken, *(token.job_id for token in ahead)])
        self.workers.remove(worker)
        with self.ledger.transaction():
            self.ledger.workers.unregister_worker(worker.record.id)
            if worker.queue != queue.MAIN:
                self.ledger.batches.move_queue(worker.queue, to=queue.MAIN)

    def _withdraw(self, worker, token):
        self.ledger.attempts.withdraw_claims([token.job_id], worker.record.id, token.claimed_at)
        job = self.jobs.get(token.job_id)
        if job is not None and job.holds(token) and job.worker == worker.record.id:
            job.withdraw()

    def _put_back(self, worker, jobs):
        control.put_jobs_back(self.ledger, worker.queue, jobs, self.now)
        self._check_sent(jobs)

    def _check_sent(self, jobs):
        for job in jobs:
            assert not self.ask(
                "select 1 from jobs where id = ? and state in ('queued', 'waiting') and message_id is null", job
            ), f"job {job} lost its message"

    def _beat(self, worker):
        if not self.ledger.workers.record_heartbeat(worker.record.id, self.now):
            worker.record = self.ledger.workers.register_worker(worker.process, worker.queue, 1, self.now)

    def tick(self, seconds=1.0):
        """Time goes on, and everybody who is alive sees it."""
        self.now += seconds
        for worker in self.workers:
            self._beat(worker)
            worker.huey.read_schedule(dt.datetime.fromtimestamp(self.now, dt.UTC))

    def recover(self):
        entered = self.ledger.workers.list_workers()
        alive = {record.id for record in entered if self.now - record.heartbeat_at <= SILENCE}
        recover(self.ledger, self.now, BEAT)
        for job in self.jobs.values():
            if job.state is JobState.RUNNING and job.worker not in alive:
                job.deaths += 1
                job.state = JobState.QUEUED
                if job.deaths >= DEATHS:
                    job.state = JobState.FAILED
                    self._supersede_if_newer(job)

    # What happens to messages.

    def lose_messages(self, chance):
        for table in ("task", "schedule"):
            for (message,) in self.ask(f"select id from {table}"):  # ours
                if chance.random() < 0.5:
                    self.ask(f"delete from {table} where id = ?", message)  # ours

    def double_messages(self):
        self.ask("insert into task (queue, data, priority) select queue, data, priority from task limit 3")

    def send_foreign(self, data):
        self.ledger.messages.insert_messages(queue.MAIN, [(data, 0)])
        self.ledger.messages.schedule_messages(queue.MAIN, [(data, self.now)])

    def do_all(self, worker):
        while not worker.is_idle:
            if worker.token is None:
                self.claim(worker, 3)
                if worker.token is None and worker.taken:  # what is not to be had with others is asked for alone
                    self.claim(worker)
            else:
                self.end(worker, "finish")
