"""Folders that are known by another path: by a link, in other letters, or renamed with all that is in them.

A folder is recognized by its device and inode. These may be another's by now: so it is taken for renamed only where one
of its files is what the ledger says, and nothing of the kind is at the former path. Names may have been handed on: what
another folder has the name of is parked in the ledger until that is met, too.
"""

import os

import msgspec

from fileq.files.identity import is_same_file, version_of
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.moved_folders import JobOfFolder, OutputOfJob, unparked
from fileq.sources import SourceFile

_FEW = 16
"""Folders that are looked up one by one; for more, all that are known are read once."""


class KnownFolders:
    """Finds the path by which the ledger knows a folder; where it was renamed, the ledger learns the new one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._paths: dict[tuple[int, int], list[str]] | None = None
        self._looked_up = 0
        self._last = ("", "")
        self.recorded: set[str] = set()
        """Those that the ledger was found to know as they are."""

    def localize(self, source: SourceFile) -> SourceFile:
        """Return the source by the path that the ledger knows its folder by, where it is there. Raises LedgerError."""
        if source.folder != self._last[0]:  # files come folder by folder
            self._last = (source.folder, self._find_path(source.folder))
        folder = self._last[1]
        if folder == source.folder:
            return source
        return msgspec.structs.replace(source, path=os.path.join(folder, source.name), folder=folder)

    def _find_path(self, folder: str) -> str:
        try:
            status = os.stat(folder)
        except OSError:
            return folder
        known = self._ledger.folders.find_folder(folder)
        if known is not None and known.is_same_folder(status):
            self.recorded.add(folder)
            return folder
        former = [path for path in self._find_paths(status) if path != folder]
        for path in former:
            if unparked(path) == path and _is_at(path, status):
                return path
        for path in former:
            if _Move(self._ledger, path, folder).record():
                break
        return folder

    def _find_paths(self, status: os.stat_result) -> list[str]:
        """Return the paths by which the ledger knows a folder. Who names one file, and few folders, waits for few."""
        if self._looked_up < _FEW:
            self._looked_up += 1
            return self._ledger.moved_folders.find_paths(status.st_dev, status.st_ino)
        if self._paths is None:
            self._paths = self._ledger.moved_folders.map_identities()
        return self._paths.get((status.st_dev, status.st_ino), [])


def _is_at(path: str, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), status)
    except OSError:
        return False


class _Move:
    """A folder that seems to have been renamed, from one path to another."""

    def __init__(self, ledger: Ledger, recorded: str, path: str) -> None:
        """`recorded` is how the ledger calls the folder: by its former path, or parked."""
        former = unparked(recorded)
        self._ledger = ledger
        self._recorded = recorded
        self._former = former
        self._path = path
        self._roots = _differing_parts(former, path)

    def record(self) -> bool:
        """Record the new paths, where the folder was renamed indeed. Return whether it was."""
        jobs = self._ledger.moved_folders.list_jobs_in(self._former)
        if any(job.state is JobState.RUNNING for job in jobs) or not any(map(self._has_come_along, jobs)):
            return False
        with self._ledger.transaction():
            folders = {self._recorded: self._path}
            for job in filter(self._goes_along, jobs):
                folders |= self._move_job(job)
            for former, path in folders.items():
                self._move_folder(former, path)
        return True

    def _move_folder(self, former: str, path: str) -> None:
        for recorded in self._ledger.moved_folders.find_records(unparked(former)):
            known = self._ledger.folders.find_folder(recorded)
            if known is not None and _is_folder(path, known.device, known.inode):
                self._ledger.moved_folders.move_folder(recorded, path)

    def _has_come_along(self, job: JobOfFolder) -> bool:
        new = os.path.join(self._path, os.path.basename(job.source))
        return _version_at(new) == job.version and _version_at(job.source) != job.version

    def _goes_along(self, job: JobOfFolder) -> bool:
        """Whether a job is about a file of this folder, and not of another that has its former name by now."""
        return self._has_come_along(job) or not os.path.lexists(job.source)

    def _move_job(self, job: JobOfFolder) -> dict[str, str]:
        """Record a job's new paths. Return the folders of its outputs that have another path now, by their former."""
        outputs = self._ledger.moved_folders.list_outputs_of(job.job_id)
        moved = [(output.recorded, new) for output in outputs if (new := self._place_of(output)) is not None]
        folder = job.folder
        if moved or not outputs:
            folder = self._rebased(job.folder) or job.folder
        source = os.path.join(self._path, os.path.basename(job.source))
        if not self._ledger.moved_folders.move_job(job, source, folder, moved):
            return {}
        return {os.path.dirname(unparked(old)): os.path.dirname(new) for old, new in moved}

    def _place_of(self, output: OutputOfJob) -> str | None:
        """Return where an output is now, or is to be looked for; None where it has stayed."""
        new = self._rebased(output.path)
        if new is None or _is_file(output.path, output):
            return None
        inside = output.path.startswith(self._former + os.sep)
        return new if inside or _is_file(new, output) else None

    def _rebased(self, path: str) -> str | None:
        """Return what has become of a path, if it lay in what was renamed; None where it can't have."""
        for former, new in ((self._former, self._path), self._roots):
            if path == former or path.startswith(former.rstrip(os.sep) + os.sep):
                return os.path.join(new, path[len(former) :].lstrip(os.sep)).rstrip(os.sep)
        return None


def _differing_parts(one: str, other: str) -> tuple[str, str]:
    """Return both paths without the parts that they end with alike: a folder above may be what was renamed."""
    while os.path.basename(one) == os.path.basename(other) and os.path.basename(one):
        one, other = os.path.dirname(one), os.path.dirname(other)
    return one, other


def _version_at(path: str) -> str | None:
    try:
        return version_of(os.stat(path))
    except OSError:
        return None


def _is_file(path: str, output: OutputOfJob) -> bool:
    try:
        return is_same_file(os.lstat(path), output.inode, output.version)
    except OSError:
        return False


def _is_folder(path: str, device: int, inode: int) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == (device, inode)
