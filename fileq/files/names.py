"""The hidden names of fileq's own files, which scans, watchers and galleries pass over; and names that are free.

Each has a part that nobody else can foresee: so nobody can put a link there before we do.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator
from itertools import count

_REMOVAL = re.compile(r"\.fileq-\w+-(?P<inode>\d+)-(?P<version>\d+--?\d+)-\w+\.removing")


def temp_name(ledger: str, secret: str, job_id: int, attempt: int, number: int) -> str:
    """Return the name for an output that is being made: the `number`th of an attempt. `ledger` is its short name.

    It is the same each time: an attempt that a loss of power has undone leaves a file that the ledger has forgotten,
    and when it is made again, that one goes. Only who can read the ledger's `secret` can foresee it.
    """
    parts = f"{job_id}-{attempt}-{number}"
    unforeseeable = hmac.new(secret.encode(), parts.encode(), hashlib.sha256).hexdigest()[:10]
    return f".fileq-{ledger}-{parts}-{unforeseeable}.tmp"


def temp_name_pattern(ledger: str) -> re.Pattern[str]:
    """Return what the names of all temp files of outputs match, with the groups `job` and `attempt`."""
    return re.compile(rf"\.fileq-{re.escape(ledger)}-(?P<job>\d+)-(?P<attempt>\d+)-\d+(-\w+)?\.tmp.*")


def kept_name(ledger: str) -> str:
    """Return a new name for a file that an output takes the place of, and that can be put back."""
    return f".fileq-{ledger}-{_random()}.replaced"


def copy_name(ledger: str, disposition_id: int) -> str:
    """Return a new name for a source that is being copied to another device."""
    return f".fileq-{ledger}-move-{disposition_id}-{_random()}.tmp"


def removal_name(ledger: str, inode: int, version: str) -> str:
    """Return a new name for a file that is about to go. It says which file it is to be, so that a crash can be told."""
    return f".fileq-{ledger}-{inode}-{version}-{_random()}.removing"


def partial_name() -> str:
    """Return a new name for a file that is being written, and takes the place of another once it is whole."""
    return f".fileq-{_random()}.part"


def parse_removal_name(name: str) -> tuple[int, str]:
    """Return the inode and version in a name that `removal_name` made."""
    match = _REMOVAL.fullmatch(name)
    assert match is not None, name
    return int(match["inode"]), match["version"]


def free_names(name: str) -> Iterator[str]:
    """Yield x.jpg, x-1.jpg, x-2.jpg, …; of a path the folder stays."""
    stem, ending = os.path.splitext(name)
    yield name
    yield from (f"{stem}-{number}{ending}" for number in count(1))


def _random() -> str:
    return secrets.token_hex(5)
