"""The queue as a program sees it: add files, look at jobs, steer them, or have them done here."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Self, TypedDict, TypeVar, Unpack

from fileq import control
from fileq.api.job_handle import JobHandle
from fileq.api.marks import require_marks
from fileq.api.receipt import Receipt
from fileq.api.recipes import RecipeLike, select_recipes
from fileq.config.paths import absolute_path
from fileq.errors import ErrorKind, UsageError
from fileq.intake import AddRequest, RepeatRule, add_files
from fileq.intake.due_time import parse_due_time
from fileq.intake.output_folder import output_folder
from fileq.job import UNFINISHED, JobState, check_key, check_priority
from fileq.ledger.queries.overview import JobSelection
from fileq.lookup import find_job, require_batch
from fileq.recipes.recipe import Recipe

if TYPE_CHECKING:
    from fileq.api.connection import QueueConnection
    from fileq.api.run import RunProgress

PathLike = str | bytes | os.PathLike[str] | os.PathLike[bytes]
"""A path of a file or a folder; a text may be a pattern, such as "photos/*.jpg"."""
When = datetime | timedelta | str
"""A time (local without a zone), a delay, or what --at takes: "30m", "22:00"."""
StateLike = JobState | str
W = TypeVar("W", JobState, ErrorKind)
JobLike = JobHandle | int

Paths = PathLike | Iterable[PathLike]
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
_LONGEST_PATH = 4096


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
        request = replace(request, paths=[_seen_from(folder, path) for path in request.paths])
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
        named = _paths(paths)
        if not named:
            raise UsageError("Which files? No path was given.", "Name files or folders.")
        recipes = select_recipes(self._connection.config, recipe)
        require_marks(recipes)
        out, base, key, at = options.get("out"), options.get("base"), options.get("key"), options.get("at")
        return AddRequest(
            paths=named,
            recipes=recipes,
            out=None if out is None else output_folder(os.fsdecode(out), "out"),
            base=None if base is None else absolute_path(os.fsdecode(base)),
            include=_texts(options.get("include", ())),
            exclude=_texts(options.get("exclude", ())),
            recursive=options.get("recursive", True),
            priority=check_priority(options.get("priority", 0)),
            due_at=None if at is None else _due_time(at, self._connection.ledger.now()),
            key=None if key is None else check_key(key),
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
        return JobHandle(self._connection, job_id, find_job(self._connection.ledger, job_id))

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
            states=_states(state), batch_id=batch, recipe_name=recipe, key=key, error_kind=_cause(cause)
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
        self, *jobs: JobLike, failed: bool = False, batch: int | None = None, cause: ErrorKind | str | None = None
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
        job_ids = self._select(
            jobs, JobSelection(states=states, batch_id=batch, error_kind=_cause(cause)) if selected else None
        )
        return [JobHandle(self._connection, job_id) for job_id in control.retry_jobs(ledger, job_ids, ledger.now())]

    def cancel(self, *jobs: JobLike, batch: int | None = None, everything: bool = False) -> list[JobHandle]:
        """Cancel jobs that have not ended, also running ones; return those that were cancelled.

        They are those that are named, of a `batch`, or all with `everything`. Raises NotFoundError, UsageError where
        nothing says which.
        """
        if not (jobs or batch is not None or everything):
            raise UsageError("Which jobs?", "Name them, or give batch or everything.")
        unfinished = JobSelection(states=tuple(UNFINISHED), batch_id=None if everything else batch)
        ledger = self._connection.ledger
        job_ids = self._select(jobs, unfinished if everything or batch is not None else None)
        return [JobHandle(self._connection, job_id) for job_id in control.cancel_jobs(ledger, job_ids, ledger.now())]

    def _select(self, jobs: Iterable[JobLike], selection: JobSelection | None) -> list[int]:
        """Return the ids of jobs that are named or selected. Raises NotFoundError."""
        ledger = self._connection.ledger
        if selection is not None and isinstance(selection.batch_id, int):
            require_batch(ledger, selection.batch_id)
        job_ids = [find_job(ledger, job.id if isinstance(job, JobHandle) else job).id for job in jobs]
        if selection is not None:
            job_ids += ledger.overview.list_job_ids(selection)
        return job_ids

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


def _paths(paths: PathLike | Iterable[PathLike]) -> list[str]:
    named = paths if isinstance(paths, Iterable) and not isinstance(paths, str | bytes | os.PathLike) else [paths]
    return [_path(path) for path in named]


def _path(path: PathLike) -> str:
    try:
        name = os.fsdecode(path)
    except TypeError as error:
        raise UsageError(f"{path!r} is no path.", "Give a text, or a pathlib.Path.") from error
    if "\0" in name or len(name) > _LONGEST_PATH:
        raise UsageError("A path was to be given, and that is none.", "Write what it holds into a file, and name that.")
    return name


def _seen_from(folder: str, path: str) -> str:
    """Return what a path, or a pattern, means in a folder, wherever it is looked at. "" is none, and stays so."""
    if not path or path.startswith("~") or os.path.isabs(path):
        return path
    there = os.path.join(folder, path)
    return there if os.path.lexists(there) else os.path.join(glob.escape(folder), path)


def _texts(patterns: Iterable[str]) -> tuple[str, ...]:
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)


def _due_time(at: When, now: float) -> float:
    if isinstance(at, timedelta):
        return now + at.total_seconds()
    return at.timestamp() if isinstance(at, datetime) else parse_due_time(at, now, "at")


def _states(states: StateLike | Iterable[StateLike]) -> tuple[JobState, ...]:
    return tuple(_word(JobState, one, "state") for one in ([states] if isinstance(states, str) else states))


def _cause(cause: ErrorKind | str | None) -> ErrorKind | None:
    return None if cause is None else _word(ErrorKind, cause, "cause")


def _word(kind: type[W], word: str, called: str) -> W:
    try:
        return kind(word)
    except ValueError as error:
        from fileq.config.problems import suggest_names

        raise UsageError(
            f"There is no {called} {word!r}.", suggest_names(word, list(kind.__members__.values()))
        ) from error
