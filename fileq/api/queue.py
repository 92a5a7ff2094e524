"""The queue as a program sees it: add files, look at jobs, steer them, or have them done here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Self, TypedDict, Unpack

from fileq import control
from fileq.api.arguments import (
    Jobs,
    PathLike,
    Paths,
    StateLike,
    When,
    batch_id,
    cause_of,
    due_time,
    job_ids,
    job_key,
    many_paths,
    number,
    one_path,
    seen_from,
    states_of,
    text,
    texts,
)
from fileq.api.job_handle import JobHandle
from fileq.api.marks import require_marks
from fileq.api.receipt import Receipt
from fileq.api.recipes import RecipeLike, select_recipes
from fileq.config.paths import absolute_path
from fileq.errors import ErrorKind, UsageError
from fileq.intake import AddRequest, RepeatRule, add_files
from fileq.intake.output_folder import output_folder
from fileq.job import UNFINISHED, JobState, check_priority
from fileq.ledger.queries.overview import JobSelection
from fileq.lookup import find_job, require_batch
from fileq.recipes.recipe import Recipe

if TYPE_CHECKING:
    from fileq.api.connection import QueueConnection
    from fileq.api.run import RunProgress

Recipes = RecipeLike | Iterable[RecipeLike] | None


class AddOptions(TypedDict, total=False):
    """What `add`, `aadd` and `run` take beside paths and recipes; each is as the option of `fileq add` of its name."""

    out: PathLike
    """The folder of the outputs. A folder that is added keeps its tree below it."""
    key: str
    """A text of the program's own, such as "order-17": the jobs have it from then on, and are found by it."""
    priority: int
    """Higher goes first."""
    at: When
    """Not before."""
    force: bool
    """Whether to process again what is up to date."""
    base: PathLike
    """The folder whose tree is kept below `out`."""
    include: Iterable[str]
    """Only files that match, by the rules of .gitignore."""
    exclude: Iterable[str]
    """No files that match."""
    recursive: bool
    """Whether to walk sub-folders too."""


_OPTIONS = frozenset(AddOptions.__annotations__)
_AT_ONCE = 500
"""Jobs that are read at a time: nobody waits for a program that thinks about one of them."""


