"""Beside a worker of `manage.py fileq`: rows hear of their jobs at once, and what is not in the queue is queued."""

from __future__ import annotations

import logging
import threading
import time
from typing import Self

from django.db import close_old_connections, connections

from fileq.config import load_config, locate_database
from fileq.django.configuration import DjangoConfiguration
from fileq.django.connection import open_queue
from fileq.django.hook import hook_name
from fileq.django.keys import find_row
from fileq.django.missing import all_fields, queue_missing
from fileq.django.rows import update_versions
from fileq.errors import FileqError, NotFoundError
from fileq.ledger import Ledger, open_ledger
from fileq.process.thread import BoundedStartThread

_LOOK = 0.25
"""Seconds between two looks for jobs that have ended."""

_AT_ONCE = 500
"""So many of them are looked at each time."""

_EVERY = 60.0
"""Seconds between two looks for what is not in the queue."""

_SHARE = 20
"""Looks at all rows on their way, whose jobs may be told to others, take this part of the time at most."""

_END_PATIENCE = 5.0
"""Seconds that the thread has to end with the worker; nothing is lost where it is cut off."""

_log = logging.getLogger("fileq")


class RowAttendant:
    """A thread that is there while the block runs.

    The hook tells each row of its jobs, too, at least once, and the signal's receivers; but a start of Python goes
    before each call, and a visitor who waits for a picture is not to wait for a hundred calls of others.
    """

    def __init__(self, configuration: DjangoConfiguration) -> None:
        self._configuration = configuration
        self._is_over = threading.Event()
        self._thread = BoundedStartThread(target=self._run, name="fileq-django")
        self._seen: set[str] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(_END_PATIENCE)

    def _run(self) -> None:
        due_at = whole_due_at = 0.0
        while not self._is_over.is_set():
            try:
                address, _ = locate_database(load_config(self._configuration.config), self._configuration.database)
                with open_ledger(address) as ledger:
                    while not self._is_over.wait(_LOOK):
                        if (begun := time.monotonic()) >= due_at:
                            look_for_missing(whole=(whole := begun >= whole_due_at))
                            due_at = begun + _EVERY
                            if whole:
                                whole_due_at = begun + max(_EVERY, _SHARE * (time.monotonic() - begun))
                        self._tell_rows(ledger)
            except FileqError:  # the worker says it
                self._is_over.wait(_LOOK)

    def _tell_rows(self, ledger: Ledger) -> None:
        """Bring the rows up to date whose jobs have ended since the last look."""
        calls = ledger.hook_calls.list_untried_jobs(hook_name(self._configuration), _AT_ONCE)
        new = [job_id for token, job_id in calls if token not in self._seen]
        self._seen = {token for token, _ in calls}
        if new:
            close_old_connections()
            try:
                for job_id in new:
                    _try_to_tell_row(job_id)
            finally:
                connections.close_all()


def _try_to_tell_row(job_id: int) -> None:
    try:
        _tell_row(job_id)
    except Exception as error:  # noqa: BLE001  # the hook tells it, too, until that works
        _log.warning("The row of job %s could not be told of its end, and is told later: %s", job_id, error)


def _tell_row(job_id: int) -> None:
    try:
        job = open_queue().job(job_id)
    except NotFoundError:
        return
    row = find_row(job.key)
    if row is not None:
        update_versions(row.field, row.pk, row.using, (row.token, job.recipe, job.id))


def look_for_missing(*, whole: bool) -> None:
    """Queue what is missing, on a connection of its own. What goes wrong is written down: the next look tries again."""
    close_old_connections()
    try:
        for field in all_fields():
            try:
                queue_missing(field, whole=whole)
            except Exception as error:  # noqa: BLE001  # it is said, and no reason to leave out the others
                _log.warning("What %s asks for could not be queued, and is tried again: %s", field, error)
    finally:
        connections.close_all()
