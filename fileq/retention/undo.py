"""The undoing of a batch: what it made goes, where it is unchanged, and what it replaced gets its place again."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import msgspec

from fileq.files.identity import version_at
from fileq.ledger import Ledger
from fileq.ledger.queries.retention import RemovableOutput
from fileq.ledger.tables.replaced_files import ReplacedFile
from fileq.retention.empty_folders import remove_empty_folders
from fileq.retention.lock import cleanup_lock
from fileq.retention.removal import Remover, finish_interrupted_removals
from fileq.retention.replaced_files import PutBack, put_back
from fileq.retention.result import CleanupResult
from fileq.retention.verification import DirectoryCache, OutputState, verify_output
from fileq.roots import missing_root

_AT_ONCE = 500


class UndoResult(msgspec.Struct, kw_only=True):
    """What became of a batch's outputs, and of what they had replaced: `put_back`, or `not_kept` and so lost.

    Where a file was not kept, the output that took its place stays. `remade` says of later batches, by their numbers,
    how many of its outputs they have made anew; `originals` says of earlier ones how many originals their undo puts
    back where this batch has replaced outputs.
    """

    outputs: CleanupResult = msgspec.field(default_factory=CleanupResult)
    put_back: list[str] = []
    not_kept: list[str] = []
    remade: dict[int, int] = {}
    originals: dict[int, int] = {}


def undo_batch(
    ledger: Ledger, batch_id: int, now: float, *, dry_run: bool = False, stop: Callable[[], bool] = lambda: False
) -> UndoResult:
    """Remove a batch's outputs that nobody changed since, and put back what they replaced; return how that went.

    What lies in a root that this host lacks is left as it is, and counted.
    `stop` is asked between files: the next time does what is left. Raises LedgerError, and EnvironmentFailure where a
    cleanup is under way.
    """
    result = UndoResult(remade=ledger.retention.count_remade(batch_id))
    with nullcontext() if dry_run else cleanup_lock(ledger, now), DirectoryCache(ledger) as directories:
        undoing = _Undoing(ledger, batch_id, directories, result, now, stop, dry_run=dry_run)
        undoing.put_back_all()
        undoing.remove_all()
        if not dry_run:
            result.outputs.folders_removed = remove_empty_folders(ledger, stop)
        result.outputs.stopped = stop()
    return result


class _Undoing:
    def __init__(
        self,
        ledger: Ledger,
        batch_id: int,
        directories: DirectoryCache,
        result: UndoResult,
        now: float,
        stop: Callable[[], bool],
        *,
        dry_run: bool,
    ) -> None:
        self._ledger = ledger
        self._batch_id = batch_id
        self._directories = directories
        self._result = result
        self._now = now
        self._stop = stop
        self._dry_run = dry_run
        self._outcomes: dict[str, PutBack | None] = {}
        """What became of the files that were replaced, by their paths; None where that failed."""

    def put_back_all(self) -> None:
        """Put back what the batch replaced, and note what can't be; what is in a root that is not here is left."""
        for replaced in self._ledger.replaced_files.list_of_batch(self._batch_id):
            if missing_root(replaced.path):
                continue
            if self._stop():
                break
            if self._outcomes.get(replaced.path) is not PutBack.DONE or not self._dry_run:
                self._put_back(replaced)
        for path in self._ledger.replaced_files.list_sources_replaced(self._batch_id):
            self._outcomes.setdefault(path, PutBack.GONE)
        self._note_outcomes()

    def _note_outcomes(self) -> None:
        for path, outcome in self._outcomes.items():
            if outcome is PutBack.DONE:
                self._result.put_back.append(path)
            elif outcome is PutBack.CHANGED:
                self._keep(path)
            elif outcome is PutBack.GONE and not missing_root(path):
                self._give_up(path)

    def _keep(self, path: str) -> None:
        """Note that something else has the place of an output: that of a later batch, or what somebody has made."""
        later = find_published_batch(self._ledger, path)
        if later is None or later == self._batch_id:
            self._result.outputs.kept.append(path)
        else:
            self._result.remade[later] = self._result.remade.get(later, 0) + 1

    def _give_up(self, path: str) -> None:
        """Note that nothing was kept of what an output has replaced, or which batch has kept the original before."""
        earlier = self._ledger.replaced_files.find_batch_of_original(path)
        if earlier is None or earlier == self._batch_id:
            self._result.not_kept.append(path)
        else:
            self._result.originals[earlier] = self._result.originals.get(earlier, 0) + 1

    def _put_back(self, replaced: ReplacedFile) -> None:
        """Put one file back. Of one that several attempts had begun to replace, any name that is kept counts."""
        replaced = self._ledger.replaced_files.follow_replacements(replaced)
        try:
            outcome = put_back(self._ledger, self._directories, replaced, self._now, dry_run=self._dry_run)
        except OSError as error:
            self._result.outputs.add_failure(replaced.path, error.strerror or str(error))
            self._outcomes.setdefault(replaced.path, None)
            return
        if outcome is PutBack.DONE or self._outcomes.get(replaced.path) in (None, PutBack.GONE):
            self._outcomes[replaced.path] = outcome

    def remove_all(self) -> None:
        """Remove all other outputs of the batch that are what fileq wrote."""
        result = self._result.outputs
        finish_interrupted_removals(self._ledger, self._directories, result, self._now, dry_run=self._dry_run)
        remover = Remover(self._ledger, self._directories, result, self._now, self._stop)
        batch: list[RemovableOutput] = []
        for output in self._unchanged_outputs():
            if self._dry_run:
                result.add_removed(output.path, output.bytes)
                continue
            batch.append(output)
            if len(batch) == _AT_ONCE:
                remover.remove_outputs(batch)
                batch.clear()
        if batch:
            remover.remove_outputs(batch)

    def _unchanged_outputs(self) -> Iterator[RemovableOutput]:
        for output in self._ledger.retention.list_removable_of_batch(self._batch_id):
            if self._stop() or output.path in self._outcomes:
                continue
            try:
                state = verify_output(self._ledger, self._directories, output)
            except OSError as error:
                self._result.outputs.add_failure(output.path, error.strerror or str(error))
                continue
            if state is OutputState.UNCHANGED:
                yield output
            elif state in (OutputState.CHANGED, OutputState.SOURCE):
                self._result.outputs.kept.append(output.path)
            elif root := missing_root(output.path):
                self._result.outputs.add_elsewhere(root)


def find_published_batch(ledger: Ledger, path: str) -> int | None:
    """Return the batch that has made what stands at a path, where nobody has changed it since; else None."""
    owner = ledger.outputs.find_owner(path)
    if owner is None or version_at(path) not in owner.versions:
        return None
    job = ledger.overview.find_job(owner.job_id, purged=True)
    return None if job is None else job.batch_id
