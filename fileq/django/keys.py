"""The keys by which jobs of rows are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ValidationError

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
    place = f"{_PREFIX}:{using}:{field.model._meta.label_lower}:{field.name}:{token}"  # noqa: SLF001
    key = f"{place}:{pk}"
    return key if len(key) <= LONGEST_KEY and key.isprintable() else place


def find_row(key: str | None) -> RowReference | None:
    """Return whose job it is that has this key; None for any other one, such as that of a model that is gone."""
    from fileq.django.fields import VersionsField  # noqa: PLC0415  # it leads here

    parts = (key or "").split(":", 5)
    if parts[0] != _PREFIX or len(parts) < 6:
        return None
    _, using, label, name, token, pk = parts
    try:
        model = apps.get_model(label)
        field = model._meta.get_field(name)  # noqa: SLF001  # Django's own way
        value = model._meta.pk.to_python(pk)  # noqa: SLF001  # the same
    except (LookupError, ValueError, FieldDoesNotExist, ValidationError):
        return None
    return RowReference(field, using, token, value) if isinstance(field, VersionsField) else None
