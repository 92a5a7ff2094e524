"""The cleanup, from start to end: outputs, then empty folders, then old jobs, then the database's free pages."""

import functools
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import nullcontext

from fileq.config.settings import ScheduleSettings, Settings
from fileq.ledger import Ledger
from fileq.ledger.queries.retention import CleaningRecord, RemovableOutput
from fileq.retention import selection
from fileq.retention.empty_folders import remove_empty_folders
from fileq.retention.lock import cleanup_lock, throttle
from fileq.retention.purge import Purge
from fileq.retention.removal import Remover, finish_interrupted_removals
from fileq.retention.replaced_files import discard_replaced
from fileq.retention.result import CleanupResult
from fileq.retention.verification import DirectoryCache, OutputState, verify_output
from fileq.roots import missing_root
from fileq.units import KeepDuration

_BATCH = 500
"""So many outputs share a transaction that says what is to go."""

_PAGES_AT_ONCE = 200
"""So many pages of the database are given back at a time. Measured: 1.5 ms, at times 30."""


def _never() -> bool:
    return False


def clean(
    ledger: Ledger,
    settings: Settings,
    now: float,
    *,
    older_than: KeepDuration | None = None,
    dry_run: bool = False,
    stop: Callable[[], bool] = _never,
    keeping: Collection[str] = (),
) -> CleanupResult:
    """Remove outputs and purge jobs that are older than the config keeps them, and return what went.

    `older_than` takes the place of `[retention] outputs`; a recipe's own `keep` goes before both. What the recipes
    named `keeping` made stays: how long they keep it is not known now.
    `stop` is asked between files; the next cleanup does what is left then. Raises LedgerError, and
    EnvironmentFailure where another cleanup is under way.
    """
    with nullcontext() if dry_run else cleanup_lock(ledger, now), DirectoryCache(ledger) as directories:
        cleanup = _Cleanup(ledger, directories, now, stop, dry_run=dry_run)
        recipes = ledger.retention.list_recipes()
        cleanup.remove_outputs(selection.rules_in_force(recipes, settings, now, older_than, keeping))
        cleanup.purge_jobs(now - settings.retention.history, settings.schedule)
        if not dry_run:
            cleanup.result.bytes_freed += discard_replaced(ledger, directories, now - settings.retention.replaced)
            cleanup.shrink()
        cleanup.result.stopped = stop()
    return cleanup.result


class _Cleanup:
    def __init__(
        self, ledger: Ledger, directories: DirectoryCache, now: float, stop: Callable[[], bool], *, dry_run: bool
    ) -> None:
        self.result = CleanupResult()
        self._ledger = ledger
        self._directories = directories
        self._now = now
        self._stop = stop
        self._dry_run = dry_run
        self._remover = Remover(ledger, directories, self.result, now, stop)
        self._batch: list[RemovableOutput] = []
        self._missing: list[RemovableOutput] = []
        self._cleaning_id: int | None = None

    def remove_outputs(self, rules: selection.RetentionRules) -> None:
        """Finish what a crash interrupted, then remove what is expired, surplus outputs, and folders left empty."""
        finish_interrupted_removals(self._ledger, self._directories, self.result, self._now, dry_run=self._dry_run)
        counted = frozenset(rules.counted_recipe_ids)
        total = None if rules.max_total is None else self._ledger.retention.total_output_bytes(counted)
        for output in self._until_stopped(selection.find_expired(self._ledger, rules)):
            freed = self._take_output(output)
            if total is not None and output.recipe_id in counted:
                total -= freed
        if total is not None and rules.max_total is not None and total > rules.max_total:
            total -= self._bytes_away(rules)
            surplus = self._until_stopped(selection.find_surplus(self._ledger, rules))
            while total > rules.max_total and (oldest := next(surplus, None)):
                total -= self._take_output(oldest)
        self._remove_batch()
        if not self._dry_run:
            self.result.folders_removed = remove_empty_folders(self._ledger, self._stop)

    def _bytes_away(self, rules: selection.RetentionRules) -> int:
        """Return the bytes of what counts for the total and can't be reached: nothing else is to make room for it.

        Another host has its root, or its drive is away. A pass over a million outputs takes seconds.
        """
        is_away = functools.cache(self._directories.is_away)
        outputs = self._until_stopped(selection.find_counted(self._ledger, rules))
        return sum(
            one.bytes
            for one in outputs
            if not one.vanished and (missing_root(one.path) or is_away(os.path.dirname(one.path)))
        )

    def _until_stopped(self, outputs: Iterator[RemovableOutput]) -> Iterator[RemovableOutput]:
        for output in outputs:
            if self._stop():
                return
            yield output

    def _take_output(self, output: RemovableOutput) -> int:
        """Have an output removed if it is the file that fileq wrote; return by how many bytes the total shrinks."""
        try:
            state = verify_output(self._ledger, self._directories, output)
        except OSError as error:
            self.result.add_failure(output.path, error.strerror or str(error))
            return 0
        if state is OutputState.UNCHANGED:
            self._batch.append(output)
        elif state is OutputState.MISSING:
            self._missing.append(output)
        elif state is OutputState.CHANGED:
            self.result.kept.append(output.path)
        elif root := missing_root(output.path):
            self.result.add_elsewhere(root)
        if len(self._batch) + len(self._missing) == _BATCH:
            self._remove_batch()
        # What is another file by now is nothing that fileq would have to make room for.
        return 0 if output.vanished or state in (OutputState.DRIVE_MISSING, OutputState.SOURCE) else output.bytes

    def _remove_batch(self) -> None:
        if self._dry_run:
            for output in self._batch:
                self.result.add_removed(output.path, output.bytes)
        else:
            gone = [(output.path, output.version) for output in self._missing if not output.vanished]
            self._ledger.standing_outputs.record_vanished(gone, (), self._now)
            if self._batch:
                self._remover.remove_outputs(self._batch)
            self._record_progress()
        self._batch.clear()
        self._missing.clear()

    def _record_progress(self) -> None:
        done = self.result
        if done.outputs_removed or done.jobs_purged:
            gone = CleaningRecord(
                outputs=done.outputs_removed,
                bytes=done.bytes_freed,
                kept_changed=done.kept_changed,
                jobs=done.jobs_purged,
            )
            self._cleaning_id = self._ledger.retention.upsert_cleaning(self._cleaning_id, gone, self._now)

    def purge_jobs(self, before: float, schedule: ScheduleSettings) -> None:
        """Purge the jobs that ended before this time, in seconds since the epoch."""
        if self._dry_run:
            self.result.jobs_purged = self._ledger.tombstones.count_old_jobs(before)
            return
        for count in Purge(self._ledger, before, self._now, self._stop, schedule).purge_jobs():
            self.result.jobs_purged += count
            self._record_progress()
        if not self._stop():
            with throttle():
                self._ledger.tombstones.delete_unused(self._now)

    def shrink(self) -> None:
        """Give free pages of the database back, in steps between which workers have their turn."""
        left = True
        while left and not self._stop():
            with throttle():
                left = self._ledger.database.release_free_space(_PAGES_AT_ONCE)
        with throttle():
            self._ledger.database.truncate_log()
