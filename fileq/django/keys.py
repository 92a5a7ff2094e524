"""The keys by which jobs of rows are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import connections

from fileq.django.configuration import read_configuration
from fileq.job import LONGEST_KEY

if TYPE_CHECKING:
    from fileq.django.fields import VersionsField

_PREFIX = "django"


class RowReference(NamedTuple):
    """Whose job it is: a field of a row in a database, and the upload's token."""

    field: VersionsField
    using: str
    token: str
    pk: Any


def row_key(field: VersionsField, using: str, token: str, pk: Any) -> str:
    """Return the key of a row's jobs. Of one whose primary key is too long it has none, and the worker looks itself."""
    place = f"{_PREFIX}:{read_configuration().name}:{using}:{field.model._meta.label_lower}:{field.name}:{token}"  # noqa: SLF001
    key = f"{place}:{pk}"
    return key if len(key) <= LONGEST_KEY and key.isprintable() else place


def find_row(key: str | None) -> RowReference | None:
    """Return whose job it is that has this key; None for another project's, or of a model that is gone."""
    from fileq.django.fields import VersionsField  # noqa: PLC0415  # it leads here

    parts = (key or "").split(":", 6)
    if parts[:2] != [_PREFIX, read_configuration().name] or len(parts) < 7:
        return None
    using, label, name, token, pk = parts[2:]
    try:
        model = apps.get_model(label)
        field = model._meta.get_field(name)  # noqa: SLF001  # Django's own way
        value = model._meta.pk.to_python(pk)  # noqa: SLF001  # the same
    except (LookupError, ValueError, FieldDoesNotExist, ValidationError):
        return None
    is_ours = isinstance(field, VersionsField) and using in connections
    return RowReference(field, using, token, value) if is_ours else None
