"""What rows ask for, and never got into the queue, is queued: a process was killed just after the commit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Self

from django.apps import apps
from django.db import close_old_connections, connections, router
from django.db.models import Q

from fileq.django.fields import VersionsField, versions_fields
from fileq.django.rows import queue_versions, update_versions
from fileq.django.uploads import change_record, new_record
from fileq.django.versions import PENDING, QUEUED, STATE, UPLOAD
from fileq.process.thread import BoundedStartThread

_EVERY = 60.0
"""Seconds between two looks for what is not in the queue."""

_WHOLE = 10
"""How many looks later rows are asked, too, whose jobs are known and were not told of."""

_END_PATIENCE = 5.0

_log = logging.getLogger("fileq")


def all_fields() -> Iterator[VersionsField]:
    """Yield every VersionsField of the project, each once."""
    for model in apps.get_models():
        if not model._meta.proxy:  # noqa: SLF001  # Django's own way
            yield from (field for field in versions_fields(model) if field.model is model)


def queue_missing(field: VersionsField, *, whole: bool = False) -> int:
    """Queue what rows ask for and is not in the queue; return of how many rows.

    With `whole` rows are brought up to date, too, that do not know yet what became of their jobs. Raises what the
    database and the queue raise.
    """
    using = router.db_for_write(field.model)
    wanted = Q(**{f"{field.attname}__{PENDING}": True})
    if whole:
        wanted |= Q(**{f"{field.attname}__{STATE}": QUEUED})
    rows = field.model._base_manager.using(using).filter(wanted)  # noqa: SLF001  # Django's own way
    keys = list(rows.values_list("pk", flat=True))
    for pk in keys:
        if whole:
            update_versions(field, pk, using)
        queue_versions(field, pk, using)
    return len(keys)


def renew_versions(field: VersionsField, *, force: bool = False) -> int:
    """Have rows ask for versions whose record does not fit their upload, or the field's recipes; return how many.

    They are there from before the field, or were changed behind the model's back. With `force` that is every row.
    """
    using = router.db_for_write(field.model)
    rows = field.model._base_manager.using(using)  # noqa: SLF001  # Django's own way
    stale = [
        (pk, upload or "")
        for pk, upload, record in rows.values_list("pk", field.source, field.attname).iterator(chunk_size=2000)
        if force or _is_stale(field, upload or "", record or {})
    ]
    for pk, upload in stale:
        record = new_record(field, upload)
        change_record(field, pk, using, lambda _, record=record: record)  # type: ignore[misc]
    return len(stale)


def _is_stale(field: VersionsField, upload: str, record: Mapping[str, Any]) -> bool:
    return record.get(UPLOAD, "") != upload or (bool(upload) and not record.keys() >= field.recipes.keys())


class MissingVersions:
    """Beside a worker: it queues what is missing, at the start and each minute, while the block runs."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        self._thread = BoundedStartThread(target=self._run, name="fileq-django")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(_END_PATIENCE)

    def _run(self) -> None:
        looks = 0
        while not self._is_over.is_set():
            look_for_missing(whole=looks % _WHOLE == 0)
            looks += 1
            self._is_over.wait(_EVERY)


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
