"""A row is saved: a new upload is noticed, and what is to be made of it goes into the row, and then into the queue."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.signals import post_save, pre_save

from fileq.django.fields import versions_fields
from fileq.django.versions import PENDING, QUEUED, STATE, TOKEN, UPLOAD

if TYPE_CHECKING:
    from fileq.django.fields import VersionsField

_log = logging.getLogger("fileq")


def new_record(field: VersionsField, upload: str) -> dict[str, Any]:
    """Return what a row says of a new upload: everything is still to be queued."""
    if not upload:
        return {}
    versions = {name: {STATE: QUEUED} for name in field.recipes}
    return {UPLOAD: upload, TOKEN: secrets.token_hex(8), STATE: QUEUED, PENDING: True, **versions}


def change_record(
    field: VersionsField, pk: Any, using: str, change: Callable[[dict[str, Any]], Mapping[str, Any]]
) -> None:
    """Change what a row says, and no other column of it; nothing where the row is gone.

    `change` is given what the row says now, while nobody else can change it, and returns what it is to say.
    """
    rows = field.model._base_manager.using(using).filter(pk=pk)  # noqa: SLF001  # Django's own way
    with transaction.atomic(using=using, savepoint=False):
        # A write that changes nothing locks the row, on SQLite the database: `select for update` does nothing there.
        if not rows.update(**{field.attname: F(field.attname)}):
            return
        before = rows.values_list(field.attname, flat=True).get()
        after = change(dict(before))
        if after != before:
            rows.update(**{field.attname: after})


class RowSave:
    """What is known of a field while its row is saved: whether a new upload was seen, and its record made."""

    __slots__ = ("has_record", "is_new")

    def __init__(self, *, is_new: bool) -> None:
        self.is_new = is_new
        self.has_record = False


def _row_saves(instance: Any) -> dict[str, RowSave]:
    saves: dict[str, RowSave] = instance._state.__dict__.setdefault("fileq_saves", {})  # noqa: SLF001  # it is no column
    return saves


def prepare_save(field: VersionsField, instance: Any, *, add: bool) -> Any:
    """Return what a row that is saved is to say; the upload is stored first, as only then its name is known.

    Without a new upload that is what the row says by now, as this instance may have been read long ago, or saved by a
    transaction that was rolled back. Should the row speak of another upload, everything is to be made of this one.
    """
    attname, source = field.attname, field.source_field()
    if source.attname not in instance.__dict__:
        return F(attname)
    upload, save = str(source.pre_save(instance, add) or ""), _row_saves(instance).get(attname)
    record = instance.__dict__.get(attname) or {}
    is_new = save is not None and save.is_new and not save.has_record
    if is_new or record.get(UPLOAD, "") != upload:
        record = instance.__dict__[attname] = new_record(field, upload)
        if save is not None:
            save.has_record = True
    if add or (save is not None and save.has_record):
        return record
    fresh = Value(new_record(field, upload), output_field=field)
    return Case(When(**{f"{attname}__{UPLOAD}": upload}, then=F(attname)), default=fresh)


def _notice_upload(*, sender: Any, instance: Any, raw: bool, **_: Any) -> None:
    """Before a row is saved: a file that is not stored yet is a new upload, also under the name of the one before."""
    for field in () if raw else versions_fields(sender):
        saves, source = _row_saves(instance), field.source_field()
        failed = saves.get(field.attname)  # the save before, which did not come to its end
        is_new = failed is not None and (failed.is_new or failed.has_record)
        if source.attname in instance.__dict__:
            file = field.source_file(instance)
            is_new = is_new or bool(file and not file._committed)  # noqa: SLF001  # Django's own way
        saves[field.attname] = RowSave(is_new=is_new)


def _queue_upload(
    *, sender: Any, instance: Any, raw: bool, using: str, update_fields: frozenset[str] | None, **_: Any
) -> None:
    """After a row is saved: what it asks for is queued, once the transaction is committed."""
    for field in () if raw else versions_fields(sender):
        if update_fields is not None and field.attname not in update_fields:
            _save_unnamed(field, instance, using, update_fields)
        save = _row_saves(instance).pop(field.attname, None)  # another receiver may have saved the row once more
        if save is not None and save.has_record and instance.__dict__[field.attname]:
            transaction.on_commit(partial(queue_or_leave, field, instance.pk, using), using=using)


def _save_unnamed(field: VersionsField, instance: Any, using: str, update_fields: frozenset[str]) -> None:
    """Save what a new upload asks for where `update_fields` names the upload alone, or Django chose them so."""
    if field.source_field().attname in update_fields:
        record = prepare_save(field, instance, add=False)
        if isinstance(record, dict):
            change_record(field, instance.pk, using, lambda _: record)


def queue_or_leave(field: VersionsField, pk: Any, using: str) -> None:
    """Queue what a row asks for. Where that goes wrong the visitor still has an answer: the worker queues it later."""
    from fileq.django.rows import queue_versions  # noqa: PLC0415  # models are loaded without the queue

    try:
        queue_versions(field, pk, using)
    except Exception:  # noqa: BLE001  # it is logged with its traceback
        _log.exception("The versions of %s %s could not be queued. The worker tries it again.", field, pk)


def connect_signals() -> None:
    """Have uploads be noticed as rows are saved."""
    pre_save.connect(_notice_upload, dispatch_uid="fileq")
    post_save.connect(_queue_upload, dispatch_uid="fileq")
