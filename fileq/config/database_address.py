"""Where the database is: a file's path, or the URL of a PostgreSQL server's; and the URL of the broker."""

import os
import re
from collections.abc import Mapping
from urllib.parse import quote

from fileq.config.settings import VARIABLE
from fileq.errors import ConfigError, UsageError

_SCHEMES = ("postgresql", "postgres")
_BROKER_SCHEMES = ("redis", "rediss", "unix")
_PASSWORDS = re.compile(r"(?<=://)([^/@?:]*):(?!\d+[,/?])(.*)@|([?&])(?:ssl_?)?password=[^&]*(&?)")
"""In front of the last @, whatever stands in it: what can't be read as an address is not shown either."""

_BARE = re.compile(r"[@/?#\s]|%(?![0-9A-Fa-f]{2})")
"""What a password has to write by its number."""


_HOST = re.compile(r"(?:\[[^]]*\]|[^:[]*)(?::(.*))?")
"""A host's name, or its number of version 6 in brackets, and its port."""

_HIGHEST_PORT = 65535

_LIKE_A_SERVER = re.compile(r"postgres(ql)?:|(host|hostaddr|port|dbname|user|password|service)=")
"""How what leads other programs to a server begins, and mistypes of what leads us there."""


def is_server(address: str) -> bool:
    """Return whether an address is that of a server's database, and not of a file."""
    scheme, mark, _ = address.partition("://")
    return bool(mark) and scheme in _SCHEMES


def is_broker(address: str) -> bool:
    """Return whether an address is that of a broker."""
    scheme, mark, _ = address.partition("://")
    return bool(mark) and scheme in _BROKER_SCHEMES


def hide_password(address: str) -> str:
    """Return an address of a database or a broker without the password in it, as people may see it."""
    return _PASSWORDS.sub(_without, address) if is_server(address) or is_broker(address) else address


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
        _check_password(name, "database", "; or give it in PGPASSWORD")
        address = _with_variables(name, "database", environ)
        _check_ports(address, "database", 5432)
        return address
    if "://" in name:
        raise UsageError(
            f"A database at {name.partition('://')[0]}:// is none that fileq can use.",
            "Name a file, or postgresql://USER@HOST/NAME.",
        )
    if _LIKE_A_SERVER.match(name):
        raise UsageError(
            "This address of a database is none that fileq can use, and no file gets such a name.",  # or its password
            "Name a file, or postgresql://USER@HOST/NAME.",
        )
    return os.path.join(folder, os.path.expanduser(name))


def resolve_broker_address(name: str, environ: Mapping[str, str]) -> str:
    """Return the URL of a broker. In it, ${NAME} is taken from the environment.

    Raises UsageError for a URL of another kind, ConfigError for a variable that is not set.
    """
    if not is_broker(name):
        kind = f" at {name.partition('://')[0]}://" if "://" in name else ""
        raise UsageError(
            f"A broker{kind} is none that fileq can use.", "Name redis://HOST:6379/0, rediss://HOST or unix:///SOCKET."
        )
    _check_password(name, "broker", "")
    address = _with_variables(name, "broker", environ)
    _check_ports(address, "broker", 6379)
    return address


def _check_password(address: str, whose: str, otherwise: str) -> None:
    """Raise UsageError where a password has characters that end it too early: what follows them would be shown."""
    for user, password, *_ in _PASSWORDS.findall(address):
        if (user or password) and _BARE.search(VARIABLE.sub("", password)):
            raise UsageError(
                f"The password in the {whose}'s address {hide_password(address)} can't be read.",
                f"Write @ in it as %40, / as %2F, ? as %3F, # as %23 and % as %25{otherwise}.",
            )


def _check_ports(address: str, whose: str, usual: int) -> None:
    """Raise UsageError where a port is none. A server's address may name several hosts, each with its own."""
    hosts = re.split(r"[/?#]", address.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
    for host in filter(None, map(_HOST.fullmatch, hosts.split(","))):
        port = host[1] or ""
        if port and not (port.isdecimal() and 0 < int(port) <= _HIGHEST_PORT):
            raise UsageError(
                f"The {whose}'s address {hide_password(address)} has the port {port}, which is none.",
                f"Leave it away for {usual}, or write a number up to {_HIGHEST_PORT}.",
            )


def _with_variables(address: str, whose: str, environ: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda found: quote(_require(found[1], whose, environ), safe=""), address)


def _require(variable: str, whose: str, environ: Mapping[str, str]) -> str:
    value = environ.get(variable)
    if not value:
        raise ConfigError(f"The {whose}'s address takes ${{{variable}}}, and the environment has none.", "Set it.")
    return value
