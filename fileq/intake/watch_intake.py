"""What comes into a watched folder: files that were found complete → what is new → the ledger → messages.

Unlike `add`, it doesn't look whether outputs still stand: what retention removed does not come back. A renamed or
touched file is no new one, and what fileq itself has published is no source, wherever it stands.
"""

import os
from collections.abc import Iterable, Sequence

import msgspec

from fileq.files.content import digest_of
from fileq.intake.enrollment import (
    Enrollment,
    IntakeEngine,
    IntakeOutcome,
    IntakePlan,
    JobRequest,
    JobTarget,
    RepeatRule,
)
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.prior_jobs import PriorJob
from fileq.recipes.recipe import Recipe
from fileq.sources import SourceFile

_ONE_BURST = 10.0
"""Seconds without a new file after which the next one begins another batch."""

_NOTHING_TO_WRITE = frozenset({IntakeOutcome.OWN_OUTPUT, IntakeOutcome.UNMATCHED, IntakeOutcome.BUSY})


class DispositionPolicy(msgspec.Struct, frozen=True):
    """Where a source goes when its jobs are done, or one has failed: a folder; "" deletes it, None leaves it."""

    done_to: str | None = None
    failed_to: str | None = None

    @property
    def keeps_all(self) -> bool:
        """Return whether each source stays where it is, however its jobs end."""
        return self.done_to is None and self.failed_to is None

    def for_subfolder(self, relative: str) -> "DispositionPolicy":
        """Return the policy for a source in the sub-folder `relative`: the tree is kept."""
        return DispositionPolicy(*(os.path.join(to, relative) if to else to for to in (self.done_to, self.failed_to)))

    def disposes_of(self, states: frozenset[JobState]) -> bool:
        """Return whether a source whose jobs have these states is to be moved or deleted."""
        if states == {JobState.DONE}:
            return self.done_to is not None
        return JobState.FAILED in states and self.failed_to is not None and all(state.is_final for state in states)


class IntakeResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each source, the batch, and the ids of jobs whose sources are to be moved or deleted by now.

    `batch_id` is None where nothing was queued.
    """

    outcomes: Sequence[IntakeOutcome]
    batch_id: int | None = None
    disposable: Sequence[int] = ()


class WatchIntake:
    """Plans and enrolls the files that come into one watched folder."""

    def __init__(
        self,
        ledger: Ledger,
        watch_id: int,
        recipes: Sequence[Recipe],
        *,
        out: str | None = None,
        policy: DispositionPolicy,
    ) -> None:
        self._ledger = ledger
        self._engine = IntakeEngine(
            ledger, recipes, out=out, repeat=RepeatRule.NEVER, watch_id=watch_id, disposes=policy.done_to is not None
        )
        self._policy = policy
        self._batch_id: int | None = None
        self._queued_at = 0.0

    def find_new(self, sources: Sequence[SourceFile]) -> list[SourceFile]:
        """Return the sources that `take_in` may do something about: renamed and touched ones are among them.

        A quick answer, for scans: measured, 15 µs for a file that is known. Raises LedgerError.
        """
        prior_jobs = self._ledger.prior_jobs.find_jobs_of_files((source.path, source.version) for source in sources)
        return [source for source, jobs in zip(sources, prior_jobs, strict=True) if self._is_new(source, jobs)]

    def _is_new(self, source: SourceFile, prior_jobs: Sequence[PriorJob]) -> bool:
        targets = self._engine.find_targets(source)
        if not targets:
            return False
        if _without_jobs(targets, prior_jobs):
            return not self._engine.is_own_output(source)
        return self._is_disposable(prior_jobs)

    def take_in(self, sources: Sequence[SourceFile], now: float) -> IntakeResult:
        """Queue what is new of these complete files, in one transaction, on disk when this returns.

        Raises LedgerError.
        """
        plans = [self.plan(source) for source in sources]
        outcomes = [plan.outcome for plan in plans]
        if _NOTHING_TO_WRITE.issuperset(outcomes):
            return IntakeResult(outcomes=outcomes)
        with self._ledger.transaction(durable=IntakeOutcome.QUEUED in outcomes):
            outcomes = [self._write_prior_jobs(plan, now) for plan in plans]
            disposable = [
                job_id
                for plan, outcome in zip(plans, outcomes, strict=True)
                if outcome is IntakeOutcome.KNOWN
                for job_id in self._attach_disposable(plan)
            ]
            queued = [plan for plan, outcome in zip(plans, outcomes, strict=True) if outcome is IntakeOutcome.QUEUED]
            enrollment = self._enroll(queued, now)
        if enrollment.queued:  # not before the transaction has ended: undone, the batch is none
            self._batch_id, self._queued_at = enrollment.batch_id, now
        return IntakeResult(
            outcomes=outcomes,
            batch_id=enrollment.batch_id if enrollment.queued else None,
            disposable=disposable,
        )

    def plan(self, source: SourceFile) -> IntakePlan:
        """Return what is to be written about a source. Raises LedgerError."""
        targets = self._engine.find_targets(source)
        if not targets:
            return IntakePlan(source=source, outcome=IntakeOutcome.UNMATCHED)
        history = self._ledger.prior_jobs.list_jobs_of_source(source.path)
        same_version = [job for job in history if job.version == source.version]
        targets = _without_jobs(targets, same_version)
        if targets and self._engine.is_own_output(source):
            return IntakePlan(source=source, outcome=IntakeOutcome.OWN_OUTPUT)
        prior_jobs = tuple(job for job in same_version if not job.has_vanished)
        if not targets:
            return IntakePlan(source=source, outcome=IntakeOutcome.KNOWN, prior_jobs=prior_jobs)
        return self._recognize(source, targets, prior_jobs, history)

    def _recognize(
        self,
        source: SourceFile,
        targets: Sequence[JobTarget],
        prior_jobs: tuple[PriorJob, ...],
        history: Sequence[PriorJob],
    ) -> IntakePlan:
        """Take from the targets what was done of the same file under another name, or with another time."""
        former = self._former_jobs(source)
        last = {(job.fingerprint, job.folder): job for job in reversed(history)}
        renamed, touched, withdrawn, new = [], [], [], []
        for target in targets:
            before = former.get(target.fingerprint)
            if before is not None and before.state is JobState.RUNNING:
                return IntakePlan(source=source, outcome=IntakeOutcome.BUSY)
            if before is not None and before.state.is_final and not before.has_vanished:
                renamed.append((before, target.folder))
            elif _same_content(last.get(target.key), source):
                touched.append(last[target.key])
            else:
                new.append(target)
                withdrawn += [before.job_id] if before is not None and not before.state.is_final else []
        return IntakePlan(
            source=source, outcome=IntakeOutcome.QUEUED if new else IntakeOutcome.KNOWN, targets=tuple(new),
            prior_jobs=prior_jobs, renamed=tuple(renamed), touched=tuple(touched), withdrawn=tuple(withdrawn),
        )  # fmt: skip

    def _former_jobs(self, source: SourceFile) -> dict[str, PriorJob]:
        """By fingerprint, the job that tells most of this file under names that it has no more."""
        elsewhere = self._ledger.prior_jobs.find_jobs_of_inode(source.path, source.inode, source.version)
        gone = [job for job in elsewhere if not _is_at(job.source, source.inode)]
        return {job.fingerprint: job for job in sorted(gone, key=_rank_evidence)}

    def _write_prior_jobs(self, plan: IntakePlan, now: float) -> IntakeOutcome:
        """Write down what is no new job, and return the outcome: BUSY where a worker was faster."""
        prior_jobs, source = self._ledger.prior_jobs, plan.source
        for job, folder in plan.renamed:
            prior_jobs.record_renamed(job.job_id, source.path, source.relative, folder)
        for job in plan.touched:
            prior_jobs.record_touched(job.job_id, source.version, source.mtime_ns)
        withdrawn = [prior_jobs.cancel_unstarted_job(job_id, now) for job_id in plan.withdrawn]
        return plan.outcome if all(withdrawn) else IntakeOutcome.BUSY

    def _attach_disposable(self, plan: IntakePlan) -> list[int]:
        """Have a known source go where its jobs are all done, or one has failed. Return the ids of these jobs."""
        jobs = [*plan.prior_jobs, *(job for job, _ in plan.renamed), *plan.touched]
        if not self._is_disposable(jobs):
            return []
        job_ids = [job.job_id for job in jobs]
        self._ledger.dispositions.attach_jobs(job_ids, self._upsert_disposition(plan.source))
        return job_ids

    def _is_disposable(self, prior_jobs: Sequence[PriorJob]) -> bool:
        """Whether all is done, and the source is here still, or again; and nobody sees to that yet."""
        if any(job.is_disposition_pending for job in prior_jobs):
            return False
        return self._policy.disposes_of(frozenset(job.state for job in prior_jobs))

    def _upsert_disposition(self, source: SourceFile) -> int:
        policy = self._policy.for_subfolder(source.relative)
        return self._ledger.dispositions.upsert_disposition(
            source.path, source.version, source.inode, policy.done_to, policy.failed_to
        )

    def _enroll(self, plans: Iterable[IntakePlan], now: float) -> Enrollment:
        requests = []
        for plan in plans:
            disposition_id = None if self._policy.keeps_all else self._upsert_disposition(plan.source)
            if disposition_id is not None:
                self._ledger.dispositions.attach_jobs((job.job_id for job in plan.prior_jobs), disposition_id)
            requests += [JobRequest(plan.source, target, disposition_id) for target in plan.targets]
        return self._engine.enroll(requests, self._batch_id if now - self._queued_at <= _ONE_BURST else None, now)


def _without_jobs(targets: Sequence[JobTarget], prior_jobs: Sequence[PriorJob]) -> tuple[JobTarget, ...]:
    """Return the targets for which there is no job, or one whose source had vanished."""
    there = {(job.fingerprint, job.folder) for job in prior_jobs if not job.has_vanished}
    return tuple(target for target in targets if target.key not in there)


def _rank_evidence(job: PriorJob) -> int:
    """Return how much a job says of its source: most that it runs, then that it has ended, then that it may begin."""
    if job.has_vanished:
        return 0
    return 3 if job.state is JobState.RUNNING else 2 if job.state.is_final else 1


def _same_content(before: PriorJob | None, source: SourceFile) -> bool:
    if before is None or before.state is not JobState.DONE or before.digest is None or before.size != source.size:
        return False
    try:
        with open(source.path, "rb") as file:
            return digest_of(file.fileno()) == before.digest
    except OSError:  # it is gone again, or not to be read: the job will say it
        return False


def _is_at(path: str, inode: int) -> bool:
    try:
        return os.stat(path).st_ino == inode
    except OSError:
        return False
