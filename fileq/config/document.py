"""TOML to Settings, or a ConfigError that names the file, the line, the key and the remedy."""

import os
import tomllib
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from fileq.config.complaints import Complaint, complaint, unknown_key, unknown_name
from fileq.config.lines import line_of, lines_of_keys
from fileq.config.recipes import complaints_about
from fileq.config.schedules import complaints_about_schedule, with_names_and_whole_paths, with_whole_folder
from fileq.config.settings import Settings
from fileq.config.watches import complaints_about_watches, loop_among, with_whole_paths
from fileq.errors import ConfigError
from fileq.operations.base import Operation
from fileq.recipes.recipe import Recipe, from_config

_LEAST_TOTAL = 1024
"""Bytes: `max_total = "20"` has lost its unit, and would cost nearly all outputs."""


class Source:
    """A config's text, and how to complain about it."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.text = text
        try:
            self.document: dict[str, Any] = tomllib.loads(text)
        except RecursionError as error:
            raise ConfigError(
                f"{file} is nested too deeply to be read.", "Mend it, or start anew: fileq init"
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(
                f"{file} is not valid TOML: {error}.", "Mend it there, or start anew with: fileq init"
            ) from error

    def error(self, said: Complaint, prefix: str = "") -> ConfigError:
        key = prefix + (f".{said.key}" if prefix and said.key else said.key)
        line = line_of(key, lines_of_keys(self.text))
        where = f"{self.file}, line {line}" if line else self.file
        return ConfigError(f"{where}: {key}: {said.problem}.", said.remedy)

    def clash(self, one: Complaint, other: str) -> ConfigError:
        """A complaint about two keys together."""
        lines = lines_of_keys(self.text)
        where = " and ".join(str(line) for key in (one.key, other) if (line := line_of(key, lines)))
        return ConfigError(f"{self.file}, lines {where}: {one.key} and {other}: {one.problem}.", one.remedy)

    def convert(self, value: object, kind: Any, prefix: str = "") -> Any:
        try:
            return msgspec.convert(value, kind, dec_hook=from_config)
        except msgspec.ValidationError as error:
            raise self.error(complaint(error, kind, value), prefix) from error


def settings_from(source: Source, built_in: Mapping[str, Recipe]) -> Settings:
    """The settings that `source` asks for, with the built-in recipes below its own."""
    tables = dict(source.document)
    own = tables.pop("recipes", {})
    settings = cast(Settings, source.convert(tables, Settings))
    _check_sizes(source, settings)
    recipes = {**built_in, **recipes_from(source, own)}
    _check_default(source, settings, recipes)
    folder = os.path.dirname(source.file)
    watch = with_whole_paths(settings.watch, folder)
    schedule = with_names_and_whole_paths(settings.schedule, folder)
    for said in (*complaints_about_watches(watch, recipes), *complaints_about_schedule(schedule, recipes)):
        raise source.error(said)
    if loop := loop_among(watch):
        raise source.clash(*loop)
    report = with_whole_folder(settings.report, folder)
    return msgspec.structs.replace(settings, recipes=recipes, watch=watch, schedule=schedule, report=report)


def recipes_from(source: Source, tables: object) -> dict[str, Recipe]:
    if not isinstance(tables, dict):
        raise source.error(Complaint("recipes", "must be tables", "Write a recipe as [recipes.NAME]."))
    return {name: _recipe(source, name, table) for name, table in tables.items()}


def _recipe(source: Source, name: str, table: object) -> Recipe:
    prefix = f"recipes.{name}"
    if not isinstance(table, dict):
        raise source.error(Complaint("", "must be a table", f"Write a recipe as [{prefix}]."), prefix)
    if "name" in table:
        known = [field for field in Recipe.__struct_fields__ if field != "name"]
        raise source.error(unknown_key("name", known)._replace(remedy=f"Its name is {name} already."), prefix)
    recipe = cast(Recipe, source.convert({"name": name, **table}, Recipe, prefix))
    for said in complaints_about(recipe):
        raise source.error(said, prefix)
    return _with_enlarge(recipe)


def _with_enlarge(recipe: Recipe) -> Recipe:
    """The recipe's `enlarge` in all its steps that have one and don't say."""
    outputs = tuple(
        msgspec.structs.replace(output, steps=_enlarging(output.steps, recipe)) for output in recipe.outputs
    )
    return msgspec.structs.replace(recipe, steps=_enlarging(recipe.steps, recipe), outputs=outputs)


def _enlarging(steps: tuple[Operation, ...], recipe: Recipe) -> tuple[Operation, ...]:
    return tuple(
        msgspec.structs.replace(step, enlarge=recipe.enlarge) if getattr(step, "enlarge", False) is None else step
        for step in steps
    )


def _check_sizes(source: Source, settings: Settings) -> None:
    for key in ("timeout", "memory", "heartbeat"):
        if getattr(settings.worker, key) <= 0:
            raise source.error(Complaint(f"worker.{key}", "must be more than 0"))
    most = settings.retention.max_total
    if most is not None and 0 < most < _LEAST_TOTAL:
        raise source.error(
            Complaint("retention.max_total", f"{most} is next to nothing", 'Write a unit, like "20 GiB".')
        )


def _check_default(source: Source, settings: Settings, recipes: Mapping[str, Recipe]) -> None:
    if not settings.default:
        raise source.error(Complaint("default", "needs at least one recipe", 'Write default = ["web"].'))
    for name in settings.default:
        if name not in recipes:
            raise source.error(unknown_name("default", name, recipes))
