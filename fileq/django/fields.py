"""VersionsField: a column that says what was made of an upload, and what is still to be made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from msgspec.structs import replace

from fileq.api.recipes import RecipeLike
from fileq.django.checks import check_versions_field
from fileq.django.versions import Versions
from fileq.recipes.recipe import Recipe


class VersionsAttribute(DeferredAttribute):
    """`photo.versions`: the column's JSON stays with the instance, and is shown as Versions."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        record = super().__get__(instance, owner) or {}
        file = self.field.source_file(instance)
        return Versions(self.field, record, file.storage) if file is not None else record

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = dict(value.record) if isinstance(value, Versions) else value


class VersionsField(models.JSONField):
    """The versions of an upload. `source` names the FileField beside it, `recipes` what is made of each upload.

    `recipes` are names of recipes of fileq's, or a dict of names with a `fileq.Recipe` each. `out` is a folder in the
    source's storage, with the fields of a folder, like "versions/{recipe}"; without one each recipe has its own way,
    which is by default a folder of the recipe's name beside the upload. `priority` is that of the jobs.
    """

    descriptor_class = VersionsAttribute

    def __init__(
        self,
        *args: Any,
        source: str = "",
        recipes: Iterable[str | Recipe] | Mapping[str, RecipeLike] = (),
        out: str | None = None,
        priority: int = 0,
        **options: Any,
    ) -> None:
        self.source = source
        self.recipes = _by_name(recipes)
        self.out = out
        self.priority = priority
        super().__init__(*args, **{"default": dict, "blank": True, "editable": False, **options})

    def deconstruct(self) -> Any:
        """Return what migrations make the column of: which recipes there are is none of their business."""
        name, _, args, kwargs = super().deconstruct()
        for option in ("default", "blank", "editable"):
            kwargs.pop(option, None)
        return name, "fileq.django.VersionsField", args, kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with the field, for `manage.py check`."""
        return [*super().check(**kwargs), *check_versions_field(self)]

    def source_field(self) -> Any:
        """Return the FileField that has the uploads; None where there is none, as in a migration."""
        try:
            found = self.model._meta.get_field(self.source) if self.source else None  # noqa: SLF001  # Django's own way
        except FieldDoesNotExist:
            return None
        return found if isinstance(found, models.FileField) else None

    def source_file(self, instance: Any) -> Any:
        """Return the upload of an instance, as Django has it; None where there is no such field."""
        field = self.source_field()
        return None if field is None else getattr(instance, field.name)

    def get_prep_value(self, value: Any) -> Any:
        """Return what the column is to hold."""
        return super().get_prep_value(value.record if isinstance(value, Versions) else value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Return it as the database wants it."""
        value = value.record if isinstance(value, Versions) else value
        return super().get_db_prep_value(value, connection, prepared)

    def value_from_object(self, obj: Any) -> Any:
        """Return what a fixture is to hold."""
        value = super().value_from_object(obj)
        return value.record if isinstance(value, Versions) else value

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        """Return what is saved: a new upload's versions; else what the column holds by now, not what was read once."""
        from fileq.django.uploads import prepare_save  # noqa: PLC0415  # it knows this module

        if self.source_field() is None:
            return super().pre_save(model_instance, add)
        return prepare_save(self, model_instance, add=add)


def versions_fields(model: Any) -> Iterator[VersionsField]:
    """Yield the fields of a model that have a source."""
    for field in model._meta.concrete_fields:  # noqa: SLF001  # Django's own way
        if isinstance(field, VersionsField) and field.source_field() is not None:
            yield field


def _by_name(recipes: Iterable[str | Recipe] | Mapping[str, RecipeLike]) -> dict[str, RecipeLike]:
    if isinstance(recipes, Mapping):
        return {name: _named(recipe, name) for name, recipe in recipes.items()}
    listed = [recipes] if isinstance(recipes, str | Recipe) else recipes
    return {recipe.name if isinstance(recipe, Recipe) else str(recipe): recipe for recipe in listed}


def _named(recipe: RecipeLike, name: str) -> RecipeLike:
    if isinstance(recipe, Recipe):
        return replace(recipe, name=name)
    return {**recipe, "name": name} if isinstance(recipe, Mapping) else recipe
