"""The found configs that the user trusts: a folder in the user's state, with a small file for each.

Each file is named by a hash of the config's path and holds that path. So two processes never write to the same file
with different content, and what is damaged is one trust and not all.
"""

import hashlib
import os
from collections.abc import Collection
from typing import NamedTuple

from fileq.config.ownership import is_writable_by_others, trusted_user_ids
from fileq.config.paths import state_folder
from fileq.errors import EnvironmentFailure


class TrustResult(NamedTuple):
    """Whether a config is trusted. `problem` says why that can't be told, in words that end a sentence, or is ""."""

    is_trusted: bool
    problem: str = ""


def check_trust(file: str) -> TrustResult:
    """Return whether the config `file` is trusted; never raises."""
    path = _identity(file)
    record = _record(path)
    if record is None:
        return TrustResult(False, "there is no state folder to remember it in: HOME is not set")
    try:
        with open(record, "rb") as content:
            users = trusted_user_ids()
            status = os.fstat(content.fileno())
            if users and (status.st_uid not in users or is_writable_by_others(record, status, users)):
                return TrustResult(False, f"others may have written {record}, where that is remembered")
            known = content.read(len(path) + 1)
    except FileNotFoundError:
        return TrustResult(False)
    except OSError as error:
        return TrustResult(False, f"{record}, where that is remembered, can't be read: {error.strerror}")
    if known != path:
        return TrustResult(False, f"{record}, where that is remembered, is damaged")
    return _trust_of_place(os.path.dirname(os.fsdecode(path)), users)


def _trust_of_place(folder: str, users: Collection[int]) -> TrustResult:
    """Return whether what lies in a folder now is what was trusted: nobody else could have renamed it."""
    while users and (above := os.path.dirname(folder)) != folder:
        folder = above
        status = os.stat(folder)
        if status.st_uid not in users or is_writable_by_others(folder, status, users):
            return TrustResult(False, f"others may rename what lies in {folder}")
    return TrustResult(True)


def trust_config(file: str) -> None:
    """Trust the config `file` from now on, also when its owner changes it. Raises EnvironmentFailure.

    Whether the config is the user's own is looked at each time that it is read, and not here.
    """
    from fileq.files.temp_file import replaced_file  # noqa: PLC0415  # only those wait for it who trust a config

    path = _identity(file)
    record = _record(path)
    if record is None:
        raise EnvironmentFailure("There is no state folder to remember it in.", "Set HOME.")
    folder = os.path.dirname(record)
    try:
        os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with replaced_file(record, mode=0o600) as content:
            content.write(path)
    except OSError as error:
        raise EnvironmentFailure(
            f"The trust can't be remembered in {folder}: {error.strerror}.", "Change its permissions."
        ) from error


def distrust_config(file: str) -> bool:
    """Trust the config `file` no more. Returns whether it was trusted. Raises EnvironmentFailure."""
    record = _record(_identity(file))
    if record is None:
        return False
    try:
        os.unlink(record)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise EnvironmentFailure(f"{record} can't be removed: {error.strerror}.", "Change its permissions.") from error
    return True


def list_trusted_configs() -> list[str]:
    """Return the paths of all trusted configs, sorted; they need not be there any more. Raises EnvironmentFailure."""
    folder = _folder()
    if folder is None:
        return []
    try:
        records = [os.path.join(folder, name) for name in os.listdir(folder) if not name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise EnvironmentFailure(f"{folder} can't be read: {error.strerror}.", "Change its permissions.") from error
    paths = [path for record in records if (path := _path_in(record)) is not None]
    return sorted(path for path in paths if check_trust(path).is_trusted)


def _path_in(record: str) -> str | None:
    try:
        with open(record, "rb") as content:
            return os.fsdecode(content.read())
    except OSError:
        return None


def _identity(file: str) -> bytes:
    """Return the config's place: its folder without links, and its name. A link to a trusted config is not trusted."""
    folder, name = os.path.split(os.path.abspath(file))
    return os.fsencode(os.path.join(os.path.realpath(folder), name))


def _record(path: bytes) -> str | None:
    folder = _folder()
    return None if folder is None else os.path.join(folder, hashlib.sha256(path).hexdigest())


def _folder() -> str | None:
    """Return the folder; None where the user has no home: a relative path would be one in a stranger's folder."""
    folder = state_folder()
    return os.path.join(folder, "trusted") if os.path.isabs(folder) else None
