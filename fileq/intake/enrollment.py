"""The one engine under both ways in: what a source is to go through, which jobs of it are new, and their messages."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum

import msgspec

from fileq import queue
from fileq.intake.marked_files import MarkedFiles
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.prior_jobs import JobKey, KnownJob, PriorJob
from fileq.ledger.tables.jobs import JobCandidate
from fileq.recipes.output_names import fill_folder, folder_templates, uses_counter
from fileq.recipes.recipe import NAMELESS, Recipe, decode_recipe, encode_recipe
from fileq.sources import SourceFile


class IntakeOutcome(StrEnum):
    """What becomes of a source that has come, or of a job that it was to be queued for."""

    QUEUED = "queued"
    ALREADY_QUEUED = "already queued"
    KNOWN = "known"
    OWN_OUTPUT = "own output"
    UNMATCHED = "unmatched"
    BUSY = "busy"  # it is being processed under its former name: ask again


class RepeatRule(StrEnum):
    """Which jobs that have ended are queued again when their source comes again.

    Those whose source had vanished are, or that were superseded, by each rule: nobody has done or stopped them.
    """

    NEVER = "never"
    """None else: what retention removed, was damaged or was cancelled isn't new."""

    UNLESS_UP_TO_DATE = "unless up to date"
    """Those that aren't done, or whose outputs don't stand."""

    ALWAYS = "always"


class JobTarget(msgspec.Struct, frozen=True, gc=False):
    """A recipe that a source is to go through, its fingerprint, and the folder of the outputs."""

    recipe: Recipe
    fingerprint: str
    folder: str

    @property
    def key(self) -> tuple[str, str]:
        """Return what tells the jobs about one version of a source apart."""
        return self.fingerprint, self.folder


