"""The removal of outputs in three steps: the intent is recorded, the file is hidden, and goes if it is the right one.

A file that somebody puts in its place between a check and the next step is never removed: under its hidden name it is
checked once more, and gets its name back if it is another. What a crash interrupts is finished, or undone.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

from fileq.files.directory import Directory, FolderMissing, FolderRemoved
from fileq.files.identity import is_same_file
from fileq.files.names import parse_removal_name, removal_name
from fileq.files.no_clobber import hide_file, restore_name
from fileq.ledger import Ledger
from fileq.ledger.queries.retention import InterruptedRemoval, RemovableOutput
from fileq.retention.lock import throttle
from fileq.retention.result import CleanupResult
from fileq.retention.verification import DirectoryCache

_HOLD = 0.01
"""Seconds for which files are given hidden names in one transaction, while workers wait."""


class Removal(NamedTuple):
    """An output that is to go, and its name and hidden name in its folder."""

    output: RemovableOutput
    name: str
    hidden_name: str

    @property
    def hidden_path(self) -> str:
        """The path that the output has while it is hidden."""
        return os.path.join(os.path.dirname(self.output.path), self.hidden_name)


class Remover:
    """Removes outputs, and enters into `result` how it went. `stop` is asked between files."""

    def __init__(
        self,
        ledger: Ledger,
        directories: DirectoryCache,
        result: CleanupResult,
        now: float,
        stop: Callable[[], bool],
    ) -> None:
        self._ledger = ledger
        self._directories = directories
        self._result = result
        self._now = now
        self._stop = stop
        self._not_restored: set[str] = set()

    def remove_outputs(self, outputs: Sequence[RemovableOutput]) -> None:
        """Remove the outputs that are still what fileq wrote. The next cleanup finishes what a crash interrupts."""
        self._directories.release()
        self._not_restored.clear()
        removals = sorted(map(self._removal, outputs), key=_folder)
        by_folder = [(folder, list(some)) for folder, some in groupby(removals, key=_folder)]
        with throttle(), self._ledger.transaction(durable=True):
            self._ledger.retention.announce_removals((removal.output, removal.hidden_path) for removal in removals)
            for folder, _ in by_folder:
                self._ledger.folders.set_maybe_empty(folder, maybe_empty=True)
        for folder, some in by_folder:
            self._remove_in(folder, some)
        self._ledger.retention.clear_hidden_paths(
            (removal.output.path, removal.hidden_path)
            for removal in removals
            if removal.hidden_name not in self._not_restored
        )

    def _removal(self, output: RemovableOutput) -> Removal:
        hidden = removal_name(self._ledger.name, output.inode, output.version)
        return Removal(output, os.path.basename(output.path), hidden)

    def _remove_in(self, folder: str, removals: Sequence[Removal]) -> None:
        pending = deque(removals)
        try:
            directory = self._directories.open(folder)
            while pending and not self._stop():
                for removal in self._hide_batch(directory, pending):
                    self._erase(directory, removal)
            directory.sync()
        except FolderMissing:
            return  # it went in this moment: the next cleanup sees what has become of it
        except OSError as error:
            for removal in pending:
                self._add_failure(removal, error)

    def _hide_batch(self, directory: Directory, pending: deque[Removal]) -> list[Removal]:
        """Hide as many outputs as fit into one short transaction, and return them.

        In a transaction, like reserving an output: nobody begins to replace a file that goes at the same time.
        """
        batch = []
        with throttle(), self._ledger.transaction():
            until = time.monotonic() + _HOLD
            while pending and time.monotonic() < until and not self._stop():
                removal = pending.popleft()
                try:
                    if self._ledger.retention.is_removable(removal.output, removal.hidden_path) and self._hide(
                        directory, removal
                    ):
                        self._ledger.retention.record_removed(removal.output.path, removal.hidden_path, self._now)
                        batch.append(removal)
                except OSError as error:
                    self._add_failure(removal, error)
                    self._restore(directory, removal)
        return batch

    def _hide(self, directory: Directory, removal: Removal) -> bool:
        """Return whether the output is what fileq wrote, and has its hidden name now."""
        output = removal.output
        if not self._is_ours(directory, removal, removal.name):
            return False
        try:
            if hide_file(directory, removal.name, removal.hidden_name, output.inode, output.version):
                return True
        except FileExistsError:  # somebody else's file has the hidden name: it keeps that
            return False
        if directory.lstat(removal.name) is not None:
            self._result.kept.append(output.path)
        return False

    def _is_ours(self, directory: Directory, removal: Removal, name: str) -> bool:
        """Return whether the file that fileq wrote has this name. Any other file is kept, under its own name."""
        status = directory.lstat(name)
        if status is None or is_same_file(status, removal.output.inode, removal.output.version):
            return status is not None
        self._result.kept.append(removal.output.path)
        if name == removal.hidden_name and (error := self._restore(directory, removal)):
            self._add_failure(removal, error)
        return False

    def _erase(self, directory: Directory, removal: Removal) -> None:
        output = removal.output
        try:
            if self._is_ours(directory, removal, removal.hidden_name):
                directory.unlink(removal.hidden_name)
                self._result.add_removed(output.path, output.bytes)
        except OSError as error:
            self._add_failure(removal, error)
            if self._restore(directory, removal) is None:
                self._ledger.retention.record_kept(output.path, removal.hidden_path, output.version)

    def _restore(self, directory: Directory, removal: Removal) -> OSError | None:
        """Give what is hidden its own name back; return why that failed. The next cleanup tries again then."""
        try:
            restore_name(directory, removal.hidden_name, removal.name)
        except OSError as error:
            self._not_restored.add(removal.hidden_name)
            return error
        return None

    def _add_failure(self, removal: Removal, error: OSError) -> None:
        self._result.add_failure(removal.output.path, error.strerror or str(error))


def _folder(removal: Removal) -> str:
    return os.path.dirname(removal.output.path)


def finish_interrupted_removals(
    ledger: Ledger, directories: DirectoryCache, result: CleanupResult, now: float, *, dry_run: bool
) -> None:
    """Remove the outputs that have their hidden names, and restore what should not have one. Raises LedgerError."""
    for removal in ledger.retention.find_interrupted_removals():
        try:
            directory = directories.open(os.path.dirname(removal.path))
            done = _finish_removal(ledger, directory, removal, result, now, dry_run=dry_run)
        except FolderRemoved:
            done = True
        except FolderMissing:  # the file may come back, with its folder
            done = False
        except OSError as error:
            result.add_failure(removal.path, error.strerror or str(error))
            done = False
        if done and not dry_run:
            ledger.retention.clear_hidden_paths([(removal.path, removal.hidden_path)])


def _finish_removal(
    ledger: Ledger,
    directory: Directory,
    removal: InterruptedRemoval,
    result: CleanupResult,
    now: float,
    *,
    dry_run: bool,
) -> bool:
    """Return whether nothing is left to do for this removal. Raises OSError."""
    hidden, name = os.path.basename(removal.hidden_path), os.path.basename(removal.path)
    inode, version = parse_removal_name(hidden)
    status = directory.lstat(hidden)
    if status is None:
        return _finish_without_hidden_file(ledger, directory, removal, now, dry_run=dry_run)
    if not is_same_file(status, inode, version):
        result.kept.append(removal.path)
        if not dry_run:
            restore_name(directory, hidden, name)
        return True
    named = directory.lstat(name)
    if named is not None and os.path.samestat(named, status):  # it was on its way back
        if not dry_run:
            restore_name(directory, hidden, name)
            ledger.retention.record_kept(removal.path, removal.hidden_path, version)
        return True
    if not dry_run:
        if removal.version == version:
            ledger.retention.record_removed(removal.path, removal.hidden_path, now)
        directory.unlink(hidden)
        directory.sync()
    result.add_removed(removal.path, removal.bytes)
    return True


def _finish_without_hidden_file(
    ledger: Ledger, directory: Directory, removal: InterruptedRemoval, now: float, *, dry_run: bool
) -> bool:
    """Finish what was not hidden yet, or is removed already; after a loss of power it may even be back."""
    inode, version = parse_removal_name(os.path.basename(removal.hidden_path))
    status = directory.lstat(os.path.basename(removal.path))
    is_back = removal.version is None and status is not None and is_same_file(status, inode, version)
    if is_back and not dry_run:
        ledger.retention.record_kept(removal.path, removal.hidden_path, version)
    if (
        status is None and removal.version is not None and not dry_run
    ):  # it went, and a loss of power undid the note of it
        ledger.retention.record_removed(removal.path, removal.hidden_path, now)
    return True
