"""Forks of the process of a test."""

import os
import traceback
from collections.abc import Callable


def in_child(function: Callable[[], object]) -> bool:
    """Call a function in a fork of this process, and return whether it went well."""
    child = os.fork()
    if child == 0:
        try:
            function()
            os._exit(0)
        except BaseException:  # noqa: BLE001  # a child of pytest must not go on with its tests
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
