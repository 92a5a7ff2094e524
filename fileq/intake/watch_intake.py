"""What comes into a watched folder: files that were found complete → what is new → the ledger → messages.

Unlike `add`, it doesn't look whether outputs still stand: what retention removed does not come back. A renamed or
touched file is no new one, and what fileq itself has published is no source, wherever it stands.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from enum import StrEnum

import msgspec

from fileq import queue
from fileq.files.content import digest_of
from fileq.files.identity import format_version
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.prior_jobs import PriorJob
from fileq.ledger.tables.jobs import JobCandidate, QueueEntry
from fileq.recipes.collisions import folder_templates
from fileq.recipes.names import destination
from fileq.recipes.recipe import Recipe, encode
from fileq.sources import SourceFile

_ONE_BURST = 10.0
"""Seconds without news after which the next file begins another batch."""


class Arrival(msgspec.Struct, frozen=True):
    """A complete file in a watched folder."""

    source: SourceFile
    inode: int

    @property
    def version(self) -> str:
        return format_version(self.source.size, self.source.mtime_ns)


class DispositionPolicy(msgspec.Struct, frozen=True):
    """Where a source goes when its jobs are done, or one has failed: a folder; "" deletes it, None leaves it."""

    done_to: str | None = None
    failed_to: str | None = None

    def below(self, relative: str) -> "DispositionPolicy":
        """The same for a source in a sub-folder: the tree is kept."""
        return DispositionPolicy(*(os.path.join(to, relative) if to else to for to in (self.done_to, self.failed_to)))

    def takes_away(self, states: frozenset[JobState]) -> bool:
        """Whether a source whose jobs have ended so is to go."""
        if states == {JobState.DONE}:
            return self.done_to is not None
        return JobState.FAILED in states and self.failed_to is not None and all(state.is_final for state in states)


class IntakeOutcome(StrEnum):
    """What became of an arrival."""

    QUEUED = "queued"
    KNOWN = "known"
    OWN = "own output"
    UNMATCHED = "unmatched"
    BUSY = "busy"  # it is being processed under its former name: ask again


class IntakeResult(msgspec.Struct):
    """The answer to a take: what became of each arrival, the batch, and jobs whose sources are to go by now."""

    became: list[IntakeOutcome]
    batch: int | None = None
    jobs: int = 0
    leaving: list[int] = []


_Wanted = tuple[str, str]
"""The fingerprint of a recipe that a file is to go through, and its destination folder."""


class _Plan(msgspec.Struct):
    """What is to be written about one arrival."""

    became: IntakeOutcome
    arrival: Arrival
    known: list[PriorJob] = []
    wanted: list[_Wanted] = []
    renamed: list[tuple[PriorJob, str]] = []
    touched: list[PriorJob] = []
    withdrawn: list[int] = []


class WatchIntake:
    """One watched folder's way in. Raises LedgerError."""

    def __init__(
        self,
        ledger: Ledger,
        watch: int,
        recipes: Sequence[Recipe],
        *,
        out: str | None = None,
        policy: DispositionPolicy,
    ) -> None:
        self._ledger = ledger
        self._watch = watch
        self._recipes = {recipe.fingerprint: recipe for recipe in recipes}
        self._bodies = {fingerprint: encode(recipe) for fingerprint, recipe in self._recipes.items()}
        self._names = {recipe.name for recipe in recipes}
        self._folders = folder_templates(recipes, out)
        self._policy = policy
        self._noted: set[str] = set()
        self._batch: int | None = None
        self._took_at = 0.0
        self._place: tuple[str, str] | None = None
        self._destinations: dict[str, str] = {}

    def news(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Those at which a look is worth while: a quick answer, for scans. Renamed and touched files may be among them.

        Measured: 15 µs for a file that is known.
        """
        files = ((arrival.source.path, arrival.version) for arrival in arrivals)
        known = self._ledger.prior_jobs.find_jobs_of_files(files)
        return [arrival for arrival, jobs in zip(arrivals, known, strict=True) if self._is_new(arrival, jobs)]

    def _is_new(self, arrival: Arrival, known: Sequence[PriorJob]) -> bool:
        wanted = self._wanted(arrival.source)
        if not wanted:
            return False
        if self._missing(wanted, known):
            return not self._is_own(arrival)
        return self._is_to_go(known)

    def take(self, arrivals: Sequence[Arrival], now: float) -> IntakeResult:
        """Enter what is new in one transaction, on disk when this returns."""
        plans = [self._plan(arrival) for arrival in arrivals]
        taken = IntakeResult([plan.became for plan in plans])
        if all(plan.became in (IntakeOutcome.OWN, IntakeOutcome.UNMATCHED, IntakeOutcome.BUSY) for plan in plans):
            return taken
        with self._ledger.transaction(durable=IntakeOutcome.QUEUED in taken.became):
            for plan in plans:
                self._settle(plan, taken, now)
            taken.became = [plan.became for plan in plans]
            if IntakeOutcome.QUEUED in taken.became:
                due = self._enter_all(plans, now)
                queue.send(self._ledger, queue.MAIN, due, now)
                taken.jobs = len(due)
        taken.batch = self._batch if taken.jobs else None
        return taken

    def _wanted(self, source: SourceFile) -> list[_Wanted]:
        place = (source.folder, source.relative)
        if self._place != place:  # files come folder by folder
            self._place = place
            self._destinations = {
                fingerprint: self._destination(recipe, source) for fingerprint, recipe in self._recipes.items()
            }
        return [
            (fingerprint, self._destinations[fingerprint])
            for fingerprint, recipe in self._recipes.items()
            if recipe.matches(source.name)
        ]

    def _destination(self, recipe: Recipe, source: SourceFile) -> str:
        return destination(self._folders[recipe.name], source.folder, recipe.name, source.relative)

    @staticmethod
    def _missing(wanted: Sequence[_Wanted], known: Sequence[PriorJob]) -> list[_Wanted]:
        there = {(job.fingerprint, job.folder) for job in known if not job.vanished}
        return [one for one in wanted if one not in there]

    def _is_to_go(self, known: Sequence[PriorJob]) -> bool:
        """Whether all is done, and the source is here still, or again; and nobody sees to that yet."""
        if any(job.is_leaving for job in known):
            return False
        return self._policy.takes_away(frozenset(job.state for job in known))

    def _is_own(self, arrival: Arrival) -> bool:
        """Whether one of our recipes made this file, or what it was made from: then it would go round for ever."""
        makers = self._ledger.prior_jobs.trace_recipes(arrival.source.path, arrival.inode, arrival.version)
        return any(maker in self._names for maker in makers)

    def _plan(self, arrival: Arrival) -> _Plan:
        wanted = self._wanted(arrival.source)
        if not wanted:
            return _Plan(IntakeOutcome.UNMATCHED, arrival)
        history = self._ledger.prior_jobs.list_jobs_of_source(arrival.source.path)
        known = [job for job in history if job.version == arrival.version]
        wanted = self._missing(wanted, known)
        if wanted and self._is_own(arrival):
            return _Plan(IntakeOutcome.OWN, arrival)
        plan = _Plan(IntakeOutcome.KNOWN, arrival, [job for job in known if not job.vanished], wanted)
        if wanted:
            self._recognise(plan, history)
        if plan.became is IntakeOutcome.KNOWN and plan.wanted:
            plan.became = IntakeOutcome.QUEUED
        return plan

    def _recognise(self, plan: _Plan, history: Sequence[PriorJob]) -> None:
        """Take from what is wanted what was done of the same file under another name, or with another time."""
        source = plan.arrival.source
        former = self._former(plan.arrival)
        last = {(job.fingerprint, job.folder): job for job in reversed(history)}
        wanted = []
        for fingerprint, folder in plan.wanted:
            before = former.get(fingerprint)
            if before is not None and before.state is JobState.RUNNING:
                plan.became = IntakeOutcome.BUSY
            elif before is not None and before.state.is_final and not before.vanished:
                plan.renamed.append((before, folder))
            elif _same_content(last.get((fingerprint, folder)), source):
                plan.touched.append(last[fingerprint, folder])
            else:
                wanted.append((fingerprint, folder))
                plan.withdrawn += [before.job] if before is not None and not before.state.is_final else []
        plan.wanted = wanted

    def _former(self, arrival: Arrival) -> dict[str, PriorJob]:
        """By fingerprint, the job that tells most of this file under names that it has no more."""
        elsewhere = self._ledger.prior_jobs.find_jobs_of_inode(arrival.source.path, arrival.inode, arrival.version)
        gone = [job for job in elsewhere if not _is_at(job.source, arrival.inode)]
        return {job.fingerprint: job for job in sorted(gone, key=_tells)}

    def _settle(self, plan: _Plan, taken: IntakeResult, now: float) -> None:
        """Write down what is no new job."""
        arrivals, source = self._ledger.prior_jobs, plan.arrival.source
        for job, folder in plan.renamed:
            arrivals.record_renamed(job.job, source.path, source.relative, folder)
        for job in plan.touched:
            arrivals.record_touched(job.job, plan.arrival.version, source.mtime_ns)
        withdrawn = [arrivals.cancel_unstarted_job(number, now) for number in plan.withdrawn]
        if not all(withdrawn):  # a worker was faster
            plan.became = IntakeOutcome.BUSY
            return
        known = [*plan.known, *(job for job, _ in plan.renamed), *plan.touched]
        if plan.became is IntakeOutcome.KNOWN and known and self._is_to_go(known):
            numbers = [job.job for job in known]
            self._ledger.dispositions.attach_jobs(numbers, self._disposition(plan.arrival))
            taken.leaving += numbers

    def _disposition(self, arrival: Arrival) -> int:
        policy = self._policy.below(arrival.source.relative)
        return self._ledger.dispositions.upsert_disposition(
            arrival.source.path, arrival.version, arrival.inode, policy.done_to, policy.failed_to
        )

    def _enter_all(self, plans: Sequence[_Plan], now: float) -> list[QueueEntry]:
        if self._batch is None or now - self._took_at > _ONE_BURST:
            self._batch = self._ledger.batches.insert_batch(queue.MAIN, now, self._watch)
        self._took_at = now
        recipes = {
            fingerprint: self._ledger.jobs.upsert_recipe(recipe.name, fingerprint, self._bodies[fingerprint])
            for fingerprint, recipe in self._recipes.items()
        }
        batch = self._batch
        queued = (plan for plan in plans if plan.became is IntakeOutcome.QUEUED)
        return [due for plan in queued for due in self._enter(plan, batch, recipes, now)]

    def _note(self, folder: str) -> None:
        """Have jobs wait for the folder's drive, should that be taken out before their turn."""
        if folder not in self._noted:
            with suppress(OSError):  # it is gone already
                self._ledger.folders.note_if_new(folder)
                self._noted.add(folder)

    def _enter(self, plan: _Plan, batch: int, recipes: dict[str, int], now: float) -> Iterator[QueueEntry]:
        arrival, source, jobs = plan.arrival, plan.arrival.source, self._ledger.jobs
        self._note(source.folder)
        goes = self._policy.done_to is not None or self._policy.failed_to is not None
        disposition_id = self._disposition(arrival) if goes else None
        if disposition_id is not None:
            self._ledger.dispositions.attach_jobs((job.job for job in plan.known), disposition_id)
        for fingerprint, folder in plan.wanted:
            candidate = JobCandidate(
                source.path, arrival.version, source.size, source.mtime_ns, recipes[fingerprint], fingerprint, folder,
                source.relative, arrival.inode, disposition_id,
            )  # fmt: skip
            job = jobs.insert_job(candidate, batch, now)
            if job is None:  # it had vanished, and is back
                job, _ = jobs.find_same_job(candidate)
                jobs.requeue_job(job, batch, now, recipe=candidate.recipe, inode=arrival.inode)
                if disposition_id is not None:
                    self._ledger.dispositions.attach_jobs([job], disposition_id)
            yield QueueEntry(job, 0, None, source.size)


def _tells(job: PriorJob) -> int:
    """That it runs tells most, then that it has ended, then that it may yet begin."""
    if job.vanished:
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
