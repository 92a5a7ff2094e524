"""Where the database is: a file's path, or the URL of a PostgreSQL server's."""

import os
import re
from collections.abc import Mapping
from urllib.parse import quote

from fileq.config.settings import VARIABLE
from fileq.errors import ConfigError, UsageError

_SCHEMES = ("postgresql", "postgres")
_PASSWORDS = re.compile(r"(?<=://)([^/@?:]*):(?!\d+[,/?])(.*)@|([?&])(?:ssl)?password=[^&]*(&?)")
"""In front of the last @, whatever stands in it: what can't be read as an address is not shown either."""

_BARE = re.compile(r"[@/?#\s]|%(?![0-9A-Fa-f]{2})")
"""What a password has to write by its number."""


def is_server(address: str) -> bool:
    """Return whether an address is that of a server's database, and not of a file."""
    scheme, mark, _ = address.partition("://")
    return bool(mark) and scheme in _SCHEMES


def hide_password(address: str) -> str:
    """Return an address without the password in it, as people may see it."""
    return _PASSWORDS.sub(_without, address) if is_server(address) else address


def _without(found: re.Match[str]) -> str:
    if found[3] is None:
        return f"{found[1]}@"
    return found[3] if found[4] else ""


def resolve_database_address(name: str, folder: str, environ: Mapping[str, str]) -> str:
    """Return the absolute path of a database's file, seen from `folder`, or the URL of a server's.

    In a URL, ${NAME} is taken from the environment. Raises UsageError for a URL of another kind, ConfigError for a
    variable that is not set.
    """
    if is_server(name):
        _check_password(name)
        return VARIABLE.sub(lambda found: quote(_require(found[1], environ), safe=""), name)
    if "://" in name:
        raise UsageError(
            f"A database at {name.partition('://')[0]}:// is none that fileq can use.",
            "Name a file, or postgresql://USER@HOST/NAME.",
        )
    return os.path.join(folder, os.path.expanduser(name))


def _check_password(address: str) -> None:
    """Raise UsageError where a password has characters that end it too early: what follows them would be shown."""
    for user, password, *_ in _PASSWORDS.findall(address):
        if user and _BARE.search(VARIABLE.sub("", password)):
            raise UsageError(
                f"The password in the database's address {hide_password(address)} can't be read.",
                "Write @ in it as %40, / as %2F, ? as %3F, # as %23 and % as %25; or give it in PGPASSWORD.",
            )


def _require(variable: str, environ: Mapping[str, str]) -> str:
    value = environ.get(variable)
    if not value:
        raise ConfigError(f"The database's address takes ${{{variable}}}, and the environment has none.", "Set it.")
    return value
