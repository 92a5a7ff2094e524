"""The queue of the process: opened at its first use, and shared by all threads."""

from typing import Any

from django.core.signals import setting_changed

from fileq.api.connect import connect
from fileq.api.queue import Queue
from fileq.django.configuration import read_configuration

_opened: dict[tuple[str | None, str | None], Queue] = {}
"""The queue by what the setting says of config and database. No lock guards it, which a fork could leave locked."""


def open_queue() -> Queue:
    """Return the queue that the setting FILEQ names; it is the same each time, and goes on in the children of a fork.

    Raises ImproperlyConfigured, and what `fileq.connect` raises.
    """
    said = read_configuration()
    place = (said.config, said.database)
    if place not in _opened:
        queue = connect(said.database, config=said.config)
        if _opened.setdefault(place, queue) is not queue:  # another thread was as fast
            queue.close()
    return _opened[place]


def close_queues() -> None:
    """Close what is open; the next use opens it anew."""
    while _opened:
        _opened.popitem()[1].close()


def _close_at_change(*, setting: str, **_: Any) -> None:
    if setting == "FILEQ":
        close_queues()


setting_changed.connect(_close_at_change, dispatch_uid="fileq")
