"""What a job is, and the states it goes through. Pure: nothing here reads a clock, a file or a database."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from fileq.errors import ErrorKind, UsageError


class JobState(StrEnum):
    """Where a job stands. `TRANSITIONS` says what may follow."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to a job by itself."""
        return self in FINAL


TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.SUPERSEDED}),
    JobState.RUNNING: frozenset(
        # to QUEUED when its worker died or was stopped
        {JobState.DONE, JobState.FAILED, JobState.WAITING, JobState.CANCELLED, JobState.QUEUED}
    ),
    JobState.WAITING: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.SUPERSEDED}),
    JobState.DONE: frozenset({JobState.QUEUED}),  # by `add --force`, or where its outputs are gone
    JobState.FAILED: frozenset({JobState.QUEUED, JobState.SUPERSEDED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED, JobState.SUPERSEDED}),
    JobState.SUPERSEDED: frozenset({JobState.QUEUED}),  # by `add`, where that version is back
}

FINAL = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.SUPERSEDED})
UNFINISHED = frozenset(JobState) - FINAL
LISTED = frozenset(JobState) - {JobState.SUPERSEDED}
"""What lists and sums are about unless somebody asks for others: another job stands for one that is superseded."""


def describe_states(jobs: Mapping[JobState, int]) -> str:
    """Return how many jobs are in which state, of those that are listed: 118 done, 2 failed; "" for none."""
    return ", ".join(f"{count:,} {state}" for state, count in jobs.items() if count and state in LISTED)


HIGHEST_PRIORITY = 2**31 - 1
"""Of a job; the lowest is as far below 0. Halves between two of them are exact in all columns."""

LONGEST_KEY = 200
"""Characters in the key of a job."""

SKIPPED_OUTPUTS = "skipped: a file exists there."
"""How the note on a job ends whose outputs are not all made: it is up to date only once they are."""


def check_priority(priority: int, called: str = "priority") -> int:
    """Return a priority that a job can have; `called` is what people know it by. Raises UsageError."""
    if abs(priority) > HIGHEST_PRIORITY:
        raise UsageError(f"{called} {priority} is too large for fileq.", "0 is usual, and 10 goes before it.")
    return priority


def check_key(key: str) -> str:
    """Return a text that jobs are to be known by. Raises UsageError where it is none that each database can keep."""
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise UsageError(
            f"{key[:LONGEST_KEY]!r} can be no key of a job.",
            f"A key is a text of 1 to {LONGEST_KEY} characters on one line, such as order-17.",
        )
    return key


class Failure(msgspec.Struct, frozen=True):
    """Why a job did not go well, as the user is told."""

    kind: ErrorKind
    message: str
    hint: str

    def at_new_place(self, job_id: int, before: str, after: str) -> "Failure":
        """Return this failure of a job whose source was put elsewhere since: it says where, and what reads it there."""
        again = f"It is now at {after}. Once it is fixed there, try again with: fileq retry {job_id}"
        return Failure(self.kind, self.message.replace(before, after), f"{self.hint} {again}".strip())


def message_with_source(message: str, source: str) -> str:
    """Return a failure's message, with the job's source before it where the message doesn't name it."""
    return message if source in message else f"{source}: {message}"


class OutputInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What an output is, or will be: its absolute final path, its format, and its size.

    In pixels, 0 where it is no picture or not known; and in bytes, 0 before it is encoded.
    """

    path: str
    format: str
    width: int
    height: int
    bytes: int = 0

    @property
    def is_picture(self) -> bool:
        """Whether it has a size in pixels: a film and a document have none."""
        return bool(self.width and self.height)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One source to go through one recipe, as the ledger has it. Times are seconds since the epoch."""

    id: int
    batch_id: int
    source: str
    recipe_name: str
    folder: str
    state: JobState
    attempts: int
    priority: int
    added_at: float
    due_at: float | None
    started_at: float | None
    finished_at: float | None
    failure: Failure | None
    note: str
    outputs: tuple[OutputInfo, ...] = ()
    moved_to: str | None = None
    """Where a watched folder has put the source since."""
    key: str | None = None
    """What whoever added it knows it by."""


class Token(msgspec.Struct, frozen=True):
    """The right to finish one attempt. Once the ledger gives the job to another attempt, it is void."""

    job_id: int
    attempt: int
    claimed_at: float = 0.0
    """Seconds since the epoch. A server that dies may forget a claim, and the next one then has the same number."""
