"""The config in force: the file that is found, its settings, its trust, and the database that it names."""

import functools
import os
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

import fileq
from fileq.config.database_address import (
    hide_password,
    is_server,
    resolve_broker_address,
    resolve_database_address,
)
from fileq.config.document import ConfigDocument, parse_recipes, parse_settings
from fileq.config.host_program import HostProgram
from fileq.config.origins import DEFAULT, ENVIRONMENT, OPTION, SettingOrigin, setting_origins
from fileq.config.paths import (
    CONFIG_NAME,
    ConfigFile,
    Provenance,
    default_database_path,
    find_config_file,
    working_folder,
)
from fileq.config.problems import suggest_names
from fileq.config.settings import (
    HookSettings,
    NotifySettings,
    QueueSettings,
    RestrictedSettings,
    Settings,
    WatchSettings,
    WorkerSettings,
    remove_restricted,
    select_restricted,
)
from fileq.errors import ConfigError, EnvironmentFailure, NotFoundError, UntrustedError
from fileq.recipes import builtin_toml
from fileq.recipes.recipe import Recipe

__all__ = [
    "CONFIG_NAME",
    "Config",
    "HostProgram",
    "NotifySettings",
    "Provenance",
    "QueueSettings",
    "RestrictedSettings",
    "SettingOrigin",
    "Settings",
    "WatchSettings",
    "WorkerSettings",
    "built_in_recipes",
    "database_address_in_config",
    "find_config_in_use",
    "hide_password",
    "is_server",
    "load_config",
    "locate_broker",
    "locate_database",
    "read_restricted_settings",
    "sample_config",
    "with_broker_origin",
    "with_database_origin",
]


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force, the file that they came from, and each setting with its origin.

    `withheld` is what that file says too, but what doesn't count, as it was found by the way and is not trusted.
    `trust_problem` says why that can't be told, or is "". `faults` has the recipes in which something is wrong, by
    name: only who needs them hears of it. `section_faults` has the sections in which something is wrong, and for which
    the defaults stand, as who asked for the config does not need them. `host_program` is the program that the
    command line is within.
    """

    settings: Settings
    file: str | None = None
    origins: tuple[SettingOrigin, ...]
    provenance: Provenance | None = None
    withheld: RestrictedSettings = RestrictedSettings()
    trust_problem: str = ""
    faults: Mapping[str, ConfigError] = {}
    section_faults: Mapping[str, ConfigError] = {}
    host_program: HostProgram | None = None

    @property
    def hooks(self) -> tuple[HookSettings, ...]:
        """All hooks: those of the file, and of the program."""
        return (*self.settings.hook, *(self.host_program.hooks if self.host_program is not None else ()))

    def hook_environ(self, hook: HookSettings, environ: Mapping[str, str] = os.environ) -> Mapping[str, str]:
        """Return the variables that what a hook calls is given."""
        brought = self.host_program
        return {**environ, **brought.environ} if brought is not None and hook in brought.hooks else environ

    @property
    def was_found(self) -> bool:
        """Whether nobody named the file: it stands in the working folder or one above."""
        return self.provenance is Provenance.FOLDER

    @property
    def is_trusted(self) -> bool:
        """Whether all that the file says counts, or would: a file that was named is trusted by that."""
        from fileq.config.trust import check_trust  # noqa: PLC0415  # see _restrict

        return self.file is None or not self.was_found or check_trust(self.file).is_trusted

    @property
    def recipes(self) -> dict[str, Recipe]:
        """All recipes, to look at; also those that don't count."""
        return {**self.settings.recipes, **self.withheld.recipes}

    def recipe(self, name: str) -> Recipe:
        """Return the recipe of this name, for use.

        Raises NotFoundError with the nearest name, UntrustedError, ConfigError where it has a fault.
        """
        if name in self.faults:
            raise self.faults[name]
        if name in self.withheld.recipes:
            program = next(program.argv[0] for program in self.withheld.programs if program.recipe_name == name)
            raise self.untrusted_error(f"its recipe {name} runs a program ({program})")
        if name not in self.settings.recipes:
            where = f", built in or in {self.file}" if self.was_found else ""
            raise NotFoundError(
                f"There is no recipe {name}{where}.", suggest_names(name, [*self.recipes, *self.faults])
            )
        return self.settings.recipes[name]

    def select_recipes(self, names: Iterable[str] = ()) -> list[Recipe]:
        """Return the recipes of these names, each once; the default ones where there is none. Raises as `recipe`."""
        return [self.recipe(name) for name in dict.fromkeys(names) or self.settings.default]

    def untrusted_error(self, what: str, otherwise: str = "") -> UntrustedError:
        """Return the error that this config isn't trusted, and asks for `what`; `otherwise` is another way out."""
        problem = f" ({self.trust_problem})" if self.trust_problem else ""
        return UntrustedError(
            f"The config {self.file} is not trusted{problem}, and {what}.", f"Look at it, then: fileq trust{otherwise}"
        )


def load_config(
    path: str | None = None,
    *,
    tolerated: Collection[str] = (),
    environ: Mapping[str, str] = os.environ,
    cwd: str | None = None,
) -> Config:
    """Read the config file: `path`, FILEQ_CONFIG, the nearest fileq.toml, or the user's; the defaults without one.

    Raises ConfigError for what is wrong in it outside of its recipes and the `tolerated` sections, or where it was
    found and isn't the user's own; NotFoundError where there is none at a place that was named.
    """
    found = find_config_file(path, environ, cwd or working_folder())
    if found is None:
        settings = Settings(recipes=built_in_recipes())
        return Config(settings=settings, origins=setting_origins(settings, None))
    document = _document(found)
    settings, faults, section_faults = parse_settings(document, built_in_recipes(), tolerated, environ=environ)
    config = Config(
        settings=settings,
        file=found.path,
        origins=setting_origins(settings, document, section_faults),
        provenance=found.provenance,
        faults=faults,
        section_faults=section_faults,
    )
    return _restrict(config) if config.was_found else config


