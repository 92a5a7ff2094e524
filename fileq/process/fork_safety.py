"""Forks of a process that uses fileq, as web servers do: parent and child go on with connections of their own."""

import os
import threading
from typing import Protocol
from weakref import WeakSet


class ForkAware(Protocol):
    """What is told of each fork."""

    def before_fork(self) -> None:
        """Get ready: the fork waits."""

    def after_fork(self, *, in_child: bool) -> None:
        """Go on, in the parent or in the child."""


_told: WeakSet[ForkAware] = WeakSet()
_ready: list[ForkAware] = []
_registered = threading.Lock()
_is_registered = False


def tell_of_forks(one: ForkAware) -> None:
    """Tell an object of each fork of this process from now on, until `tell_no_more`, or until nobody has it."""
    global _is_registered  # noqa: PLW0603  # hooks can't be taken back, so there is one for all
    with _registered:
        _told.add(one)
        if not _is_registered and hasattr(os, "register_at_fork"):
            os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
        _is_registered = True


def tell_no_more(one: ForkAware) -> None:
    """Leave alone what is closed."""
    with _registered:
        _told.discard(one)


def _before() -> None:
    _registered.acquire()
    for one in list(_told):
        one.before_fork()
        _ready.append(one)


def _in_parent() -> None:
    _after(in_child=False)


def _in_child() -> None:
    _after(in_child=True)


def _after(*, in_child: bool) -> None:
    while _ready:
        _ready.pop().after_fork(in_child=in_child)
    _registered.release()
