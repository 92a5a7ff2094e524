"""Where the config and the database are."""

import os
from collections.abc import Mapping

from fileq.errors import EnvironmentFailure, NotFoundError, UsageError

CONFIG_NAME = "fileq.toml"


def config_file(path: str | None, environ: Mapping[str, str], cwd: str) -> str | None:
    """The config file that counts, absolute; None where there is none. Raises NotFoundError for one asked for."""
    asked = path or environ.get("FILEQ_CONFIG")
    if not asked:
        return _nearest(cwd) or _of_user()
    found = os.path.join(cwd, os.path.expanduser(asked))
    if not os.path.isfile(found):
        origin = "FILEQ_CONFIG" if asked == environ.get("FILEQ_CONFIG") else "--config"
        raise NotFoundError(f"There is no config file {found} ({origin}).", "fileq init writes one to start from.")
    return found


def working_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError as error:
        raise EnvironmentFailure("The folder that you are in is gone.", "Go to another, such as: cd ~") from error


def whole_path(path: str, base: str) -> str:
    """The absolute path that `path` means in a config in the folder `base`; ~ is the user's home."""
    return os.path.normpath(os.path.join(base, os.path.expanduser(path)))


def _nearest(folder: str) -> str | None:
    """The config in `folder`, or in the nearest of its parents that has one."""
    while True:
        candidate = os.path.join(folder, CONFIG_NAME)
        if os.path.isfile(candidate):
            return candidate
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _of_user() -> str | None:
    import platformdirs  # noqa: PLC0415  # only those without a config of their own wait for it

    candidate = os.path.join(platformdirs.user_config_dir("fileq", appauthor=False), "config.toml")
    return candidate if os.path.isfile(candidate) else None


def state_database() -> str:
    """The database of those who name none."""
    import platformdirs  # noqa: PLC0415  # the same

    return os.path.join(platformdirs.user_state_dir("fileq", appauthor=False), "fileq.db")


def database_at(name: str, folder: str) -> str:
    """The absolute path that a database's name means, seen from `folder`. Raises UsageError for a URL."""
    if "://" in name:
        scheme = name.partition("://")[0]
        raise UsageError(f"A database at {scheme}:// is not available yet.", "Name a file instead.")
    return os.path.join(folder, os.path.expanduser(name))
