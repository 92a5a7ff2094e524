"""The purge of old jobs. Of those without which a file would be made twice, a tombstone stays that nobody sees."""

import glob
import os
from collections.abc import Callable, Iterator, Sequence

from fileq.config.settings import ScheduleSettings
from fileq.files.directory import is_drive_missing
from fileq.files.identity import version_of
from fileq.ledger import Ledger
from fileq.ledger.queries.tombstones import PurgeCandidate
from fileq.retention.lock import throttle

_AT_ONCE = 500
_TOMBSTONE_CHECK_INTERVAL = 30 * 86400.0
"""Seconds after which it is checked again whether a tombstone is needed."""


class Purge:
    """The purge of the jobs that ended before `before`, in seconds since the epoch like `now`."""

    def __init__(
        self, ledger: Ledger, before: float, now: float, stop: Callable[[], bool], schedule: ScheduleSettings
    ) -> None:
        self._ledger = ledger
        self._before = before
        self._now = now
        self._stop = stop
        self._roots = [
            *ledger.tombstones.list_watched_paths(),
            *(_fixed_root(path) for batch in schedule.add for path in batch.paths),
        ]

    def purge_jobs(self) -> Iterator[int]:
        """Purge a few hundred jobs at a time, and yield how many they were. Then drop tombstones that nothing needs."""
        checked_before = self._now - _TOMBSTONE_CHECK_INTERVAL
        while not self._stop() and (batch := self._ledger.tombstones.find_old_jobs(self._before, _AT_ONCE)):
            self._purge_batch(batch, checked_before)
            yield len(batch)
        while not self._stop() and (batch := self._ledger.tombstones.find_tombstones(checked_before, _AT_ONCE)):
            self._purge_batch(batch, checked_before)

    def purge_these(self, job_ids: Sequence[int]) -> int:
        """Purge those of these jobs that have ended, and return how many they were."""
        jobs = self._ledger.tombstones.find_finished_jobs(job_ids)
        self._purge_batch(jobs, checked_before=float("-inf"))
        return len(jobs)

    def _purge_batch(self, jobs: Sequence[PurgeCandidate], checked_before: float) -> None:
        needed = {job.job_id for job in jobs if self._is_needed(job)}
        others = [job.job_id for job in jobs if job.job_id not in needed]
        with throttle():
            self._ledger.tombstones.purge_jobs(needed, others, self._now, ended=self._before, seen=checked_before)

    def _is_needed(self, job: PurgeCandidate) -> bool:
        return (
            job.has_disposition
            or self._has_output(job.job_id)
            or self._would_be_queued_again(job)
            or self._is_source_an_output(job)
        )

    def _is_source_an_output(self, job: PurgeCandidate) -> bool:
        """Return whether its source is an output itself, which else would be no source any more, and be removed."""
        return any(map(self._ledger.outputs.is_published, {job.source, os.path.realpath(job.source)}))

    def _has_output(self, job_id: int) -> bool:
        return any(map(self._may_exist, self._ledger.tombstones.list_published_paths(job_id)))

    def _may_exist(self, path: str) -> bool:
        if os.path.lexists(path):
            return True
        folder = self._ledger.folders.find_folder(os.path.dirname(path))
        return folder is not None and is_drive_missing(folder.real_path, folder.device)

    def _would_be_queued_again(self, job: PurgeCandidate) -> bool:
        """Return whether a watcher, or a batch that the schedule adds, would take its source for a new one."""
        roots = [
            root for root in self._roots if job.source == root or job.source.startswith(root.rstrip(os.sep) + os.sep)
        ]
        if not roots and job.watch_id is None:
            return False
        try:
            return version_of(os.stat(job.source)) == job.version
        except OSError:
            return any(map(self._is_drive_missing, roots))

    def _is_drive_missing(self, root: str) -> bool:
        folder = self._ledger.folders.find_folder(root)
        return folder is not None and is_drive_missing(folder.real_path, folder.device)


def _fixed_root(path: str) -> str:
    """Return the file or folder that is named, or the folder below which a pattern can match."""
    while glob.has_magic(path):
        path = os.path.dirname(path)
    return path
