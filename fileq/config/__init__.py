"""The only reader of TOML and of the environment."""

import functools
import os
from collections.abc import Mapping

import msgspec

import fileq
from fileq.config.origins import DEFAULT, ENVIRONMENT, OPTION, Origin, origins_of
from fileq.config.places import CONFIG_NAME, config_file, database_at, state_database, working_folder
from fileq.config.reading import Source, recipes_from, settings_from
from fileq.config.settings import NotifySettings, QueueSettings, Settings, WatchSettings, WorkerSettings
from fileq.errors import ConfigError, EnvironmentFailure
from fileq.recipes import builtin_toml
from fileq.recipes.recipe import Recipe

__all__ = [
    "CONFIG_NAME",
    "Config",
    "NotifySettings",
    "Origin",
    "QueueSettings",
    "Settings",
    "WatchSettings",
    "WorkerSettings",
    "built_in_recipes",
    "database_origin",
    "database_path",
    "load",
    "sample",
    "with_database",
]


class Config(msgspec.Struct, frozen=True):
    """What is in force, the file it came from, and each setting with its origin."""

    settings: Settings
    file: str | None
    origins: tuple[Origin, ...]


def load(path: str | None = None, *, environ: Mapping[str, str] = os.environ, cwd: str | None = None) -> Config:
    """Read the config file: `path`, FILEQ_CONFIG, the nearest fileq.toml, or the user's; the defaults without one.

    Raises ConfigError for what is wrong in it, NotFoundError where there is none at a place that was named.
    """
    file = config_file(path, environ, cwd or working_folder())
    if file is None:
        settings = Settings(recipes=built_in_recipes())
        return Config(settings, None, origins_of(settings, None))
    source = Source(_read(file), file)
    settings = settings_from(source, built_in_recipes())
    return Config(settings, file, origins_of(settings, source))


def database_path(
    config: Config, option: str | None = None, *, environ: Mapping[str, str] = os.environ, cwd: str | None = None
) -> str:
    """The absolute path of the database: `option`, FILEQ_DATABASE, the config's, or the user's own."""
    return database_origin(config, option, environ=environ, cwd=cwd)[0]


def database_origin(
    config: Config, option: str | None = None, *, environ: Mapping[str, str] = os.environ, cwd: str | None = None
) -> tuple[str, str]:
    """The absolute path of the database, and what named it."""
    folder = cwd or working_folder()
    variable = environ.get("FILEQ_DATABASE")
    if option and option != variable:
        return database_at(option, folder), OPTION
    if variable:
        return database_at(variable, folder), ENVIRONMENT
    if config.settings.queue.database and config.file:
        origin = next(setting.origin for setting in config.origins if setting.key == "queue.database")
        return database_at(config.settings.queue.database, os.path.dirname(config.file)), origin
    return state_database(), DEFAULT


def with_database(config: Config, path: str, origin: str) -> Config:
    """The same config, whose origins tell the database that is really used."""
    told = (Origin(one.key, path, origin) if one.key == "queue.database" else one for one in config.origins)
    return msgspec.structs.replace(config, origins=tuple(told))


def sample() -> str:
    """The text of the commented config that `fileq init` writes."""
    return _read(os.path.join(os.path.dirname(fileq.__file__), "sample_config.toml"))


@functools.cache
def built_in_recipes() -> dict[str, Recipe]:
    source = Source(builtin_toml(), "the built-in recipes")
    return recipes_from(source, source.document["recipes"])


def _read(file: str) -> str:
    try:
        with open(file, encoding="utf-8") as text:
            return text.read()
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file} is not UTF-8 text: {error.reason} at byte {error.start}.", "Save it as UTF-8."
        ) from error
    except OSError as error:
        raise EnvironmentFailure(f"{file} can't be read: {error.strerror}.", "Change its permissions.") from error
