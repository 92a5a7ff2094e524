"""What `manage.py check` says of fileq: what is wrong, where, and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import Storage
from msgspec.structs import replace

from fileq.api.arguments import number
from fileq.api.recipes import check_recipe, select_recipes
from fileq.config import Config, load_config
from fileq.django.configuration import find_problems, read_configuration
from fileq.django.versions import RECORD_KEYS, Versions
from fileq.errors import FileqError, UsageError
from fileq.job import check_priority

if TYPE_CHECKING:
    from fileq.django.fields import VersionsField


def check_setting(app_configs: Any = None, **_: Any) -> list[checks.CheckMessage]:
    """Return what is wrong with the setting FILEQ, or with the config that it names."""
    del app_configs
    problems: list[checks.CheckMessage] = [
        checks.Error(problem.message, hint=problem.remedy, id="fileq.E001") for problem in find_problems()
    ]
    if not problems:
        try:
            _load_config()
        except FileqError as error:
            problems.append(checks.Error(error.message, hint=error.hint, id="fileq.E002"))
    return problems


def check_versions_field(field: VersionsField) -> list[checks.CheckMessage]:
    """Return what is wrong with a field: its source, the storage of that, and its recipes."""
    if not field.source or field.source_field() is None:
        what = f"there is no FileField {field.source!r}" if field.source else "it says not what it has versions of"
        return [_error(field, what, 'Write source="image", the name of a FileField of the same model.', 3)]
    problems = []
    if not apps.is_installed("fileq.django"):
        problems.append(_error(field, "fileq.django is not installed", 'Put "fileq.django" into INSTALLED_APPS.', 8))
    storage = field.source_field().storage
    if getattr(storage.path, "__func__", None) is Storage.path:
        problems.append(
            _error(
                field,
                f"{storage.__class__.__name__}, the storage of {field.source}, keeps files where no path leads to them",
                "Use a storage on a disk that server and worker share, such as FileSystemStorage.",
                4,
            )
        )
    if not field.recipes:
        problems.append(_error(field, "it has no recipes", 'Write recipes=["web"].', 5))
    return [*problems, *_place_problems(field), *_recipe_problems(field)]


def _place_problems(field: VersionsField) -> Iterator[checks.CheckMessage]:
    out = field.out
    if out is not None and (not isinstance(out, str) or not out or os.path.isabs(out) or ".." in PurePath(out).parts):
        remedy = 'Write a path below that of the storage, such as out="versions/{recipe}".'
        yield _error(field, f"its out {out!r} is no folder in the storage", remedy, 9)
    try:
        check_priority(number(field.priority, "priority"))
    except (TypeError, UsageError) as error:
        yield _error(field, str(error).rstrip("."), "0 is usual, and 10 goes before it.", 10)


def _recipe_problems(field: VersionsField) -> list[checks.CheckMessage]:
    problems = [
        _error(field, f"no version can have the name {name!r}", 'Name it otherwise: {"card": recipe}.', 6)
        for name in field.recipes
        if name in RECORD_KEYS or name.startswith("_") or "__" in name or hasattr(Versions, name)
    ]
    try:
        config = _load_config()
    except (FileqError, ImproperlyConfigured):  # which the check of the setting says
        return problems
    for recipe in field.recipes.values():
        try:
            _require_recipe(config, recipe, field.out)
        except FileqError as error:
            problems.append(_error(field, error.message.rstrip("."), error.hint, 7))
        except TypeError as error:
            problems.append(_error(field, str(error), 'Write recipes={"card": fileq.Recipe(…)}.', 7))
    return problems


def _require_recipe(config: Config, recipe: Any, out: str | None) -> None:
    (found,) = select_recipes(config, recipe)
    if isinstance(out, str):
        check_recipe(replace(found, out=out))


def _load_config() -> Config:
    return load_config(read_configuration().config)


def _error(field: VersionsField, what: str, remedy: str, number: int) -> checks.CheckMessage:
    return checks.Error(
        f"{field.model.__name__}.{field.name}: {what}.", hint=remedy, obj=field, id=f"fileq.E{number:03}"
    )
