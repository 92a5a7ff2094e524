"""A config's TOML text: the settings that it says, or a ConfigError that names the file, the line and the remedy."""

import os
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import msgspec

from fileq.config.paths import absolute_path
from fileq.config.problems import ConfigProblem, problem_from_validation, unknown_key_problem
from fileq.config.settings import (
    VARIABLE,
    HookSettings,
    ReportSettings,
    RootSettings,
    ScheduleSettings,
    Settings,
    WatchSettings,
)
from fileq.config.validation import (
    default_problems,
    find_watch_loop,
    recipe_problems,
    root_problems,
    schedule_problems,
    size_problems,
    watch_problems,
)
from fileq.errors import ConfigError
from fileq.recipes.recipe import Recipe, decode_unit, fill_enlarge, locate_steps

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\[\]#]+?)\s*\]")
_KEY = re.compile(r"""^\s*([A-Za-z0-9_\-."' ]+?)\s*=""")


class ConfigDocument:
    """A config's text and its TOML tables. `file` is the path that errors name."""

    def __init__(self, text: str, file: str) -> None:
        """Parse `text`. Raises ConfigError where it is not TOML."""
        self.file = file
        self.text = text
        try:
            self.tables: dict[str, Any] = tomllib.loads(text)
        except RecursionError as error:
            raise ConfigError(
                f"{file} is nested too deeply to be read.", "Fix it, or start over: fileq init"
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{file} is not valid TOML: {error}.", _toml_remedy(str(error), text)) from error
        if line := _line_of_backslash(text):
            raise ConfigError(f"{file}, line {line}: a backslash in double quotes begins a special letter.", _BACKSLASH)

    def error(self, problem: ConfigProblem, prefix: str = "") -> ConfigError:
        """Return the error for a problem whose key is relative to the dotted key `prefix`."""
        key = prefix + (f".{problem.key}" if prefix and problem.key else problem.key)
        line = nearest_line(key, key_lines(self.text))
        where = f"{self.file}, line {line}" if line else self.file
        return ConfigError(f"{where}: {key}: {problem.message}.", problem.remedy, section=_section_of(key))

    def error_of_two_keys(self, problem: ConfigProblem, other_key: str) -> ConfigError:
        """Return the error for a problem that the keys `problem.key` and `other_key` have together."""
        lines = key_lines(self.text)
        where = " and ".join(str(line) for key in (problem.key, other_key) if (line := nearest_line(key, lines)))
        message = f"{self.file}, lines {where}: {problem.key} and {other_key}: {problem.message}."
        return ConfigError(message, problem.remedy, section=_section_of(problem.key))

    def convert(self, value: object, kind: Any, prefix: str = "") -> Any:
        """Convert a TOML value, which stands at the dotted key `prefix`, to the type `kind`. Raises ConfigError."""
        try:
            return msgspec.convert(value, kind, dec_hook=decode_unit)
        except msgspec.ValidationError as error:
            raise self.error(problem_from_validation(error, kind, value, prefix), prefix) from error


_BACKSLASH = r"Write a path with backslashes in single quotes: 'C:\Users\Ann'; or with slashes: C:/Users/Ann."
_PLACE = re.compile(r"\(at line (\d+),")
_WINDOWS_PATH = re.compile(r"""^[^#'"]*[=\[,]\s*"[A-Za-z]:\\(?!\\)""", re.MULTILINE)
"""A path like "C:\\new", of which TOML makes one with a line break."""


def _toml_remedy(said: str, text: str) -> str:
    """Return what fixes a text that is no TOML: `said` is how the parser says what is wrong, and where."""
    place = _PLACE.search(said)
    line = text.splitlines()[int(place[1]) - 1] if place else ""
    if "\\" in line and ("Unescaped" in said or "hex value" in said):
        return _BACKSLASH
    return "Fix it there, or start over with: fileq init"


def _line_of_backslash(text: str) -> int | None:
    path = _WINDOWS_PATH.search(text)
    return text.count("\n", 0, path.end()) + 1 if path else None


# The settings of a document


def _section_of(key: str) -> str:
    return re.split(r"[.\[]", key, maxsplit=1)[0]


class ParsedSettings(NamedTuple):
    """Settings, without the recipes that have a fault: those by their names, with the error of each.

    `section_faults` are the errors of whole sections that are left out too.
    """

    settings: Settings
    faults: dict[str, ConfigError]
    section_faults: Mapping[str, ConfigError]

    def whole(self) -> Settings:
        """Return the settings where all of them are right. Raises ConfigError."""
        for fault in self.faults.values():
            raise fault
        return self.settings


def parse_settings(
    document: ConfigDocument,
    built_in: Mapping[str, Recipe],
    tolerated: Collection[str] = (),
    *,
    environ: Mapping[str, str] = os.environ,
) -> ParsedSettings:
    """Return the settings that `document` says, with the built-in recipes below its own.

    A recipe with a fault is left out, also where a built-in one has its name, and so is a section with a fault that is
    `tolerated`. Roots may take ${NAME} from `environ`. Raises ConfigError for all else.
    """
    left_out: dict[str, ConfigError] = {}
    while True:
        try:
            return _parse_settings(document, built_in, left_out, environ)
        except ConfigError as fault:
            if fault.section not in tolerated:
                raise
            left_out[fault.section] = fault


def _parse_settings(
    document: ConfigDocument,
    built_in: Mapping[str, Recipe],
    left_out: Mapping[str, ConfigError],
    environ: Mapping[str, str],
) -> ParsedSettings:
    tables = {section: table for section, table in document.tables.items() if section not in left_out}
    own = tables.pop("recipes", {})
    settings = cast(Settings, document.convert(tables, Settings))
    _raise_first(document, size_problems(settings))
    folder = os.path.dirname(document.file)
    own_recipes, faults = _own_recipes(document, own, folder)
    known = {**built_in, **dict.fromkeys(faults), **own_recipes}
    _raise_first(document, default_problems(settings, known))
    root = _resolved_roots(document, settings.root, environ)
    watch = _resolved_watches(settings.watch, folder)
    schedule = _resolved_schedule(settings.schedule, folder)
    _raise_first(document, watch_problems(watch, known))
    _raise_first(document, schedule_problems(schedule, known))
    hook = _named_hooks(document, settings.hook, known)
    if loop := find_watch_loop(watch):
        raise document.error_of_two_keys(*loop)
    report = _resolved_report(settings.report, folder)
    recipes = {name: recipe for name, recipe in known.items() if recipe is not None}
    whole = msgspec.structs.replace(
        settings, recipes=recipes, root=root, watch=watch, schedule=schedule, report=report, hook=hook
    )
    return ParsedSettings(whole, faults, left_out)


def _raise_first(document: ConfigDocument, problems: Iterable[ConfigProblem], prefix: str = "") -> None:
    for problem in problems:
        raise document.error(problem, prefix)


def parse_recipes(document: ConfigDocument, tables: object) -> dict[str, Recipe]:
    """Return the recipes of the TOML table [recipes], by name. Raises ConfigError."""
    return {name: _recipe(document, name, table) for name, table in _recipe_tables(document, tables).items()}


def _own_recipes(
    document: ConfigDocument, tables: object, folder: str
) -> tuple[dict[str, Recipe], dict[str, ConfigError]]:
    """Return the recipes of [recipes] with their paths as seen from `folder`, and the errors of those with a fault."""
    recipes: dict[str, Recipe] = {}
    faults: dict[str, ConfigError] = {}
    for name, table in _recipe_tables(document, tables).items():
        try:
            recipes[name] = locate_steps(_recipe(document, name, table), folder)
        except ConfigError as fault:
            faults[name] = fault
    return recipes, faults


def _recipe_tables(document: ConfigDocument, tables: object) -> dict[str, Any]:
    if not isinstance(tables, dict):
        remedy = "Write a recipe as [recipes.NAME], in one bracket each, with a name of its own."
        raise document.error(ConfigProblem("recipes", "must be tables with names", remedy))
    return tables


def _recipe(document: ConfigDocument, name: str, table: object) -> Recipe:
    prefix = f"recipes.{name}"
    if not isinstance(table, dict):
        raise document.error(
            ConfigProblem("", "must be a table", f"Write a recipe as [{prefix}], in one bracket each."), prefix
        )
    if "name" in table:
        known = [field for field in Recipe.__struct_fields__ if field != "name"]
        problem = unknown_key_problem("name", known)._replace(remedy=f"Its name is {name} already.")
        raise document.error(problem, prefix)
    recipe = cast(Recipe, document.convert({"name": name, **table}, Recipe, prefix))
    _raise_first(document, recipe_problems(recipe), prefix)
    return fill_enlarge(recipe)


def _resolved_roots(
    document: ConfigDocument, roots: Sequence[RootSettings], environ: Mapping[str, str]
) -> tuple[RootSettings, ...]:
    """Return the roots with absolute paths, in which variables are filled in. Raises ConfigError."""
    for number, root in enumerate(roots):
        for variable in VARIABLE.findall(root.path):
            if not environ.get(variable):
                message = f"takes ${{{variable}}}, and the environment has none"
                raise document.error(ConfigProblem(f"root[{number}].path", message, "Set it, or write the path."))
    filled = [
        msgspec.structs.replace(root, path=os.path.expanduser(VARIABLE.sub(lambda found: environ[found[1]], root.path)))
        for root in roots
    ]
    absolute = [
        msgspec.structs.replace(root, path=os.path.abspath(root.path)) if os.path.isabs(root.path) else root
        for root in filled
    ]
    _raise_first(document, root_problems(absolute))
    return tuple(absolute)


def _resolved_watches(watches: Sequence[WatchSettings], folder: str) -> tuple[WatchSettings, ...]:
    """Return the watches with absolute paths, as seen from the config's folder."""
    return tuple(
        msgspec.structs.replace(
            watch,
            path=absolute_path(watch.path, folder),
            out=watch.out and absolute_path(watch.out, folder),
            move_to=watch.move_to and absolute_path(watch.move_to, folder),
            failed_to=watch.failed_to and absolute_path(watch.failed_to, folder),
        )
        for watch in watches
    )


def _resolved_schedule(schedule: ScheduleSettings, folder: str) -> ScheduleSettings:
    """Return the schedule with a name for each batch and absolute paths, as seen from the config's folder."""
    return msgspec.structs.replace(
        schedule,
        add=tuple(
            msgspec.structs.replace(
                batch,
                name=batch.name or f"add-{number}",
                paths=tuple(absolute_path(path, folder) for path in batch.paths),
                out=batch.out and absolute_path(batch.out, folder),
            )
            for number, batch in enumerate(schedule.add, 1)
        ),
    )


def _named_hooks(
    document: ConfigDocument, hooks: tuple[HookSettings, ...], known: Mapping[str, object]
) -> tuple[HookSettings, ...]:
    """Return the hooks, each with a name. Raises ConfigError."""
    if not hooks:
        return ()
    from fileq.config.hooks import hook_problems, named_hooks  # noqa: PLC0415  # 2 ms that few configs need

    named = named_hooks(hooks)
    _raise_first(document, hook_problems(named, known))
    return named


def _resolved_report(report: ReportSettings, folder: str) -> ReportSettings:
    return msgspec.structs.replace(report, folder=report.folder and absolute_path(report.folder, folder))


# The lines of a document's keys: tomllib doesn't tell them


def key_lines(text: str) -> dict[str, int]:
    """Return the line of each dotted key, and of each table, counted from 1.

    Tables in a list are `name[0]`, `name[1]`. It knows no strings over several lines: what looks like a key in one of
    them is taken for one.
    """
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _numbered(_unquoted(header[2]), counts, in_list=header[1] == "[[")
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(f"{table}.{_unquoted(key[1])}".lstrip("."), number)
    return lines


def nearest_line(key: str, lines: Mapping[str, int]) -> int | None:
    """Return the line of a key, or of the first thing in it, or of the nearest around it: steps stand inside a line."""
    inside = (line for other, line in lines.items() if other.startswith((f"{key}.", f"{key}[")))
    if key not in lines and (first := min(inside, default=None)):
        return first
    while key and key not in lines:
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return lines.get(key)


def _unquoted(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _numbered(table: str, counts: dict[str, int], *, in_list: bool) -> str:
    """Return `recipes.shop.outputs` with the number of each table that is in a list: `recipes.shop.outputs[1]`."""
    if in_list:
        counts[table] = counts.get(table, -1) + 1
    parts: list[str] = []
    whole = ""
    for part in table.split("."):
        whole = f"{whole}.{part}".lstrip(".")
        parts.append(f"{part}[{counts[whole]}]" if whole in counts else part)
    return ".".join(parts)
