"""The hidden name that an output has for the moment in which it is removed, and how it comes back from there.

The name says which file it is to be, so that what a crash leaves can be told from what it is not.
"""

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from itertools import count

from fileq.ledger.files import version_of
from fileq.upkeep.retention.place import Place

_COVER = re.compile(r"\.fileq-\w+-(?P<inode>\d+)-(?P<version>\d+--?\d+)-\w+\.removing")
_NO_LINK = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


def cover(ledger: str, inode: int, version: str) -> str:
    """A new hidden name, which walks and watchers pass over. `ledger` is the ledger's short name."""
    return f".fileq-{ledger}-{inode}-{version}-{secrets.token_hex(4)}.removing"


def covered(name: str) -> tuple[int, str]:
    """The inode and version of the file that a hidden name is for."""
    match = _COVER.fullmatch(name)
    assert match is not None, name
    return int(match["inode"]), match["version"]


def is_same(status: os.stat_result, inode: int, version: str) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_ino == inode and version_of(status) == version


def put_back(place: Place, hidden: str, name: str) -> None:
    """Give what has the hidden name its own name again, or one like it where something else stands there by now.

    Raises OSError.
    """
    status = place.look(hidden)
    if status is None:
        return
    for candidate in _names(name):
        there = place.look(candidate)
        if there is None:
            try:
                _give(place, hidden, candidate, status)
            except FileExistsError:
                continue
            return
        if os.path.samestat(there, status):  # a crash came between the two steps of it
            place.unlink(hidden)
            return


def _give(place: Place, hidden: str, name: str, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        place.rename(hidden, name)
        return
    try:
        # A link, unlike a rename, fails where somebody has put a file in the meantime.
        place.link(hidden, name)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        place.rename(hidden, name)  # where there are no hard links, the look before is the best that one can do
    else:
        place.unlink(hidden)


def _names(name: str) -> Iterator[str]:
    """x.jpg, x-1.jpg, x-2.jpg, …"""
    stem, ending = os.path.splitext(name)
    yield name
    yield from (f"{stem}-{number}{ending}" for number in count(1))
