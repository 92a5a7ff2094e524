"""What a program is told of the files that it has added."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Self

from fileq.api.job_handle import JobHandle, JobList, wait_timeout
from fileq.errors import WaitTimeout

if TYPE_CHECKING:
    from fileq.api.connection import QueueConnection
    from fileq.intake import AddResult


class Receipt:
    """What became of the files that were named: all that it counts as queued is on disk, and will not be lost.

    `batch` is None where nothing was queued. `unmatched` counts files that no recipe takes by their names; `problems`
    are sentences on those that were named themselves and could not be taken, and `notices` on what else was skipped.
    """

    def __init__(self, connection: QueueConnection, result: AddResult) -> None:
        self._connection = connection
        self._ids = list(dict.fromkeys(result.job_ids))
        self.batch = result.batch_id
        self.queued = result.queued
        self.already_queued = result.already_queued
        self.up_to_date = result.up_to_date
        self.unmatched = result.unmatched
        self.problems = tuple(result.problems)
        self.notices = tuple(result.notices)

    def __repr__(self) -> str:
        return (
            f"<fileq receipt: batch {self.batch}, {self.queued} queued, {self.already_queued} queued before,"
            f" {self.up_to_date} up to date, {len(self.problems)} problems>"
        )

    @cached_property
    def jobs(self) -> JobList:
        """All jobs that were asked for, in the order of the files; also what was queued before, or is up to date."""
        return JobList(self._connection, self._ids)

    @property
    def failed(self) -> list[JobHandle]:
        """Those of the jobs that have failed, as they are now."""
        return [job for job in self.jobs if job.state == "failed"]

    def wait(self, timeout: float | None = None, *, check: bool = False) -> Self:
        """Wait for the ends of all jobs, `timeout` seconds at the longest. Raises as `wait` of a job does."""
        ends_at = None if timeout is None else time.monotonic() + timeout
        for job in self.jobs:
            with _waiting_for(job, timeout):
                job.wait(_left_until(ends_at), check=check)
        return self

    async def await_(self, timeout: float | None = None, *, check: bool = False) -> Self:
        """Wait as `wait` does, while the event loop goes on."""
        ends_at = None if timeout is None else time.monotonic() + timeout
        for job in self.jobs:
            with _waiting_for(job, timeout):
                await job.await_(_left_until(ends_at), check=check)
        return self


def _left_until(ends_at: float | None) -> float | None:
    return None if ends_at is None else max(0.0, ends_at - time.monotonic())


@contextmanager
def _waiting_for(job: JobHandle, timeout: float | None) -> Iterator[None]:
    """Name the time that was given for all jobs, not what was left of it for this one."""
    try:
        yield
    except WaitTimeout as error:
        raise wait_timeout(job.id, timeout) from error
