"""Opening a queue from a program, as commands find their config and their database."""

from __future__ import annotations

import os

from fileq.api.arguments import PathLike
from fileq.api.connection import QueueConnection
from fileq.api.queue import Queue
from fileq.config import load_config, locate_broker, locate_database
from fileq.errors import UsageError
from fileq.roots import use_roots

_NOT_NEEDED = frozenset({"watch", "retention", "schedule", "report", "notify"})
"""Sections of the config that may have a fault: nothing here needs them."""


def connect(database: PathLike | None = None, *, config: str | os.PathLike[str] | None = None) -> Queue:
    """Open a queue, made where there is none yet.

    `database` is a file, or postgresql://USER@HOST/NAME; without one it is that of FILEQ_DATABASE, of the config, or
    the user's own. `config` is a file; without one it is that of FILEQ_CONFIG, the nearest fileq.toml in the working
    folder or above, or the user's own. What a config that nobody named says counts as far as it is trusted.

    Raises ConfigError, NotFoundError for a config, UntrustedError, UsageError for an address, LedgerError.
    """
    found = load_config(None if config is None else os.fspath(config), tolerated=_NOT_NEEDED)
    use_roots(found.settings.root_paths)
    if found.settings.root:
        from fileq.health.root_folders import require_root_folders

        require_root_folders(found.file)
    address, _ = locate_database(found, None if database is None else _address(database))
    return Queue(QueueConnection(found, address, locate_broker(found)))


def _address(database: PathLike) -> str:
    address = os.fsdecode(database)
    if not address or "\0" in address:
        raise UsageError(f"{address!r} names no database.", "Name a file or a URL, or leave it out for the usual one.")
    return address