def _restrict(config: Config) -> Config:
    """Return the config without what needs trust, where the config isn't trusted."""
    restricted = select_restricted(config.settings)
    if restricted == RestrictedSettings():
        return config
    from fileq.config.trust import check_trust  # noqa: PLC0415  # most configs ask for nothing that needs trust

    assert config.file is not None
    trust = check_trust(config.file)
    if trust.is_trusted:
        return config
    settings = remove_restricted(config.settings, restricted)
    return msgspec.structs.replace(config, settings=settings, withheld=restricted, trust_problem=trust.problem)


def read_restricted_settings(file: str) -> RestrictedSettings:
    """Return what the config at `file`, were it found by the way, would say that needs trust.

    Raises ConfigError for what is wrong in it, or where it isn't the user's own.
    """
    document = _document(ConfigFile(file, Provenance.FOLDER))
    return select_restricted(parse_settings(document, built_in_recipes()).whole())


def find_config_in_use(path: str | None, *, environ: Mapping[str, str] = os.environ, cwd: str | None = None) -> str:
    """Return the absolute path of the config file that `load` would read. Raises NotFoundError where there is none."""
    found = find_config_file(path, environ, cwd or working_folder())
    if found is None:
        raise NotFoundError(f"There is no {CONFIG_NAME} in this folder or above.", "fileq init writes one here.")
    return found.path


def database_address_in_config(file: str, name: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return the address that the database's `name` means in the config at `file`. Raises UsageError, ConfigError."""
    return resolve_database_address(name, os.path.dirname(file), environ)


def locate_database(
    config: Config, option: str | None = None, *, environ: Mapping[str, str] = os.environ, cwd: str | None = None
) -> tuple[str, str]:
    """Return the address of the database, and its origin: the option, the environment, the config, or none.

    It is the absolute path of a file, or a server's URL. Raises UntrustedError, UsageError, ConfigError.
    """
    folder = cwd or working_folder()
    variable = environ.get("FILEQ_DATABASE")
    if option and option != variable:
        return resolve_database_address(option, folder, environ), OPTION
    if variable:
        return resolve_database_address(variable, folder, environ), ENVIRONMENT
    if config.withheld.database is not None:
        named = f"names a database ({hide_password(config.withheld.database)})"
        raise config.untrusted_error(named, ". Or name one: --database FILE")
    if config.settings.queue.database and config.file:
        origin = next(setting.origin for setting in config.origins if setting.key == "queue.database")
        return database_address_in_config(config.file, config.settings.queue.database, environ), origin
    return default_database_path(), DEFAULT


def locate_broker(config: Config, *, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the URL of the broker; None where messages lie in the database. The environment goes before the config.

    Raises UntrustedError, UsageError, ConfigError.
    """
    if variable := environ.get("FILEQ_BROKER"):
        return resolve_broker_address(variable, environ)
    if config.withheld.broker is not None:
        named = f"names a broker ({hide_password(config.withheld.broker)})"
        raise config.untrusted_error(named, ". Or name one in FILEQ_BROKER")
    address = config.settings.queue.broker
    return resolve_broker_address(address, environ) if address else None


def with_broker_origin(config: Config, *, environ: Mapping[str, str] = os.environ) -> Config:
    """Return the config with the broker of the environment, if it has one, among the origins of the settings."""
    variable = environ.get("FILEQ_BROKER")
    return config if not variable else _with_origin(config, "queue.broker", variable, ENVIRONMENT)


def with_database_origin(config: Config, address: str, origin: str) -> Config:
    """Return the config with the database that is really used, and its origin, among the origins of the settings."""
    return _with_origin(config, "queue.database", address, origin)


def _with_origin(config: Config, key: str, address: str, origin: str) -> Config:
    used = SettingOrigin(key, hide_password(address), origin)
    origins = tuple(used if known.key == used.key else known for known in config.origins)
    return msgspec.structs.replace(config, origins=origins)


def sample_config() -> str:
    """Return the text of the commented config that `fileq init` writes."""
    return _read(os.path.join(os.path.dirname(fileq.__file__), "sample_config.toml"))


@functools.cache
def built_in_recipes() -> dict[str, Recipe]:
    """Return the recipes that fileq brings with it, by name."""
    document = ConfigDocument(builtin_toml(), "the built-in recipes")
    return parse_recipes(document, document.tables["recipes"])


def _document(found: ConfigFile) -> ConfigDocument:
    if found.provenance is not Provenance.FOLDER:
        return ConfigDocument(_read(found.path), found.path)
    from fileq.config.ownership import check_ownership  # noqa: PLC0415  # those without a config don't wait for it

    return ConfigDocument(_read(found.path, check_ownership), found.path)


def _read(file: str, check: Callable[[str, os.stat_result], None] | None = None) -> str:
    """Return the text of a file that passes `check`, which raises ConfigError. Raises EnvironmentFailure too."""
    try:
        with open(file, encoding="utf-8-sig") as text:  # Windows writes a byte order mark
            if check is not None:
                check(file, os.fstat(text.fileno()))
            return text.read()
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file} is not UTF-8 text: {error.reason} at byte {error.start}.", "Save it as UTF-8."
        ) from error
    except OSError as error:
        raise EnvironmentFailure(f"{file} can't be read: {error.strerror}.", "Change its permissions.") from error
