"""What a program gives to a queue, as fileq has it. A wrong type is a TypeError, what can't be a UsageError."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from fileq.api.job_handle import JobHandle
from fileq.errors import ErrorKind, UsageError
from fileq.intake.due_time import parse_due_time
from fileq.job import JobState, check_key

if TYPE_CHECKING:
    from fileq.api.connection import QueueConnection

PathLike = str | bytes | os.PathLike[str] | os.PathLike[bytes]
"""A path of a file or a folder; a text may be a pattern, such as "photos/*.jpg"."""
When = datetime | timedelta | str
"""A time (local without a zone), a delay, or what --at takes: "30m", "22:00"."""
StateLike = JobState | str
JobLike = JobHandle | int
Jobs = JobLike | Iterable[JobLike]
Paths = PathLike | Iterable[PathLike]
W = TypeVar("W", JobState, ErrorKind)

_LONGEST_PATH = 4096


def number(value: int, called: str) -> int:
    """Return a whole number. Raises TypeError; True is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{called} is a number, and not {value!r}")
    return value


def text(value: str, called: str) -> str:
    """Return a text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{called} is a text, and not {value!r}")
    return value


def job_ids(connection: QueueConnection, jobs: Iterable[Jobs]) -> Iterator[int]:
    """Yield the ids of jobs, named one by one or in lists. Raises UsageError for a job of another queue."""
    for one in jobs:
        if isinstance(one, JobHandle):
            yield one.id_in(connection)
        elif isinstance(one, Iterable) and not isinstance(one, str | bytes):
            yield from job_ids(connection, one)
        else:
            yield number(one, "a job")  # type: ignore[arg-type]  # which it looks at


def batch_id(batch: int | None) -> int | None:
    """Return the number of a batch, None for none. Raises TypeError."""
    return None if batch is None else number(batch, "batch")


def job_key(key: str | None) -> str | None:
    """Return a key of jobs, None for none. Raises TypeError, and UsageError where it can be none."""
    return None if key is None else check_key(text(key, "key"))


def many_paths(paths: Paths) -> list[str]:
    """Return the paths of one or several. Raises UsageError."""
    named = paths if isinstance(paths, Iterable) and not isinstance(paths, str | bytes | os.PathLike) else [paths]
    return [one_path(path) for path in named]


def one_path(path: PathLike) -> str:
    """Return a path as a text. Raises UsageError where it is none."""
    try:
        name = os.fsdecode(path)
    except TypeError as error:
        raise UsageError(f"{path!r} is no path.", "Give a text, or a pathlib.Path.") from error
    if "\0" in name or len(name) > _LONGEST_PATH:
        raise UsageError("A path was to be given, and that is none.", "Write what it holds into a file, and name that.")
    return name


def seen_from(folder: str, path: str) -> str:
    """Return what a path, or a pattern, means in a folder, wherever it is looked at. "" is none, and stays so."""
    if not path or path.startswith("~") or os.path.isabs(path):
        return path
    there = os.path.join(folder, path)
    return there if os.path.lexists(there) else os.path.join(glob.escape(folder), path)


def texts(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return one text, or several."""
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)


def due_time(at: When, now: float) -> float:
    """Return a time in seconds since the epoch; a delay begins `now`. Raises UsageError."""
    if isinstance(at, timedelta):
        return now + at.total_seconds()
    return at.timestamp() if isinstance(at, datetime) else parse_due_time(at, now, "at")


def states_of(states: StateLike | Iterable[StateLike]) -> tuple[JobState, ...]:
    """Return the states of one name or several. Raises UsageError for one that there is not."""
    return tuple(_word(JobState, one, "state") for one in ([states] if isinstance(states, str) else states))


def cause_of(cause: ErrorKind | str | None) -> ErrorKind | None:
    """Return the kind of failure of a name, None for none. Raises UsageError for one that there is not."""
    return None if cause is None else _word(ErrorKind, cause, "cause")


def _word(kind: type[W], word: str, called: str) -> W:
    try:
        return kind(word)
    except ValueError as error:
        from fileq.config.problems import suggest_names

        raise UsageError(
            f"There is no {called} {word!r}.", suggest_names(word, list(kind.__members__.values()))
        ) from error
