"""A job as a program sees it: what the ledger says of it, and waiting for its end."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self, overload

from fileq.errors import JobError, JobNotDone, NotFoundError, UsageError, WaitTimeout
from fileq.job import JobState

if TYPE_CHECKING:
    from fileq.api.connection import QueueConnection
    from fileq.api.job_watcher import Ended
    from fileq.job import Failure, Job, OutputInfo


class JobHandle:
    """One file that goes through one recipe.

    It is as it was when it was last looked at: at the first use of an attribute, at `refresh` and after `wait`. Times
    are in UTC. The names are those of `fileq list --json`.
    """

    __slots__ = ("_connection", "_job", "id")

    def __init__(self, connection: QueueConnection, job_id: int, job: Job | None = None) -> None:
        self._connection = connection
        self._job = job
        self.id = job_id

    def __repr__(self) -> str:
        return f"<fileq job {self.id}{f' {self._job.state}' if self._job is not None else ''}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JobHandle) and (self.id, self._connection) == (other.id, other._connection)

    def __hash__(self) -> int:
        return hash(self.id)

    def id_in(self, connection: QueueConnection) -> int:
        """Return its number, for a queue of the same database. Raises UsageError for any other."""
        if connection.database != self._connection.database:
            raise UsageError(f"Job {self.id} is of another queue.", "Ask the queue that it was added to.")
        return self.id

    @property
    def _known(self) -> Job:
        if self._job is None:
            self.refresh()
        assert self._job is not None
        return self._job

    def refresh(self) -> Self:
        """Look at the job as it is now. Raises NotFoundError where it is gone, LedgerError."""
        return self._see(self._connection.ledger.overview.find_job(self.id, purged=True))

    def _see(self, job: Ended) -> Self:
        if isinstance(job, BaseException):
            raise job
        if job is None:
            raise NotFoundError(f"There is no job {self.id} any more.", "It is old, and was removed.")
        self._job = job
        return self

    # What it is

    @property
    def batch(self) -> int:
        """The number of the batch that it was queued in."""
        return self._known.batch_id

    @property
    def source(self) -> str:
        """The absolute path of the file that it is about."""
        return self._known.source

    @property
    def recipe(self) -> str:
        """The name of its recipe; "custom" for one without a name."""
        return self._known.recipe_name

    @property
    def folder(self) -> str:
        """The folder that its outputs go to."""
        return self._known.folder

    @property
    def key(self) -> str | None:
        """What it was added with as `key`."""
        return self._known.key

    @property
    def priority(self) -> int:
        """Its priority: higher ones go first."""
        return self._known.priority

    # How it goes

    @property
    def state(self) -> JobState:
        """Its state, which is a string too: `job.state == "done"`."""
        return self._known.state

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state.is_final

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        return self._known.attempts

    @property
    def outputs(self) -> tuple[OutputInfo, ...]:
        """What it has made, once it is done: each with `path`, `format`, `bytes`, `width` and `height`."""
        return self._known.outputs

    @property
    def error(self) -> Failure | None:
        """Why it has failed, or waits for another try: `kind`, `message` and `hint`. None where nothing went wrong."""
        return self._known.failure

    @property
    def note(self) -> str:
        """What it has to say beside its outputs, such as that one was left out; "" for nothing."""
        return self._known.note

    @property
    def added_at(self) -> datetime:
        """When it was queued."""
        return datetime.fromtimestamp(self._known.added_at, UTC)

    @property
    def due_at(self) -> datetime | None:
        """Before when it does not begin; None where it may at once."""
        return _time(self._known.due_at)

    @property
    def started_at(self) -> datetime | None:
        """When its last try began; None where none has."""
        return _time(self._known.started_at)

    @property
    def finished_at(self) -> datetime | None:
        """When it ended; None where it has not."""
        return _time(self._known.finished_at)

    # Its end

    def wait(self, timeout: float | None = None, *, check: bool = False) -> Self:
        """Wait for the end of the job, `timeout` seconds at the longest, and return it.

        With `check`, one that is not done is an error. Raises WaitTimeout, which is a TimeoutError; NotFoundError where
        the job is gone; LedgerError; with `check` JobError, whose `kind` says why it failed, and JobNotDone.
        """
        if self._has_ended_by_now(timeout):
            return self._end(self._job, check=check)
        told = threading.Event()
        ended: list[Ended] = []

        def tell(job: Ended) -> None:
            ended.append(job)
            told.set()

        forget = self._connection.watcher.watch(self.id, tell)
        try:
            if not told.wait(timeout):
                raise wait_timeout(self.id, timeout)
        finally:
            forget()
        return self._end(ended[0], check=check)

    async def await_(self, timeout: float | None = None, *, check: bool = False) -> Self:
        """Wait as `wait` does, while the event loop goes on: one thread looks for all jobs that are waited for."""
        import asyncio  # whoever needs it has it

        if self._has_ended_by_now(timeout):
            return self._end(self._job, check=check)
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[Ended] = loop.create_future()

        def tell(job: Ended) -> None:
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(settle, job)

        def settle(job: Ended) -> None:
            if not ended.done():
                ended.set_result(job)

        forget = self._connection.watcher.watch(self.id, tell)
        try:
            job = await asyncio.wait_for(ended, timeout)
        except TimeoutError as error:
            raise wait_timeout(self.id, timeout) from error
        finally:
            forget()
        return self._end(job, check=check)

    def _has_ended_by_now(self, timeout: float | None) -> bool:
        """Return whether a job of which no end is waited for has ended already."""
        return timeout is not None and timeout <= 0 and self.refresh().state.is_final

    def _end(self, job: Ended, *, check: bool) -> Self:
        if self._see(job).state is JobState.DONE or not check:
            return self
        if self.state is JobState.FAILED and self.error is not None:
            raise JobError(self.error.kind, self.error.message, self.error.hint)
        raise JobNotDone(f"Job {self.id} is {self.state}.", f"See: fileq show {self.id}")


def wait_timeout(job_id: int, timeout: float | None) -> WaitTimeout:
    """Return what is wrong where a job was waited for so many seconds, and has not ended."""
    return WaitTimeout(f"Job {job_id} has not ended in {timeout} s.", "It goes on: wait again, or cancel it.")


class JobList(Sequence[JobHandle]):
    """Jobs by their ids; each is looked at when it is used."""

    def __init__(self, connection: QueueConnection, job_ids: Sequence[int]) -> None:
        self._connection = connection
        self._ids = job_ids

    def __len__(self) -> int:
        return len(self._ids)

    def __repr__(self) -> str:
        return f"<{len(self)} fileq jobs>"

    @overload
    def __getitem__(self, place: int) -> JobHandle: ...
    @overload
    def __getitem__(self, place: slice) -> JobList: ...
    def __getitem__(self, place: int | slice) -> JobHandle | JobList:
        if isinstance(place, slice):
            return JobList(self._connection, self._ids[place])
        return JobHandle(self._connection, self._ids[place])


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
