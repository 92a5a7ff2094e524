"""The places of the config and the database."""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from fileq.errors import EnvironmentFailure, NotFoundError

CONFIG_NAME = "fileq.toml"


class Provenance(StrEnum):
    """How a config file came to be used."""

    OPTION = "option"
    ENVIRONMENT = "environment"
    FOLDER = "folder"  # found by the way, in the working folder or one above: by no word of the user's
    USER = "user"


class ConfigFile(NamedTuple):
    """A config file: its absolute path, and how it came to be used."""

    path: str
    provenance: Provenance


def find_config_file(path: str | None, environ: Mapping[str, str], cwd: str) -> ConfigFile | None:
    """Return the config file that counts: `path`, FILEQ_CONFIG, the nearest one to the folder `cwd`, or the user's.

    None where there is none. Raises NotFoundError where there is none at a place that was named.
    """
    named = path or environ.get("FILEQ_CONFIG")
    if not named:
        return _nearest(cwd) or _of_user()
    found = os.path.join(cwd, os.path.expanduser(named))
    named_by = Provenance.ENVIRONMENT if named == environ.get("FILEQ_CONFIG") else Provenance.OPTION
    if not os.path.isfile(found):
        origin = "FILEQ_CONFIG" if named_by is Provenance.ENVIRONMENT else "--config"
        raise NotFoundError(f"There is no config file {found} ({origin}).", "fileq init writes one to start from.")
    return ConfigFile(found, named_by)


def working_folder() -> str:
    """Return the absolute path of the working folder. Raises EnvironmentFailure where it is gone."""
    try:
        return os.getcwd()
    except FileNotFoundError as error:
        raise EnvironmentFailure("The folder that you are in is gone.", "Go to another, such as: cd ~") from error


def absolute_path(path: str, base: str = "") -> str:
    """Return the absolute path that `path` means in the folder `base`, else the working folder; ~ is the home."""
    return os.path.abspath(os.path.join(base, os.path.expanduser(path)))


def _nearest(folder: str) -> ConfigFile | None:
    """Return the config in `folder`, or in the nearest of its parents that has one."""
    while True:
        candidate = os.path.join(folder, CONFIG_NAME)
        if os.path.isfile(candidate):
            return ConfigFile(candidate, Provenance.FOLDER)
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _of_user() -> ConfigFile | None:
    import platformdirs  # noqa: PLC0415  # only those without a config of their own wait for it

    try:
        candidate = os.path.join(platformdirs.user_config_dir("fileq", appauthor=False), "config.toml")
    except RuntimeError:  # the user has no home
        return None
    return ConfigFile(candidate, Provenance.USER) if os.path.isfile(candidate) else None


def state_folder() -> str:
    """Return the folder for what fileq remembers of the user; "" or a relative path where the user has no home."""
    import platformdirs  # noqa: PLC0415  # only those who name no database, or trust a config, wait for it

    try:
        return platformdirs.user_state_dir("fileq", appauthor=False)
    except RuntimeError:
        return ""


def default_database_path() -> str:
    """Return the path of the database of those who name none. Raises EnvironmentFailure where they have no home."""
    folder = state_folder()
    if not os.path.isabs(folder):  # in whichever folder they are would be another one each time
        raise EnvironmentFailure("There is no home folder to keep the database in.", "Set HOME, or name --database.")
    return os.path.join(folder, "fileq.db")
