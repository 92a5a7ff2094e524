"""What people name: paths → what is new → the ledger → messages.

A job is known by its source's path and version, the recipe's fingerprint and the destination: adding the same thing
twice is a no-op that costs one statement.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice

import msgspec

from fileq import queue
from fileq.files.identity import format_version
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.tables.jobs import JobCandidate, QueueEntry
from fileq.recipes.collisions import folder_templates
from fileq.recipes.names import destination
from fileq.recipes.recipe import Recipe, encode
from fileq.sources import SourceFile, SourceFilter, expand_paths, find_sources

_IN_ONE_TRANSACTION = 2_000


class AddRequest(msgspec.Struct, frozen=True):
    """What is to be queued, and how. `due_at` is in seconds since the epoch; None: at once."""

    paths: Sequence[str]
    recipes: Sequence[Recipe]
    out: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    recursive: bool = True
    priority: int = 0
    due_at: float | None = None
    force: bool = False
    only_new: bool = False
    """Leave alone what was ever queued, however it ended: what retention removed, or was damaged, isn't new."""


class AddResult(msgspec.Struct):
    """What became of what was named: counts of jobs, but `unmatched` and `own_outputs` count files.

    `batch` is None where nothing was queued; `problems` are files and folders that could not be read.
    """

    batch_id: int | None = None
    queued: int = 0
    up_to_date: int = 0
    already_queued: int = 0
    unmatched: int = 0
    own_outputs: int = 0
    missing: list[str] = []
    problems: list[str] = []


def _silent(_count: int) -> None:
    pass


def add_files(
    ledger: Ledger,
    request: AddRequest,
    *,
    now: float,
    queue: str = queue.MAIN,
    on_scanned: Callable[[int], None] = _silent,
) -> AddResult:
    """Queue what is new. When this returns, what it counts as queued is on disk and will not be lost.

    Raises MissingPathsError, before anything is queued, where a path doesn't exist; LedgerError.
    """
    intake = _Intake(ledger, request, now, queue)
    scanned = 0
    for sources in _chunks(_find(request, intake.receipt)):
        scanned += len(sources)
        intake.take(sources)
        on_scanned(scanned)
    return intake.receipt


def candidates(ledger: Ledger, request: AddRequest, receipt: AddResult) -> Iterator[tuple[SourceFile, Recipe, str]]:
    """Each file that would be queued with a recipe and its destination folder, whether it is new or not."""
    folders = folder_templates(request.recipes, request.out)
    for source in _find(request, receipt):
        yield from _meant(ledger, request, folders, receipt, source)


def _find(request: AddRequest, receipt: AddResult) -> Iterator[SourceFile]:
    return find_sources(
        expand_paths(request.paths),
        SourceFilter(request.include, request.exclude),
        recursive=request.recursive,
        on_problem=receipt.problems.append,
    )


def _chunks(sources: Iterator[SourceFile]) -> Iterator[list[SourceFile]]:
    while chunk := list(islice(sources, _IN_ONE_TRANSACTION)):
        yield chunk


def _meant(
    ledger: Ledger, request: AddRequest, folders: dict[str, str], receipt: AddResult, source: SourceFile
) -> Iterator[tuple[SourceFile, Recipe, str]]:
    """The recipes that a source is to go through. A walk doesn't take what fileq itself has made."""
    recipes = [recipe for recipe in request.recipes if recipe.matches(source.name)]
    if not recipes:
        receipt.unmatched += 1
        return
    publisher = None if source.named else ledger.outputs.find_publishing_recipe(source.path)
    for recipe in recipes:
        # Outputs right in the folder that was named may go through another recipe; those that a walk comes by may not.
        if publisher is not None and (source.relative or publisher == recipe.name):
            receipt.own_outputs += 1
        else:
            yield source, recipe, _destination(folders[recipe.name], recipe.name, source.folder, source.relative)


@lru_cache(maxsize=64)  # the files of a folder come one after another
def _destination(template: str, recipe: str, folder: str, relative: str) -> str:
    return destination(template, folder, recipe, relative)


class _Intake:
    """One `add` under way: its batch, its recipes as the ledger knows them, its counts."""

    def __init__(self, ledger: Ledger, request: AddRequest, now: float, queue: str) -> None:
        self.receipt = AddResult()
        self._ledger = ledger
        self._request = request
        self._now = now
        self._queue = queue
        self._folders = folder_templates(request.recipes, request.out)
        self._noted: set[str] = set()
        self._recipes = {recipe.name: (recipe.fingerprint, encode(recipe)) for recipe in request.recipes}

    def take(self, sources: Sequence[SourceFile]) -> None:
        """Enter these sources in one transaction, on disk when it ends."""
        before = self.receipt.queued
        with self._ledger.transaction(durable=True):
            batch = self._batch()
            recipes = {
                name: self._ledger.jobs.upsert_recipe(name, fingerprint, body)
                for name, (fingerprint, body) in self._recipes.items()
            }
            due = [job for source in sources for job in self._enter(source, batch, recipes)]
            queue.send(self._ledger, self._queue, due, self._now)
            self.receipt.queued += len(due)
            if self.receipt.queued == before == 0:
                self._ledger.batches.delete_batch(batch)
        if self.receipt.queued:
            self.receipt.batch_id = batch

    def _batch(self) -> int:
        if self.receipt.batch_id is None:
            return self._ledger.batches.insert_batch(self._queue, self._now)
        self._ledger.batches.reopen_batch(self.receipt.batch_id)
        return self.receipt.batch_id

    def _enter(self, source: SourceFile, batch: int, recipes: dict[str, int]) -> Iterator[QueueEntry]:
        for _, recipe, folder in _meant(self._ledger, self._request, self._folders, self.receipt, source):
            candidate = JobCandidate(
                source.path, format_version(source.size, source.mtime_ns), source.size, source.mtime_ns,
                recipes[recipe.name],
                self._recipes[recipe.name][0], folder, source.relative,
            )  # fmt: skip
            job = self._enter_one(candidate, batch)
            if job is not None:
                self._note(source.folder)
                yield QueueEntry(job, self._request.priority, self._request.due_at, source.size)

    def _note(self, folder: str) -> None:
        """Have the job wait for the folder's drive, should that be taken out before its turn."""
        if folder not in self._noted:
            self._noted.add(folder)
            with suppress(OSError):  # it is gone already
                self._ledger.folders.note_if_new(folder)

    def _enter_one(self, candidate: JobCandidate, batch: int) -> int | None:
        priority, due_at = self._request.priority, self._request.due_at
        jobs = self._ledger.jobs
        job = jobs.insert_job(candidate, batch, self._now, priority=priority, due_at=due_at)
        if job is not None:
            return job
        job, state = jobs.find_same_job(candidate)
        if not state.is_final:
            self.receipt.already_queued += 1
            return None
        if self._request.only_new or self._stands(job, state):
            self.receipt.up_to_date += 1
            return None
        jobs.requeue_job(job, batch, self._now, recipe=candidate.recipe, priority=priority, due_at=due_at)
        return job

    def _stands(self, job: int, state: JobState) -> bool:
        return state is JobState.DONE and not self._request.force and self._ledger.outputs.are_present(job)
