"""The only reader of TOML and of the environment."""

import functools
import os
from collections.abc import Callable, Mapping

import msgspec

import fileq
from fileq.config.complaints import unknown_name
from fileq.config.document import Source, recipes_from, settings_from
from fileq.config.origins import DEFAULT, ENVIRONMENT, OPTION, Origin, origins_of
from fileq.config.paths import (
    CONFIG_NAME,
    ConfigFile,
    Provenance,
    config_file,
    database_at,
    state_database,
    working_folder,
)
from fileq.config.restricted import RestrictedSettings, restricted_settings, without
from fileq.config.settings import NotifySettings, QueueSettings, Settings, WatchSettings, WorkerSettings
from fileq.errors import ConfigError, EnvironmentFailure, NotFoundError, UntrustedError
from fileq.recipes import builtin_toml
from fileq.recipes.recipe import Recipe

__all__ = [
    "CONFIG_NAME",
    "Config",
    "NotifySettings",
    "Origin",
    "Provenance",
    "QueueSettings",
    "RestrictedSettings",
    "Settings",
    "WatchSettings",
    "WorkerSettings",
    "built_in_recipes",
    "config_in_use",
    "database_origin",
    "database_path",
    "database_path_in",
    "load",
    "read_restricted",
    "sample",
    "with_database",
]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force, the file it came from, and each setting with its origin.

    `withheld` is what that file says too, but what doesn't count, as it was found by the way and is not trusted.
    `trust_problem` says why that could not be found out, where it couldn't.
    """

    settings: Settings
    file: str | None = None
    origins: tuple[Origin, ...]
    provenance: Provenance | None = None
    withheld: RestrictedSettings = RestrictedSettings()
    trust_problem: str = ""

    @property
    def was_found(self) -> bool:
        """Whether nobody named it: it stands in the working folder or one above."""
        return self.provenance is Provenance.FOLDER

    @property
    def is_trusted(self) -> bool:
        """Whether all that the file says counts, or would: that it was named is trust enough."""
        from fileq.config.trust import trust_of  # noqa: PLC0415  # see _restrict

        return self.file is None or not self.was_found or trust_of(self.file).trusted

    @property
    def recipes(self) -> dict[str, Recipe]:
        """All recipes, to look at; also those that don't count."""
        return {**self.settings.recipes, **self.withheld.recipes}

    def recipe(self, name: str) -> Recipe:
        """Return the recipe of this name, to use it. Raises NotFoundError, UntrustedError."""
        if name in self.withheld.recipes:
            program = next(program.argv[0] for program in self.withheld.programs if program.recipe == name)
            raise self.untrusted(f"its recipe {name} runs a program ({program})")
        if name not in self.settings.recipes:
            where = f", built in or in {self.file}" if self.was_found else ""
            raise NotFoundError(f"There is no recipe {name}{where}.", unknown_name("", name, self.recipes).remedy)
        return self.settings.recipes[name]

    def untrusted(self, what: str, otherwise: str = "") -> UntrustedError:
        """Return the error that this config isn't trusted, and asks for `what`; `otherwise` is another way out."""
        problem = f" ({self.trust_problem})" if self.trust_problem else ""
        return UntrustedError(
            f"The config {self.file} is not trusted{problem}, and {what}.", f"Look at it, then: fileq trust{otherwise}"
        )


def load(path: str | None = None, *, environ: Mapping[str, str] = os.environ, cwd: str | None = None) -> Config:
    """Read the config file: `path`, FILEQ_CONFIG, the nearest fileq.toml, or the user's; the defaults without one.

    Raises ConfigError for what is wrong in it, or where it was found and isn't the user's own; NotFoundError where
    there is none at a place that was named.
    """
    found = config_file(path, environ, cwd or working_folder())
    if found is None:
        settings = Settings(recipes=built_in_recipes())
        return Config(settings=settings, origins=origins_of(settings, None))
    source = _source(found)
    settings = settings_from(source, built_in_recipes())
    config = Config(
        settings=settings, file=found.path, origins=origins_of(settings, source), provenance=found.provenance
    )
    return _restrict(config) if config.was_found else config


def _restrict(config: Config) -> Config:
    """The same config, without what needs trust where it isn't trusted."""
    restricted = restricted_settings(config.settings)
    if restricted == RestrictedSettings():
        return config
    from fileq.config.trust import trust_of  # noqa: PLC0415  # most configs ask for nothing that needs trust

    assert config.file is not None
    trust = trust_of(config.file)
    if trust.trusted:
        return config
    settings = without(config.settings, restricted)
    return msgspec.structs.replace(config, settings=settings, withheld=restricted, trust_problem=trust.problem)


def read_restricted(file: str) -> RestrictedSettings:
    """Return what the config at `file`, were it found by the way, would say that needs trust.

    Raises ConfigError for what is wrong in it, or where it isn't the user's own.
    """
    source = _source(ConfigFile(file, Provenance.FOLDER))
    return restricted_settings(settings_from(source, built_in_recipes()))


def config_in_use(path: str | None, *, environ: Mapping[str, str] = os.environ, cwd: str | None = None) -> str:
    """Return the absolute path of the config file that `load` would read. Raises NotFoundError where there is none."""
    found = config_file(path, environ, cwd or working_folder())
    if found is None:
        raise NotFoundError(f"There is no {CONFIG_NAME} in this folder or above.", "fileq init writes one here.")
    return found.path


def database_path_in(file: str, name: str) -> str:
    """Return the absolute path that the database's `name` means in the config at `file`. Raises UsageError."""
    return database_at(name, os.path.dirname(file))


def database_path(
    config: Config, option: str | None = None, *, environ: Mapping[str, str] = os.environ, cwd: str | None = None
) -> str:
    """The absolute path of the database: `option`, FILEQ_DATABASE, the config's, or the user's own."""
    return database_origin(config, option, environ=environ, cwd=cwd)[0]


def database_origin(
    config: Config, option: str | None = None, *, environ: Mapping[str, str] = os.environ, cwd: str | None = None
) -> tuple[str, str]:
    """The absolute path of the database, and what named it. Raises UntrustedError, UsageError."""
    folder = cwd or working_folder()
    variable = environ.get("FILEQ_DATABASE")
    if option and option != variable:
        return database_at(option, folder), OPTION
    if variable:
        return database_at(variable, folder), ENVIRONMENT
    if config.withheld.database is not None:
        raise config.untrusted(f"names a database ({config.withheld.database})", ". Or name one: --database FILE")
    if config.settings.queue.database and config.file:
        origin = next(setting.origin for setting in config.origins if setting.key == "queue.database")
        return database_path_in(config.file, config.settings.queue.database), origin
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


def _source(found: ConfigFile) -> Source:
    if found.provenance is not Provenance.FOLDER:
        return Source(_read(found.path), found.path)
    from fileq.config.ownership import check_ownership  # noqa: PLC0415  # those without a config don't wait for it

    return Source(_read(found.path, check_ownership), found.path)


def _read(file: str, check: Callable[[str, os.stat_result], None] | None = None) -> str:
    """The text of a file that passes `check`."""
    try:
        with open(file, encoding="utf-8") as text:
            if check is not None:
                check(file, os.fstat(text.fileno()))
            return text.read()
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file} is not UTF-8 text: {error.reason} at byte {error.start}.", "Save it as UTF-8."
        ) from error
    except OSError as error:
        raise EnvironmentFailure(f"{file} can't be read: {error.strerror}.", "Change its permissions.") from error
