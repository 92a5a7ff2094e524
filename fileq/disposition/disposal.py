"""Seeing sources off: from the lease to the end."""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from fileq.disposition.deletion import delete
from fileq.disposition.departing_file import LEASE, DepartingFile
from fileq.disposition.relocation import move
from fileq.errors import JobError, os_failures
from fileq.ledger import Ledger
from fileq.ledger.tables.dispositions import Disposition, Lease
from fileq.ledger.tables.jobs import Fenced
from fileq.presence import this_process

_FIRST_RETRY, _LONGEST_RETRY = 10.0, 300.0


def dispose(ledger: Ledger, job_ids: Iterable[int] | None = None) -> list[JobError]:
    """See off the sources whose jobs have all ended: those of these jobs, or all that are due.

    Returns why some could not go; each reason is told once, and such a source is tried again later. Raises LedgerError.
    """
    now = time.time()
    problems = []
    for disposition in ledger.dispositions.find_ready(now, job_ids):
        with _leased(ledger, disposition, now) as lease, suppress(Fenced):
            problem = None if lease is None else _see_off(ledger, lease)
            problems += [problem] if problem is not None and disposition.tries == 0 else []
    return problems


_under_way: set[tuple[str, int]] = set()
"""What this process sees off just now, by the ledger's path and the disposition's id."""
_lock = threading.Lock()


@contextmanager
def _leased(ledger: Ledger, disposition: Disposition, now: float) -> Iterator[Lease | None]:
    """A lease of this process for the block; None where another process has one, or another thread of this one.

    A lease of this process that none of its threads works under was not given back as the ledger could not be reached.
    """
    key = (ledger.database.path, disposition.id)
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


def _see_off(ledger: Ledger, lease: Lease) -> JobError | None:
    disposition = ledger.dispositions.find(lease.disposition_id)  # as it is now that nobody else changes it
    assert disposition is not None
    try:
        with os_failures(disposition.source):
            stays = _act(ledger, lease, disposition)
    except JobError as error:
        delay = min(_LONGEST_RETRY, _FIRST_RETRY * 2.0**disposition.tries)
        ledger.dispositions.postpone(lease, time.time() + delay, str(error))
        return error
    except BaseException:
        with suppress(Exception):
            ledger.dispositions.release(lease)
        raise
    if stays and not disposition.is_settled:
        ledger.dispositions.park(lease)
    else:
        ledger.dispositions.close(lease)
    return None


def _act(ledger: Ledger, lease: Lease, disposition: Disposition) -> bool:
    """Do what is to be done now; return whether the file that was read has its own name still."""
    try:
        file = DepartingFile(ledger, lease, disposition)
    except (FileNotFoundError, NotADirectoryError):  # its folder has gone, and the file with it
        return False
    with file:
        if disposition.temp is not None:
            _remove_copy(ledger, lease, disposition.temp)
        try:
            _take_away(ledger, file, disposition.to)
        except OSError:
            if not file.has_gone:  # else somebody else moved it, or saved a newer file in its place: that one stays
                raise
        return file.name is not None


def _take_away(ledger: Ledger, file: DepartingFile, to: str | None) -> None:
    if to is None:
        file.come_back()
    elif to == "":
        delete(ledger, file)
    else:
        move(ledger, file, to)


def _remove_copy(ledger: Ledger, lease: Lease, temp: str) -> None:
    """What a process that died while it copied has left."""
    with suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(temp)
    ledger.dispositions.announce_temp(lease, None)
