"""The disposal of sources whose jobs have ended: each is kept, moved or deleted, under a lease."""

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from fileq.disposition.copy import digest_file
from fileq.disposition.leased_file import LEASE, LeasedFile
from fileq.disposition.relocation import move_file
from fileq.errors import JobError, translate_os_errors
from fileq.files.directory import open_directory
from fileq.files.identity import version_of
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.tables.attempts import Fenced
from fileq.ledger.tables.sources.dispositions import Disposition, DispositionLease
from fileq.ledger.tables.sources.job_sources import FoundSource
from fileq.presence import this_process

_FIRST_RETRY, _LONGEST_RETRY = 10.0, 300.0


def dispose(ledger: Ledger, job_ids: Iterable[int] | None = None) -> list[JobError]:
    """Keep, move or delete the sources whose jobs have all ended: those of these jobs, or all that are due.

    Returns why some could not be moved or deleted; each reason is told once, and such a source is tried again later.
    Raises LedgerError.
    """
    now = ledger.now()
    problems = []
    for disposition in ledger.dispositions.find_ready_dispositions(now, job_ids):
        with _lease(ledger, disposition, now) as lease, suppress(Fenced):
            problem = None if lease is None else _dispose_file(ledger, lease)
            problems += [problem] if problem is not None and disposition.tries == 0 else []
    return problems


_under_way: set[tuple[str, int]] = set()
"""What this process disposes of just now, by the ledger's path and the disposition's id."""
_lock = threading.Lock()


@contextmanager
def _lease(ledger: Ledger, disposition: Disposition, now: float) -> Iterator[DispositionLease | None]:
    """Hold a lease of this process; yield None where another process has one, or another thread of this one.

    A lease of this process that none of its threads works under was not given back, as the ledger could not be reached.
    """
    key = (ledger.database.address, disposition.id)
    with _lock:
        is_free = key not in _under_way
        _under_way.add(key)
    if not is_free:
        yield None
        return
    try:
        yield ledger.dispositions.take_lease(disposition.id, this_process(), now, now + LEASE)
    finally:
        with _lock:
            _under_way.discard(key)


def _dispose_file(ledger: Ledger, lease: DispositionLease) -> JobError | None:
    disposition = ledger.dispositions.find_disposition(lease.disposition_id)  # as it is now that nobody else changes it
    assert disposition is not None
    try:
        with translate_os_errors(disposition.source):
            stays, moved = _carry_out(ledger, lease, disposition)
    except JobError as error:
        delay = min(_LONGEST_RETRY, _FIRST_RETRY * 2.0**disposition.tries)
        ledger.dispositions.postpone_disposition(lease, ledger.now() + delay, str(error))
        return error
    except BaseException:
        with suppress(Exception):
            ledger.dispositions.release_lease(lease)
        raise
    with ledger.transaction():
        if moved is not None:
            ledger.dispositions.record_moved(lease, moved)
        if moved is not None and disposition.may_go_on:
            ledger.dispositions.continue_disposition(lease, moved)
        elif stays and not disposition.is_settled:
            ledger.dispositions.park_disposition(lease)
        else:
            ledger.dispositions.close_disposition(lease)
    return None


def _carry_out(ledger: Ledger, lease: DispositionLease, disposition: Disposition) -> tuple[bool, FoundSource | None]:
    """Keep, move or delete the source; return whether the file that was read has its own name still, and its new place.

    That place is None where it was not moved.
    """
    try:
        file = LeasedFile(ledger, lease, disposition)
    except (FileNotFoundError, NotADirectoryError):  # its folder has gone, and the file with it
        return False, None
    with file:
        was_there = file.name is not None
        if disposition.temp_path is not None:
            _remove_copy(ledger, lease, disposition.temp_path)
        try:
            _apply_action(ledger, file, disposition.to)
        except OSError:
            if not file.is_gone:  # else somebody else moved it, or saved a newer file in its place: that one stays
                raise
        moved = _find_arrival(file, is_sure=was_there) if disposition.to and file.name is None else None
        return file.name is not None, moved


def _find_arrival(file: LeasedFile, *, is_sure: bool) -> FoundSource | None:
    """Return the source at its target; where that is not sure, only if it is the same version."""
    with suppress(OSError):
        status = None if file.target is None else os.lstat(file.target)
        if status is not None and (is_sure or version_of(status) == file.disposition.version):
            return FoundSource(
                path=str(file.target), version=version_of(status), size=status.st_size, mtime_ns=status.st_mtime_ns,
                inode=status.st_ino,
            )  # fmt: skip
    return None


def _apply_action(ledger: Ledger, file: LeasedFile, to: str | None) -> None:
    if to is None:
        file.restore()
    elif to == "":
        _delete_file(ledger, file)
    else:
        move_file(ledger, file, to)


def _delete_file(ledger: Ledger, file: LeasedFile) -> None:
    """Delete the source where all that was made of it is unchanged; else it keeps its name. Raises OSError, Fenced."""
    if file.name is None:
        return
    if not _are_outputs_unchanged(ledger, file.disposition.id):
        file.restore()
    elif file.hide():
        # Once more, now that nobody finds the source any more: an output may have gone in between.
        if _are_outputs_unchanged(ledger, file.disposition.id) and _has_content_that_was_read(ledger, file):
            file.remove()
        else:
            file.restore()


def _are_outputs_unchanged(ledger: Ledger, disposition_id: int) -> bool:
    """Return whether each job that is done has made something, and all of it is still what was published.

    A job may end well and leave all to a file that was there; that one is nobody's copy of the source.
    """
    jobs = (
        ledger.overview.find_job(job_id, purged=True) for job_id in ledger.dispositions.find_job_ids(disposition_id)
    )
    done = [job for job in jobs if job is not None and job.state is JobState.DONE]
    return bool(done) and all(job.outputs and ledger.standing_outputs.are_unchanged(job.id) for job in done)


def _has_content_that_was_read(ledger: Ledger, file: LeasedFile) -> bool:
    """Return whether it has the content that its jobs have read: some editors keep a file's size and time."""
    assert file.name is not None
    digests = ledger.dispositions.find_digests(file.disposition.id)
    return not digests or digests == {digest_file(file.directory, file.name, file.renew_lease)}


def _remove_copy(ledger: Ledger, lease: DispositionLease, temp: str) -> None:
    """Remove what a process that died while it copied has left, for good: who forgets it can't remove it again."""
    with suppress(FileNotFoundError, NotADirectoryError), open_directory(os.path.dirname(temp)) as directory:
        with suppress(FileNotFoundError):
            directory.unlink(os.path.basename(temp))
        directory.sync()
    ledger.dispositions.announce_temp(lease, None)
