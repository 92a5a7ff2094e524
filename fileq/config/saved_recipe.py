"""A recipe that is written into the user's config: what stands there already stays as it is, with its comments."""

import os
import re
import stat
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array, Table

from fileq.config import CONFIG_NAME, Config, built_in_recipes
from fileq.config.document import ConfigDocument, parse_settings
from fileq.config.paths import working_folder
from fileq.config.settings import RestrictedSettings, select_restricted
from fileq.config.trust import check_trust, trust_config
from fileq.errors import ConfigError, EnvironmentFailure, UsageError
from fileq.files.temp_file import replaced_file
from fileq.recipes.recipe import Recipe
from fileq.recipes.table import recipe_table


def save_recipe(config: Config, recipe: Recipe, *, replace: bool) -> str | None:
    """Write a recipe into the config in force, else into a new fileq.toml in the working folder; return which.

    Returns None where it says just that already. `replace` allows that a recipe of that name stands there. What is
    written is trusted where all else in the file was. Raises UsageError, ConfigError, EnvironmentFailure.
    """
    file = os.path.realpath(config.file or os.path.join(working_folder(), CONFIG_NAME))
    text = _read(file) if config.file else ""
    own = tomlkit.parse(text).get("recipes", {})
    table = recipe_table(recipe)
    if recipe.name in own:
        if own[recipe.name].unwrap() == table:
            return None
        if not replace:
            raise UsageError(
                f"There is a recipe {recipe.name} in {file} already.",
                f"Choose another name. Or change it: -r {recipe.name} --save-as {recipe.name}",
            )
    trusts = _will_be_trusted(config, recipe)
    new = _with_line_ends_of(text, _with_recipe(text, recipe.name, table))
    faults = parse_settings(ConfigDocument(new, file), built_in_recipes()).faults
    if recipe.name in faults:  # it is read as it was meant, or not written
        raise faults[recipe.name]
    _write(file, new)
    if trusts:
        trust_config(file)
    return file


def _will_be_trusted(config: Config, recipe: Recipe) -> bool:
    """Return whether the file is to be trusted once it is written. Raises ConfigError where nobody may say that yet."""
    if not recipe.runs_programs:
        return False
    if config.file is None or not config.was_found:
        return config.file is None
    if config.withheld == RestrictedSettings() and (
        check_trust(config.file).is_trusted or select_restricted(config.settings) == RestrictedSettings()
    ):
        return True
    raise config.untrusted_error("a recipe that runs a program would not count there")


def _with_recipe(text: str, name: str, table: dict[str, Any]) -> str:
    document = tomlkit.parse(text)
    recipes = document.get("recipes", {})
    if name in recipes:
        _update(recipes[name], table)
        return tomlkit.dumps(document)
    section = tomlkit.document()
    own = tomlkit.table()
    _update(own, table)
    section["recipes"] = tomlkit.table(is_super_table=True)
    section["recipes"].append(name, own)
    gap = "\n" if text.endswith("\n") or not text else "\n\n"
    return text + (gap if text else "") + tomlkit.dumps(section)


def _with_line_ends_of(text: str, new: str) -> str:
    """Return a changed text with the ends of lines that it had before: editors on Windows show no mixture well."""
    return re.sub(r"(?<!\r)\n", "\r\n", new) if "\r\n" in text else new


def _update(own: Table, table: dict[str, Any]) -> None:
    """Change a table where it says something else, so that the comments of all else stay."""
    for key in [key for key in own if key not in table]:
        del own[key]
    for key, value in table.items():
        if key not in own or own[key].unwrap() != value:
            own[key] = _tables(value) if key == "outputs" else _item(value)


def _tables(outputs: list[dict[str, Any]]) -> AoT:
    tables = tomlkit.aot()
    for output in outputs:
        one = tomlkit.table()
        for key, value in output.items():
            one[key] = _item(value)
        tables.append(one)
    return tables


def _item(value: Any) -> Any:
    """Return lists and tables on one line, as people write steps."""
    if isinstance(value, dict):
        table = tomlkit.inline_table()
        table.update({key: _item(one) for key, one in value.items()})
        return table
    if isinstance(value, list):
        array: Array = tomlkit.array()
        array.extend(_item(one) for one in value)
        return array
    return tomlkit.item(value)


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8-sig", newline="") as text:
            return text.read()
    except OSError as error:
        raise EnvironmentFailure(f"{file} can't be read: {error.strerror}.", "Change its permissions.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8 text.", "Save it as UTF-8.") from error


def _write(file: str, text: str) -> None:
    try:
        mode = stat.S_IMODE(os.stat(file).st_mode) if os.path.exists(file) else 0o666
        with replaced_file(file, mode=mode) as content:
            content.write(text.encode())
    except OSError as error:
        raise EnvironmentFailure(f"{file} can't be written: {error.strerror}.", "Change its permissions.") from error
