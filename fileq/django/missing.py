"""What rows ask for, and never got into the queue, is queued: a process was killed just after the commit."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import router
from django.db.models import Q

from fileq.django.fields import VersionsField, versions_fields
from fileq.django.rows import queue_versions, update_versions
from fileq.django.uploads import change_record, new_record
from fileq.django.versions import PENDING, QUEUED, STATE, UPLOAD
from fileq.errors import LedgerError

_log = logging.getLogger("fileq")


def all_fields() -> Iterator[VersionsField]:
    """Yield every VersionsField of the project, each once."""
    for model in apps.get_models():
        if not model._meta.proxy:  # noqa: SLF001  # Django's own way
            yield from (field for field in versions_fields(model) if field.model is model)


def queue_missing(field: VersionsField, *, whole: bool = False) -> int:
    """Queue what rows ask for and is not in the queue; return of how many rows.

    With `whole` rows are brought up to date, too, that do not know yet what became of their jobs. A row's own trouble
    is written down. Raises LedgerError, and what the database raises.
    """
    using = router.db_for_write(field.model)
    wanted = Q(**{f"{field.attname}__{PENDING}": True})
    if whole:
        wanted |= Q(**{f"{field.attname}__{STATE}": QUEUED})
    rows = field.model._base_manager.using(using).filter(wanted)  # noqa: SLF001  # Django's own way
    keys = list(rows.values_list("pk", flat=True))
    for pk in keys:
        with saying_what_is_wrong(field, pk):
            if whole:
                update_versions(field, pk, using)
            queue_versions(field, pk, using)
    return len(keys)


@contextmanager
def saying_what_is_wrong(field: VersionsField, pk: Any) -> Iterator[None]:
    """Let one row's trouble hold up no other one: it is written down. Raises LedgerError, which is everybody's."""
    try:
        yield
    except LedgerError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever a storage, a recipe or a database says of that row
        _log.warning("The versions of %s %s could not be queued, and are tried again: %s", field, pk, error)


def renew_versions(field: VersionsField, *, everything: bool = False) -> int:
    """Have rows ask for versions whose record does not fit their upload, or the field's recipes; return how many.

    They are there from before the field, or were changed behind the model's back. With `everything` all rows do: what
    is up to date is not made again. Raises as `queue_missing`.
    """
    using = router.db_for_write(field.model)
    rows = field.model._base_manager.using(using)  # noqa: SLF001  # Django's own way
    stale = [
        (pk, upload or "")
        for pk, upload, record in rows.values_list("pk", field.source, field.attname).iterator(chunk_size=2000)
        if everything or _is_stale(field, upload or "", record or {})
    ]
    for pk, upload in stale:
        record = new_record(field, upload)
        with saying_what_is_wrong(field, pk):
            change_record(field, pk, using, lambda _, record=record: record)  # type: ignore[misc]
            queue_versions(field, pk, using)  # at once: what is up to date is to be without a URL for a moment alone
    return len(stale)


def _is_stale(field: VersionsField, upload: str, record: Mapping[str, Any]) -> bool:
    return record.get(UPLOAD, "") != upload or (bool(upload) and not record.keys() >= field.recipes.keys())
