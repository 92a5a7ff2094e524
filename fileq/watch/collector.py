"""From unsettled files to jobs: each is probed until it is complete, and those that are go into the ledger together."""

import os
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from fileq.disposition import dispose
from fileq.errors import LedgerError
from fileq.files.directory import FolderMissing
from fileq.intake import IntakeOutcome
from fileq.ledger import Ledger
from fileq.sources import SourceFile
from fileq.watch.links import LinkKind, LinkRefused, check_link
from fileq.watch.stability import LONG, ProbedFile, UnsettledReason, probe_file, seconds_until_next_probe
from fileq.watch.status import WatchListener
from fileq.watch.unsettled_files import UnsettledFile, UnsettledFiles
from fileq.watch.watched_folder import WatchedFolder

_IN_ONE_TRANSACTION = 2_000
_RETRY = 1.0
_LINKED = 0.2
"""Seconds after which to probe again whether a file's other name has gone."""


class Collector:
    """Collects the files that are complete, of all watched folders."""

    def __init__(self, ledger: Ledger, unsettled: UnsettledFiles, listener: WatchListener) -> None:
        self._ledger = ledger
        self._unsettled = unsettled
        self._listener = listener
        self._noted_folders: set[str] = set()

    def collect_due(self, now: float) -> None:
        """Probe the files that are due, and queue those that are complete and new. `now` is in monotonic seconds.

        Raises LedgerError: what could not be written is then probed again later.
        """
        complete: dict[WatchedFolder, list[tuple[UnsettledFile, ProbedFile]]] = {}
        for file in self._unsettled.take_due(now, _IN_ONE_TRANSACTION):
            probed = self._probe_complete(file, now)
            if probed is not None:
                complete.setdefault(file.folder, []).append((file, probed))
        while complete:
            folder, files = complete.popitem()
            try:
                self._take_in(folder, files, now)
            except LedgerError:
                for file, _ in (one for some in (files, *complete.values()) for one in some):
                    self._unsettled.schedule_probe(file, now + _RETRY)
                raise

    def _probe_complete(self, file: UnsettledFile, now: float) -> ProbedFile | None:
        """The file where it is complete; else it is discarded, or probed later."""
        probed = probe_file(file.path)
        if probed is None:
            self._unsettled.discard(file.path)
            return None
        wait = seconds_until_next_probe(file, file.folder.mask_probe(probed), now, file.folder.settle)
        if wait is None:
            return self._check_links(file, probed, now)
        if now - file.first_at > LONG and not file.warned:
            file.warned = True
            self._listener.on_notice(f"{file.path} has been waiting for 10 minutes: {file.reason}.")
        self._unsettled.schedule_probe(file, now + wait)
        return None

    def _check_links(self, file: UnsettledFile, probed: ProbedFile, now: float) -> ProbedFile | None:
        """The complete file with its inode, unless it is a link that the watch leaves alone."""
        folder = file.folder
        if folder.spec.follow_links:
            return probed
        try:
            status = check_link(file.path, folder.real_path)
        except LinkRefused as refused:
            if refused.kind is LinkKind.HARD and now - file.first_at < folder.settle:
                file.reason = UnsettledReason.LINKED
                self._unsettled.schedule_probe(file, now + _LINKED)
            else:
                folder.refused_links.add(file.path, refused.kind)
                self._unsettled.discard(file.path)
            return None
        except (FolderMissing, OSError):
            self._unsettled.schedule_probe(file, now + _RETRY)
            return None
        if (status.st_size, status.st_mtime_ns) != (probed.size, probed.mtime_ns):  # it is another file by now
            self._unsettled.schedule_probe(file, now + _RETRY)
            return None
        return msgspec.structs.replace(probed, inode=status.st_ino)

    def _take_in(self, folder: WatchedFolder, files: Sequence[tuple[UnsettledFile, ProbedFile]], now: float) -> None:
        sources = [_source(folder, file.path, probed) for file, probed in files]
        result = folder.intake.take_in(sources, self._ledger.now())
        queued = []
        for (file, _), outcome in zip(files, result.outcomes, strict=True):
            if outcome is IntakeOutcome.BUSY:
                file.reason = UnsettledReason.BUSY
                self._unsettled.schedule_probe(file, now + _RETRY)
                continue
            self._unsettled.discard(file.path)
            if outcome is IntakeOutcome.QUEUED:
                queued.append(file)
        if queued and result.batch_id is not None:
            self._note_folder(folder.spec.path)
            folder.queued += len(queued)
            self._listener.on_queued([file.path for file in queued], result.batch_id)
        if result.disposable:
            for problem in dispose(self._ledger, result.disposable):
                self._listener.on_notice(str(problem))
        missed = sum(not (file.by_event or file.caught_up) for file in queued)
        if missed and (trouble := folder.report_missed(missed, now)):
            self._listener.on_notice(f"{folder.spec.path}: {trouble}")

    def _note_folder(self, path: str) -> None:
        """Retention is to know the folder again, and to take nothing for gone while its drive is."""
        if path not in self._noted_folders:
            with suppress(OSError):  # it has just gone
                self._ledger.folders.upsert_folder(path, created_by_fileq=False)
                self._noted_folders.add(path)


def _source(watched: WatchedFolder, path: str, probed: ProbedFile) -> SourceFile:
    folder, name = os.path.split(path)
    top = watched.spec.path
    return SourceFile(
        path=path,
        name=name,
        folder=folder,
        relative=os.path.relpath(folder, top) if folder != top else "",
        size=probed.size,
        mtime_ns=probed.mtime_ns,
        inode=probed.inode,
    )
