"""From candidates to jobs: each is looked at until it is complete, and those that are go into the ledger together."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress

from fileq.disposition import dispose
from fileq.errors import LedgerError
from fileq.files.directory import FolderMissing
from fileq.intake import IntakeOutcome
from fileq.ledger import Ledger
from fileq.sources import SourceFile
from fileq.watch.candidates import UnsettledFile, UnsettledFiles
from fileq.watch.links import LinkKind, LinkRefused, check_link
from fileq.watch.listener import WatchListener
from fileq.watch.probe import probe_file
from fileq.watch.stability import LONG, ProbedFile, UnsettledReason, seconds_until_next_probe
from fileq.watch.watched_folder import WatchedFolder

_IN_ONE_TRANSACTION = 2_000
_RETRY = 1.0
_LINKED = 0.2
"""Seconds after which to look again whether a file's other name has gone."""


class Collector:
    """Raises LedgerError; what could not be written is then looked at again later."""

    def __init__(self, ledger: Ledger, candidates: UnsettledFiles, listener: WatchListener) -> None:
        self._ledger = ledger
        self._unsettled = candidates
        self._listener = listener
        self._noted: set[str] = set()

    def collect_due(self, now: float) -> None:
        """Look at all that is due, and queue what is complete and new."""
        complete: dict[WatchedFolder, list[tuple[UnsettledFile, ProbedFile]]] = {}
        for candidate in self._unsettled.list_due(now, _IN_ONE_TRANSACTION):
            seen = self._looked_at(candidate, now)
            if seen is not None:
                complete.setdefault(candidate.folder, []).append((candidate, seen))
        while complete:
            root, files = complete.popitem()
            try:
                self._take(root, files, now)
            except LedgerError:
                for candidate, _ in (one for some in (files, *complete.values()) for one in some):
                    self._unsettled.schedule_probe(candidate, now + _RETRY)
                raise

    def _looked_at(self, candidate: UnsettledFile, now: float) -> ProbedFile | None:
        """The file where it is complete; else it is dropped, or looked at later."""
        seen = probe_file(candidate.path)
        if seen is None:
            self._unsettled.discard(candidate.path)
            return None
        wait = seconds_until_next_probe(candidate, candidate.folder.mask_probe(seen), now, candidate.folder.settle)
        if wait is None:
            return self._vetted(candidate, seen, now)
        if now - candidate.first_at > LONG and not candidate.warned:
            candidate.warned = True
            self._listener.noticed(f"{candidate.path} has been waiting for 10 minutes: {candidate.reason}.")
        self._unsettled.schedule_probe(candidate, now + wait)
        return None

    def _vetted(self, candidate: UnsettledFile, seen: ProbedFile, now: float) -> ProbedFile | None:
        """The complete file with its inode, unless it is a link that the watch leaves alone."""
        root = candidate.folder
        if root.spec.follow_links:
            return seen
        try:
            status = check_link(candidate.path, root.real_path)
        except LinkRefused as refused:
            if refused.kind is LinkKind.HARD and now - candidate.first_at < root.settle:
                candidate.reason = UnsettledReason.LINKED
                self._unsettled.schedule_probe(candidate, now + _LINKED)
            else:
                root.refused_links.add(candidate.path, refused.kind)
                self._unsettled.discard(candidate.path)
            return None
        except (FolderMissing, OSError):
            self._unsettled.schedule_probe(candidate, now + _RETRY)
            return None
        if (status.st_size, status.st_mtime_ns) != (seen.size, seen.mtime_ns):  # it is another file by now
            self._unsettled.schedule_probe(candidate, now + _RETRY)
            return None
        return seen._replace(inode=status.st_ino)

    def _take(self, root: WatchedFolder, files: Sequence[tuple[UnsettledFile, ProbedFile]], now: float) -> None:
        taken = root.intake.take_in([_source(root, candidate.path, seen) for candidate, seen in files], time.time())
        queued = []
        for (candidate, _), outcome in zip(files, taken.outcomes, strict=True):
            if outcome is IntakeOutcome.BUSY:
                candidate.reason = UnsettledReason.BUSY
                self._unsettled.schedule_probe(candidate, now + _RETRY)
                continue
            self._unsettled.discard(candidate.path)
            if outcome is IntakeOutcome.QUEUED:
                queued.append(candidate)
        if queued and taken.batch_id is not None:
            self._note(root.spec.path)
            root.queued += len(queued)
            self._listener.queued([candidate.path for candidate in queued], taken.batch_id)
        if taken.disposable:
            for problem in dispose(self._ledger, taken.disposable):
                self._listener.noticed(str(problem))
        missed = sum(not (candidate.by_event or candidate.caught_up) for candidate in queued)
        if missed and (trouble := root.report_missed(missed, now)):
            self._listener.noticed(f"{root.spec.path}: {trouble}")

    def _note(self, path: str) -> None:
        """Retention is to know the folder again, and to take nothing for gone while its drive is."""
        if path not in self._noted:
            with suppress(OSError):  # it has just gone
                self._ledger.folders.upsert_folder(path, made=False)
                self._noted.add(path)


def _source(root: WatchedFolder, path: str, seen: ProbedFile) -> SourceFile:
    folder, name = os.path.split(path)
    top = root.spec.path
    relative = os.path.relpath(folder, top) if folder != top else ""
    return SourceFile(
        path=path, name=name, folder=folder, relative=relative, size=seen.size, mtime_ns=seen.mtime_ns, inode=seen.inode
    )