class IntakePlan(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is to be written about one source that has come.

    `targets` are to be queued. The rest is what a watched folder's intake finds out about earlier jobs: those about
    the same version, those whose source has another name or another time now (`renamed` with the folder of the
    outputs), and the ids of those that are not to begin under the former name.
    """

    source: SourceFile
    outcome: IntakeOutcome
    targets: tuple[JobTarget, ...] = ()
    prior_jobs: tuple[PriorJob, ...] = ()
    renamed: tuple[tuple[PriorJob, str], ...] = ()
    touched: tuple[PriorJob, ...] = ()
    withdrawn: tuple[int, ...] = ()


class JobRequest(msgspec.Struct, frozen=True, gc=False):
    """A job that is to be queued, unless it is there already. `disposition_id` is what becomes of its source."""

    source: SourceFile
    target: JobTarget
    disposition_id: int | None = None

    @property
    def key(self) -> JobKey:
        """Return what tells the job apart from others."""
        return JobKey(self.source.path, self.source.version, *self.target.key)


class EnrolledJob(msgspec.Struct, frozen=True, gc=False):
    """A job after its enrollment: QUEUED, ALREADY_QUEUED or KNOWN."""

    job_id: int
    outcome: IntakeOutcome


class Enrollment(msgspec.Struct, frozen=True):
    """The jobs that were asked for, in the order of their requests, and their batch: None where none was queued."""

    batch_id: int | None
    jobs: Sequence[EnrolledJob]

    @property
    def queued(self) -> int:
        """Return how many jobs were queued."""
        return sum(map(_is_queued, self.jobs))


class IntakeEngine:
    """The recipes of one `add`, schedule or watched folder, and the queue that they are enrolled in.

    `out` is the folder of all outputs; None leaves that to each recipe. `watch_id` is the watched folder: its jobs
    keep their source's inode, and `disposes` says that it moves or deletes what is done. `due_at` is in seconds since
    the epoch; None is at once. `job_key` is what the jobs are to be known by; one that has a key, and is not queued
    anew, keeps it.
    """

    def __init__(
        self,
        ledger: Ledger,
        recipes: Sequence[Recipe],
        *,
        out: str | None,
        repeat: RepeatRule,
        queue: str = queue.MAIN,
        watch_id: int | None = None,
        disposes: bool = False,
        priority: int = 0,
        due_at: float | None = None,
        job_key: str | None = None,
    ) -> None:
        self._recipe_names = frozenset(recipe.name for recipe in recipes) - {NAMELESS}
        self._ledger = ledger
        self._recipes = {recipe.fingerprint: recipe for recipe in recipes}
        self._recipes_json = {fingerprint: encode_recipe(recipe) for fingerprint, recipe in self._recipes.items()}
        self._counting = {fingerprint for fingerprint, recipe in self._recipes.items() if uses_counter(recipe)}
        self._templates = folder_templates(recipes, out)
        self._repeat = repeat
        self._queue = queue
        self._watch_id = watch_id
        self._disposes = disposes
        self._priority = priority
        self._due_at = due_at
        self._job_key = job_key
        own = self._recipe_names | {recipe.mark_name for recipe in recipes if recipe.replace}
        self._marked_files = MarkedFiles(own, thorough=watch_id is not None)
        self.recorded_folders: Collection[str] = ()
        """Folders of sources that the ledger is known to know: they need no look."""
        self.superseded = 0
        """How many older jobs have been superseded."""
        self.changed_outputs: list[str] = []
        """Outputs of what is up to date that somebody has changed since."""
        self._folder: tuple[str, str] | None = None
        self._targets: tuple[JobTarget, ...] = ()

    def find_targets(self, source: SourceFile) -> tuple[JobTarget, ...]:
        """Return the recipes that match a source, each with the folder of its outputs."""
        if self._folder != (source.folder, source.relative):  # files come folder by folder
            self._folder = (source.folder, source.relative)
            self._targets = tuple(
                JobTarget(recipe, fingerprint, self._destination(recipe.name, source))
                for fingerprint, recipe in self._recipes.items()
            )
        return tuple(target for target in self._targets if target.recipe.matches(source.name))

    def _destination(self, recipe_name: str, source: SourceFile) -> str:
        return fill_folder(self._templates[recipe_name], source.folder, recipe_name, source.relative)

    def find_possible_outputs(self, sources: Sequence[SourceFile]) -> set[str]:
        """Return the paths of those that the ledger may know as outputs, for `is_own_output`."""
        return self._ledger.prior_jobs.find_possible_outputs([(source.path, source.inode) for source in sources])

    def is_own_output(
        self, source: SourceFile, *, walked: bool = False, possible: Collection[str] | None = None
    ) -> bool:
        """Return whether one of these recipes made this file, or what it was made from: it would go round for ever.

        A file that fileq published is known by its path and version, and wherever it stands by its inode and version;
        where this ledger knows nothing of it, by its mark. A walk through a folder that was named, and a watch, take
        less, as nobody has asked for outputs: none that was made of what they go through too, none in sub-folders that
        has a mark; a walk takes nothing that stands at the path of an output now, and what would move or delete its
        sources nothing that has a mark. Recipes without a name are told apart by what they make. `possible` spares
        looking up all files but these.
        """
        traced = (
            self._ledger.prior_jobs.trace_recipes(source.path, source.inode, source.version, overwritten=walked)
            if possible is None or source.path in possible
            else []
        )
        goes_through = walked or self._watch_id is not None
        if not traced:
            is_nested = source.relative != "" if self._watch_id is not None else walked and source.nested
            return self._marked_files.is_output(source, of_any_recipe=is_nested or self._disposes)
        if goes_through and not traced[0].in_place and _is_below(traced[0].source, source):
            return True
        return any(one.recipe_name in self._recipe_names or one.fingerprint in self._recipes for one in traced)

    def enroll(self, requests: Sequence[JobRequest], batch_id: int | None, now: float) -> Enrollment:
        """Enter the jobs that are new, and send their messages, in the transaction that the caller has open.

        `batch_id` is the batch to go on with; None opens one. What it returns holds once the transaction has ended.
        """
        if not requests:
            return Enrollment(batch_id, ())
        batch = batch_id or self._ledger.batches.insert_batch(self._queue, now, self._watch_id)
        jobs = self._enter(requests, batch, now)
        self._number_sources(requests)
        folders = dict.fromkeys(one.source.folder for one, job in zip(requests, jobs, strict=True) if _is_queued(job))
        self._note_folders(folder for folder in folders if folder not in self.recorded_folders)
        has_queued = any(map(_is_queued, jobs))
        if has_queued and batch_id is not None:  # a quick worker may have ended it in the meantime
            self._ledger.batches.reopen_batch(batch)
        if not has_queued and batch_id is None:
            self._ledger.batches.delete_batch(batch)
            return Enrollment(None, jobs)
        return Enrollment(batch, jobs)

    def _enter(self, requests: Sequence[JobRequest], batch_id: int, now: float) -> list[EnrolledJob]:
        """Insert what is new, queue again what is to be, and supersede what is older. Each gets its message."""
        recipe_ids = {
            fingerprint: self._ledger.jobs.upsert_recipe(recipe.name, fingerprint, self._recipes_json[fingerprint])
            for fingerprint, recipe in self._recipes.items()
        }
        known = self._ledger.prior_jobs.find_known_jobs({one.source.path for one in requests})
        older = Counter((key.source, key.folder) for key in known)
        keys = [one.key for one in requests]
        new = {key: one for key, one in zip(keys, requests, strict=True) if key not in known}
        new_ids = self._insert(new, recipe_ids, batch_id, now)
        jobs, requeued = [], []
        for key, one in zip(keys, requests, strict=True):
            if (job_id := new_ids.pop(key, None)) is not None:
                jobs.append(EnrolledJob(job_id, IntakeOutcome.QUEUED))
                known[key] = KnownJob(job_id, JobState.QUEUED)  # should it be asked for again
            else:
                jobs.append(self._enroll_known(one, known[key], recipe_ids[one.target.fingerprint], batch_id, now))
                requeued += [jobs[-1].job_id] if _is_queued(jobs[-1]) else []
        queue.send(self._ledger, self._queue, self._ledger.jobs.find_startable_jobs(requeued), now)
        if newer := list(_with_others(zip(keys, jobs, strict=True), older)):
            rivals = self._find_rivals(recipe_ids)
            self.superseded += self._ledger.jobs.supersede_older_jobs(newer, now, nameless=NAMELESS, rivals=rivals)
        return jobs

    def _find_rivals(self, recipe_ids: Mapping[str, int]) -> list[tuple[int, int]]:
        """Return the ids of these recipes, each with that of an older one whose outputs would have the same names."""
        older = [(recipe_id, decode_recipe(text)) for recipe_id, text in self._ledger.retention.list_recipes().items()]
        return [
            (recipe_ids[fingerprint], recipe_id)
            for fingerprint, recipe in self._recipes.items()
            for recipe_id, other in older
            if recipe_id != recipe_ids[fingerprint] and recipe.takes_places_of(other)
        ]

    def _number_sources(self, requests: Sequence[JobRequest]) -> None:
        """Give sources their numbers, where names of their outputs have them."""
        for one in requests:
            if one.target.fingerprint in self._counting:
                self._ledger.counters.number_source(one.target.folder, one.target.recipe.name, one.source.path)

    def _note_folders(self, folders: Iterable[str]) -> None:
        """Have jobs wait for the drive of their sources' folders, should that be taken out before their turn."""
        for folder in folders:
            with suppress(OSError):  # it is gone already
                self._ledger.folders.note_if_new(folder)

    def _insert(
        self, new: Mapping[JobKey, JobRequest], recipe_ids: Mapping[str, int], batch_id: int, now: float
    ) -> dict[JobKey, int]:
        """Insert the jobs that aren't there yet, send their messages, and return their ids."""
        candidates = [
            JobCandidate(
                source=key.source,
                version=key.version,
                size=one.source.size,
                mtime_ns=one.source.mtime_ns,
                recipe_id=recipe_ids[key.fingerprint],
                fingerprint=key.fingerprint,
                folder=key.folder,
                relative=one.source.relative,
                inode=None if self._watch_id is None else one.source.inode,
                disposition_id=one.disposition_id,
            )
            for key, one in new.items()
        ]
        ids = self._ledger.jobs.insert_jobs(
            candidates, batch_id, now, priority=self._priority, due_at=self._due_at, key=self._job_key,
            send=lambda entries: queue.send(self._ledger, self._queue, entries, now),
        )  # fmt: skip
        return {key: job_id for key, job_id in zip(new, ids, strict=True) if job_id is not None}

    def _enroll_known(
        self, request: JobRequest, known: KnownJob, recipe_id: int, batch_id: int, now: float
    ) -> EnrolledJob:
        """See what becomes of a job that was there before."""
        if request.disposition_id is not None:
            self._ledger.dispositions.attach_jobs([known.job_id], request.disposition_id)
        outcome = self._foresee_one(known).outcome
        if outcome is not IntakeOutcome.QUEUED:
            if self._job_key is not None:
                self._ledger.jobs.give_key(known.job_id, self._job_key)
            return EnrolledJob(known.job_id, outcome)
        self._ledger.jobs.requeue_job(
            known.job_id, batch_id, now, recipe_id=recipe_id, priority=self._priority, due_at=self._due_at,
            inode=None if self._watch_id is None else request.source.inode, key=self._job_key,
        )  # fmt: skip
        return EnrolledJob(known.job_id, IntakeOutcome.QUEUED)

    def foresee(self, requests: Sequence[JobRequest]) -> list[EnrolledJob]:
        """Return what would become of these jobs if they were enrolled. The id of one that isn't there is 0."""
        known = self._ledger.prior_jobs.find_known_jobs({one.source.path for one in requests})
        return [self._foresee_one(known.get(one.key)) for one in requests]

    def _foresee_one(self, known: KnownJob | None) -> EnrolledJob:
        if known is None:
            return EnrolledJob(0, IntakeOutcome.QUEUED)
        if not known.state.is_final:
            return EnrolledJob(known.job_id, IntakeOutcome.ALREADY_QUEUED)
        outcome = IntakeOutcome.QUEUED if self._is_repeated(known) else IntakeOutcome.KNOWN
        return EnrolledJob(known.job_id, outcome)

    def _is_repeated(self, prior: KnownJob) -> bool:
        """Whether a job that has ended is queued again."""
        if prior.has_vanished or self._repeat is RepeatRule.ALWAYS:
            return True
        if self._repeat is RepeatRule.NEVER:
            return False
        changed = self._ledger.standing_outputs.find_changed(prior.job_id) if prior.state is JobState.DONE else None
        self.changed_outputs += changed or ()
        return changed is None


def _is_below(path: str, source: SourceFile) -> bool:
    """Whether a path lies in the tree in which a source was found."""
    root = source.folder.removesuffix(source.relative) if source.relative else source.folder
    return path.startswith(os.path.join(root, ""))


def _is_queued(job: EnrolledJob) -> bool:
    return job.outcome is IntakeOutcome.QUEUED


def _with_others(jobs: Iterable[tuple[JobKey, EnrolledJob]], older: Mapping[tuple[str, str], int]) -> Iterator[int]:
    """Yield those of these jobs whose source has older ones with outputs in the same folder, by how many there were."""
    for key, job in jobs:
        itself = job.outcome is not IntakeOutcome.QUEUED
        if older.get((key.source, key.folder), 0) > itself:
            yield job.job_id