class Queue:
    """A queue. Threads may share it, and it goes on in the children of a fork; `fileq.connect` opens it.

    Everything it raises is a FileqError, of `fileq.errors`, but for what has a wrong type. Each method raises
    LedgerError, and QueueClosed after `close`.
    """

    def __init__(self, connection: QueueConnection) -> None:
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the queue's connections. What was added stays, and is done."""
        self._connection.close()

    # Adding

    def add(self, paths: Paths, recipe: Recipes = None, **options: Unpack[AddOptions]) -> Receipt:
        """Queue files, for a worker: what the receipt counts as queued is on disk, and will not be lost.

        `paths` are files, folders and patterns; relative ones are seen from the working folder. `recipe` is a name, a
        Recipe or several; None is the config's default. The options are those of AddOptions.

        Raises MissingPathsError where a path does not exist, NotFoundError for a recipe, UsageError: then nothing is
        queued.
        """
        return self._enter(self._build_request(paths, recipe, options))

    def prepare_add(self, paths: Paths, recipe: Recipes = None, **options: Unpack[AddOptions]) -> Callable[[], Receipt]:
        """Return a function that queues files as `add` does; for who has something to bring to its end before.

        What is asked for is checked now, but for the paths. Raises NotFoundError for a recipe, UsageError.
        """
        return partial(self._enter, self._build_request(paths, recipe, options))

    async def aadd(self, paths: Paths, recipe: Recipes = None, **options: Unpack[AddOptions]) -> Receipt:
        """Queue files as `add` does, with the same options, while the event loop goes on."""
        import asyncio  # whoever needs it has it

        from msgspec.structs import replace

        request, folder = self._build_request(paths, recipe, options), os.getcwd()
        request = replace(request, paths=[seen_from(folder, path) for path in request.paths])
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._connection.threads, self._enter, request)

    def _enter(self, request: AddRequest) -> Receipt:
        ledger = self._connection.ledger
        return Receipt(self._connection, add_files(ledger, request, now=ledger.now()))

    def run(
        self,
        paths: Paths,
        recipe: Recipes = None,
        *,
        workers: int | None = None,
        progress: Callable[[RunProgress], object] | None = None,
        **options: Unpack[AddOptions],
    ) -> Receipt:
        """Queue files, have them done here, by child processes of this one, and return when they are.

        The options are those of `add`; `workers` is how many are done at a time, by default as the config says, else
        one for each CPU. `progress` is called in this thread, now and then and at the end. Jobs that have failed raise
        nothing: see `Receipt.failed`. Raises as `add` does, and KeyboardInterrupt, after the running jobs have ended.
        """
        from fileq.api.run import run_here

        request = self._build_request(paths, recipe, options)
        return Receipt(self._connection, run_here(self._connection, request, workers, progress))

    def _build_request(self, paths: Paths, recipe: Recipes, options: AddOptions) -> AddRequest:
        if unknown := options.keys() - _OPTIONS:
            raise TypeError(f"add() got an unexpected keyword argument {min(unknown)!r}")  # as Python says it
        named = many_paths(paths)
        if not named:
            raise UsageError("Which files? No path was given.", "Name files or folders.")
        recipes = select_recipes(self._connection.config, recipe)
        require_marks(recipes)
        out, base, key, at = options.get("out"), options.get("base"), options.get("key"), options.get("at")
        return AddRequest(
            paths=named,
            recipes=recipes,
            out=None if out is None else output_folder(one_path(out), "out"),
            base=None if base is None else absolute_path(one_path(base)),
            include=texts(options.get("include", ())),
            exclude=texts(options.get("exclude", ())),
            recursive=options.get("recursive", True),
            priority=check_priority(number(options.get("priority", 0), "priority")),
            due_at=None if at is None else due_time(at, self._connection.ledger.now()),
            key=job_key(key),
            repeat=RepeatRule.ALWAYS if options.get("force", False) else RepeatRule.UNLESS_UP_TO_DATE,
        )

    def recipe(self, recipe: RecipeLike) -> Recipe:
        """Return the recipe of a name, built in or in the config; or a program's own, checked as a config's would be.

        Raises NotFoundError with the nearest right name, UsageError for what no recipe can say, and ConfigError.
        """
        return select_recipes(self._connection.config, recipe)[0]

    # Looking

    def job(self, job_id: int) -> JobHandle:
        """Return the job of this number. Raises NotFoundError."""
        return JobHandle(self._connection, job_id, find_job(self._connection.ledger, number(job_id, "a job")))

    def jobs(
        self,
        *,
        state: StateLike | Iterable[StateLike] = (),
        batch: int | None = None,
        recipe: str | None = None,
        key: str | None = None,
        cause: ErrorKind | str | None = None,
        limit: int | None = None,
    ) -> Iterator[JobHandle]:
        """Yield the jobs that are meant, the newest first; superseded ones only where `state` names them.

        Raises NotFoundError where there is no such batch, UsageError for a state or a cause that there is not.
        """
        selection = JobSelection(
            states=states_of(state),
            batch_id=batch_id(batch),
            recipe_name=None if recipe is None else text(recipe, "recipe"),
            key=job_key(key),
            error_kind=cause_of(cause),
        )
        require_batch(self._connection.ledger, batch)
        return self._list(selection, limit)

    def _list(self, selection: JobSelection, limit: int | None) -> Iterator[JobHandle]:
        from msgspec.structs import replace

        left = limit
        while left is None or left > 0:
            count = _AT_ONCE if left is None else min(left, _AT_ONCE)
            jobs = list(self._connection.ledger.overview.list_jobs(selection, count))
            yield from (JobHandle(self._connection, job.id, job) for job in jobs)
            if len(jobs) < count:
                return
            left = None if left is None else left - count
            selection = replace(selection, before_id=jobs[-1].id)

    def count(self, batch: int | None = None) -> dict[JobState, int]:
        """Return how many jobs are in each state, of a batch or of all; that costs the same with a million jobs."""
        return dict(self._connection.ledger.overview.tally_jobs(batch).jobs)

    # Steering

    def retry(
        self, *jobs: Jobs, failed: bool = False, batch: int | None = None, cause: ErrorKind | str | None = None
    ) -> list[JobHandle]:
        """Queue failed and cancelled jobs again, to read their sources as they are now; return those that were queued.

        They are those that are named; all that `failed`, or for a `cause`; or both kinds of a `batch`. Raises
        NotFoundError, UsageError where nothing says which.
        """
        if not (jobs or failed or batch is not None or cause):
            raise UsageError("Which jobs?", "Name them, or give failed, batch or cause.")
        states = (JobState.FAILED,) if failed or cause else (JobState.FAILED, JobState.CANCELLED)
        selected = failed or batch is not None or cause is not None
        ledger = self._connection.ledger
        selected_ids = self._select(
            jobs,
            JobSelection(states=states, batch_id=batch_id(batch), error_kind=cause_of(cause)) if selected else None,
        )
        return [
            JobHandle(self._connection, job_id) for job_id in control.retry_jobs(ledger, selected_ids, ledger.now())
        ]

    def cancel(self, *jobs: Jobs, batch: int | None = None, everything: bool = False) -> list[JobHandle]:
        """Cancel jobs that have not ended, also running ones; return those that were cancelled.

        They are those that are named, of a `batch`, or all with `everything`. Raises NotFoundError, UsageError where
        nothing says which.
        """
        if not (jobs or batch is not None or everything):
            raise UsageError("Which jobs?", "Name them, or give batch or everything.")
        unfinished = JobSelection(states=tuple(UNFINISHED), batch_id=None if everything else batch_id(batch))
        ledger = self._connection.ledger
        selected_ids = self._select(jobs, unfinished if everything or batch is not None else None)
        return [
            JobHandle(self._connection, job_id) for job_id in control.cancel_jobs(ledger, selected_ids, ledger.now())
        ]

    def _select(self, jobs: Iterable[Jobs], selection: JobSelection | None) -> list[int]:
        """Return the ids of jobs that are named or selected. Raises NotFoundError."""
        ledger = self._connection.ledger
        if selection is not None and isinstance(selection.batch_id, int):
            require_batch(ledger, selection.batch_id)
        named = [find_job(ledger, job_id).id for job_id in job_ids(self._connection, jobs)]
        return named + (list(ledger.overview.list_job_ids(selection)) if selection is not None else [])

    def pause(self) -> None:
        """Have no worker begin a job until `resume`. What runs goes on."""
        self._connection.ledger.batches.set_paused(paused=True)

    def resume(self) -> None:
        """Have workers begin jobs again."""
        self._connection.ledger.batches.set_paused(paused=False)

    @property
    def is_paused(self) -> bool:
        """Whether no worker begins a job."""
        return self._connection.ledger.batches.is_paused()
