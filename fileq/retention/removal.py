"""Outputs go in three steps: the intent is written down, the file gets a hidden name, and goes if it is the right one.

A file that somebody puts in its place between a look and the next step is never removed: under its hidden name it is
looked at once more, and comes back if it is another.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

from fileq.files.directory import Directory, FolderMissing
from fileq.files.identity import is_same_file
from fileq.files.names import removal_name
from fileq.files.no_clobber import hide_file, restore_name
from fileq.ledger import Ledger
from fileq.ledger.queries.retention import RemovableOutput
from fileq.retention.result import Cleaned
from fileq.retention.throttle import giving_way
from fileq.retention.verification import Places

_HOLD = 0.01
"""Seconds for which files are given hidden names in one transaction, while workers wait."""


class Removal(NamedTuple):
    """An output, and its name and hidden name in its folder."""

    output: RemovableOutput
    name: str
    hidden: str

    @property
    def cover(self) -> str:
        return os.path.join(os.path.dirname(self.output.path), self.hidden)


class Remover:
    def __init__(self, ledger: Ledger, places: Places, cleaned: Cleaned, now: float, stop: Callable[[], bool]) -> None:
        self._ledger = ledger
        self._places = places
        self._cleaned = cleaned
        self._now = now
        self._stop = stop
        self._stuck: set[str] = set()

    def remove(self, outputs: Sequence[RemovableOutput]) -> None:
        """Remove those that are still what fileq wrote. What a crash leaves of that, the next cleaning finishes."""
        self._places.leave()
        self._stuck.clear()
        removals = sorted(map(self._removal, outputs), key=_folder)
        by_folder = [(folder, list(some)) for folder, some in groupby(removals, key=_folder)]
        with giving_way(), self._ledger.transaction(durable=True):
            self._ledger.retention.announce_removals((one.output, one.cover) for one in removals)
            for folder, _ in by_folder:
                self._ledger.folders.set_maybe_empty(folder, thinned=True)
        for folder, some in by_folder:
            self._remove_in(folder, some)
        self._ledger.retention.clear_hidden_paths(
            (one.output.path, one.cover) for one in removals if one.hidden not in self._stuck
        )  # fmt: skip

    def _removal(self, output: RemovableOutput) -> Removal:
        hidden = removal_name(self._ledger.name, output.inode, output.version)
        return Removal(output, os.path.basename(output.path), hidden)

    def _remove_in(self, folder: str, removals: Sequence[Removal]) -> None:
        waiting = deque(removals)
        try:
            place = self._places.at(folder)
            while waiting and not self._stop():
                for removal in self._hide_some(place, waiting):
                    self._erase(place, removal)
            place.sync()
        except FolderMissing:
            return  # it went in this moment: the next cleaning sees what has become of it
        except OSError as error:
            for removal in waiting:
                self._failed(removal, error)

    def _hide_some(self, place: Directory, waiting: deque[Removal]) -> list[Removal]:
        """Give some the hidden names they are to go under.

        In a transaction, like reserving an output: nobody begins to replace a file that goes at the same time.
        """
        hidden = []
        with giving_way(), self._ledger.transaction():
            until = time.monotonic() + _HOLD
            while waiting and time.monotonic() < until and not self._stop():
                removal = waiting.popleft()
                try:
                    if self._ledger.retention.is_removable(removal.output, removal.cover) and self._hide(
                        place, removal
                    ):
                        self._ledger.retention.record_removed(removal.output.path, removal.cover, self._now)
                        hidden.append(removal)
                except OSError as error:
                    self._failed(removal, error)
                    self._put_back(place, removal)
        return hidden

    def _hide(self, place: Directory, removal: Removal) -> bool:
        """Whether it is ours and has its hidden name now."""
        output = removal.output
        if not self._is_ours(place, removal, removal.name):
            return False
        try:
            if hide_file(place, removal.name, removal.hidden, output.inode, output.version):
                return True
        except FileExistsError:  # somebody else's file has the hidden name: it keeps that
            return False
        self._cleaned.kept_changed += place.lstat(removal.name) is not None
        return False

    def _is_ours(self, place: Directory, removal: Removal, name: str) -> bool:
        """Whether the file fileq wrote stands there. What stands there else is kept, under its own name."""
        status = place.lstat(name)
        if status is None or is_same_file(status, removal.output.inode, removal.output.version):
            return status is not None
        self._cleaned.kept_changed += 1
        if name == removal.hidden and (error := self._put_back(place, removal)):
            self._failed(removal, error)
        return False

    def _erase(self, place: Directory, removal: Removal) -> None:
        output = removal.output
        try:
            if self._is_ours(place, removal, removal.hidden):
                place.unlink(removal.hidden)
                self._cleaned.went(output.path, output.bytes)
        except OSError as error:
            self._failed(removal, error)
            if self._put_back(place, removal) is None:
                self._ledger.retention.record_kept(output.path, removal.cover, output.version)

    def _put_back(self, place: Directory, removal: Removal) -> OSError | None:
        """Where that goes wrong, the next cleaning tries again."""
        try:
            restore_name(place, removal.hidden, removal.name)
        except OSError as error:
            self._stuck.add(removal.hidden)
            return error
        return None

    def _failed(self, removal: Removal, error: OSError) -> None:
        self._cleaned.failed_at(removal.output.path, error.strerror or str(error))


def _folder(removal: Removal) -> str:
    return os.path.dirname(removal.output.path)
