"""Old jobs are forgotten. Of those without which something would be made twice, a remnant stays that nobody sees."""

import glob
import os
from collections.abc import Callable, Iterator, Sequence

from fileq.config.settings import ScheduleSettings
from fileq.files.directory import is_drive_missing
from fileq.files.identity import version_of
from fileq.ledger import Ledger
from fileq.ledger.queries.tombstones import PurgeCandidate
from fileq.retention.throttle import giving_way

_AT_ONCE = 500
_MONTH = 30 * 86400.0
"""Seconds after which it is looked at again whether a remnant is needed."""


class Forgetting:
    """`before`: jobs that ended earlier are old; both in seconds since the epoch."""

    def __init__(
        self, ledger: Ledger, before: float, now: float, stop: Callable[[], bool], schedule: ScheduleSettings
    ) -> None:
        self._ledger = ledger
        self._before = before
        self._now = now
        self._stop = stop
        self._roots = [
            *ledger.tombstones.list_watched_paths(),
            *(_root(path) for batch in schedule.add for path in batch.paths),
        ]

    def forget(self) -> Iterator[int]:
        """Forget a few hundred jobs at a time, and say how many they were."""
        seen = self._now - _MONTH
        while not self._stop() and (some := self._ledger.tombstones.find_old_jobs(self._before, _AT_ONCE)):
            self._judge(some, seen)
            yield len(some)
        while not self._stop() and (some := self._ledger.tombstones.find_tombstones(seen, _AT_ONCE)):
            self._judge(some, seen)

    def _judge(self, jobs: Sequence[PurgeCandidate], seen: float) -> None:
        needed = {past.job for past in jobs if self._is_needed(past)}
        others = [past.job for past in jobs if past.job not in needed]
        with giving_way():
            self._ledger.tombstones.purge_jobs(needed, others, self._now, ended=self._before, seen=seen)

    def _is_needed(self, past: PurgeCandidate) -> bool:
        return (
            past.departing
            or self._anything_stands(past.job)
            or self._would_come_again(past)
            or self._protects_its_source(past)
        )

    def _protects_its_source(self, past: PurgeCandidate) -> bool:
        """Whether its source is an output itself, which else would be no source any more, and go."""
        return any(map(self._ledger.outputs.is_published, {past.source, os.path.realpath(past.source)}))

    def _anything_stands(self, job: int) -> bool:
        return any(map(self._may_be_there, self._ledger.tombstones.list_published_paths(job)))

    def _may_be_there(self, path: str) -> bool:
        if os.path.lexists(path):
            return True
        folder = self._ledger.folders.find_folder(os.path.dirname(path))
        return folder is not None and is_drive_missing(folder.real, folder.device)

    def _would_come_again(self, past: PurgeCandidate) -> bool:
        """Whether a watcher, or a batch that is added by the clock, would take its source for a new one."""
        roots = [
            root for root in self._roots if past.source == root or past.source.startswith(root.rstrip(os.sep) + os.sep)
        ]
        if not roots and past.watch is None:
            return False
        try:
            return version_of(os.stat(past.source)) == past.version
        except OSError:
            return any(map(self._is_away, roots))

    def _is_away(self, root: str) -> bool:
        folder = self._ledger.folders.find_folder(root)
        return folder is not None and is_drive_missing(folder.real, folder.device)


def _root(path: str) -> str:
    """The file or folder that is named, or the folder below which a pattern can match."""
    while glob.has_magic(path):
        path = os.path.dirname(path)
    return path
