"""The setting FILEQ of a Django project."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from fileq.config import is_server
from fileq.config.problems import suggest_names
from fileq.units import Duration

_NAME = re.compile(r"[\w.-]{1,100}")
_LONGEST_TIMEOUT = 3600


class DjangoConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What FILEQ says; None is as commands find it."""

    config: str | None = None
    database: str | None = None
    name: str
    """What this project's signals are known by, where several projects share a queue."""
    signal_timeout: Duration = Duration(30)
    """Seconds that all receivers of a signal may take together."""


class SettingProblem(NamedTuple):
    """What is wrong with the setting, in a sentence, and what to do."""

    message: str
    remedy: str


KEYS = ("CONFIG", "DATABASE", "NAME", "SIGNAL_TIMEOUT")


def read_configuration() -> DjangoConfiguration:
    """Return what the setting FILEQ says; the defaults without one. Raises ImproperlyConfigured."""
    for problem in find_problems():
        raise ImproperlyConfigured(f"{problem.message} {problem.remedy}")
    said = _setting()
    timeout = said.get("SIGNAL_TIMEOUT")
    return DjangoConfiguration(
        config=None if said.get("CONFIG") is None else os.fspath(said["CONFIG"]),
        database=None if said.get("DATABASE") is None else os.fspath(said["DATABASE"]),
        name=said.get("NAME") or os.environ.get("DJANGO_SETTINGS_MODULE", "django"),
        signal_timeout=Duration(30) if timeout is None else _duration(timeout),
    )


def find_problems() -> Iterator[SettingProblem]:
    """Yield what is wrong with the setting."""
    said = _setting()
    if not isinstance(said, dict):
        yield SettingProblem("The setting FILEQ is no dict.", f"Write it like {_EXAMPLE}.")
        return
    for key in said:
        if key not in KEYS:
            yield SettingProblem(
                f"The setting FILEQ has an unknown key {key!r}.", suggest_names(str(key).upper(), KEYS)
            )
    yield from _path_problems(said)
    name, timeout = said.get("NAME"), said.get("SIGNAL_TIMEOUT")
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield SettingProblem(f"FILEQ['NAME'] can't be {name!r}.", "Use letters, digits, and _ . -")
    try:
        seconds = 30.0 if timeout is None else _duration(timeout)
    except ValueError as error:
        yield SettingProblem(f"FILEQ['SIGNAL_TIMEOUT'] is wrong: {error}.", 'Write seconds, or a text like "1m".')
    else:
        if not 0 < seconds <= _LONGEST_TIMEOUT:
            yield SettingProblem("FILEQ['SIGNAL_TIMEOUT'] must be more than 0.", "One hour is the most.")


_EXAMPLE = 'FILEQ = {"DATABASE": BASE_DIR / "fileq.db"}'


def _path_problems(said: dict[str, Any]) -> Iterator[SettingProblem]:
    for key in ("CONFIG", "DATABASE"):
        path = said.get(key)
        if path is None:
            continue
        if not isinstance(path, str | os.PathLike) or not isinstance(os.fspath(path), str) or not os.fspath(path):
            yield SettingProblem(f"FILEQ[{key!r}] is no path: {path!r}.", "Write it like BASE_DIR / 'fileq.toml'.")
        elif not (os.path.isabs(path) or is_server(os.fspath(path)) or os.fspath(path).startswith(("~", "$"))):
            yield SettingProblem(
                f"FILEQ[{key!r}] is a relative path: {os.fspath(path)}. The server and the worker may be started in"
                " different folders, and would not mean the same file.",
                f"Write BASE_DIR / {os.fspath(path)!r}.",
            )
        elif key == "CONFIG" and not os.path.isfile(os.path.expanduser(path)):
            yield SettingProblem(f"FILEQ['CONFIG'] names no file: {os.fspath(path)}.", "fileq init writes one.")


def _setting() -> Any:
    return getattr(settings, "FILEQ", {})


def _duration(value: object) -> Duration:
    return Duration.parse(value if isinstance(value, str) else f"{value}s")
