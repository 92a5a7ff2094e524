"""Operations that do what a damaged file or a broken library does to a child, installed as pip would leave them."""

import ctypes
import os
import resource
import signal
from pathlib import Path

from fileq.operations.base import Operation


class Crash(Operation, frozen=True, kw_only=True):
    """Ends its process by a signal.

    by: the signal's name

    { op = "crash", by = "SIGSEGV" }
    """

    by: str = "SIGSEGV"

    def apply(self, image):
        os.kill(os.getpid(), signal.Signals[self.by])
        return image


class Doze(Operation, frozen=True, kw_only=True):
    """Sleeps inside a single C call that holds the interpreter, as a long decoding does.

    seconds: for how long
    mark: a file to write before, so that one knows it is under way

    { op = "doze", seconds = 60, mark = "/tmp/dozing" }
    """

    seconds: int = 60
    mark: str = ""

    def apply(self, image):
        if self.mark:
            Path(self.mark).write_text(str(os.getpid()))
        ctypes.PyDLL(None).sleep(self.seconds)
        return image


class Devour(Operation, frozen=True, kw_only=True):
    """Takes memory, and touches it.

    amount: how many bytes

    { op = "devour", amount = 1000000 }
    """

    amount: int = 2**30

    def apply(self, image):
        held = bytearray(self.amount)
        held[::4096] = b"x" * len(held[::4096])
        return image


class Stumble(Operation, frozen=True, kw_only=True):
    """Raises an error that nobody thought of.

    saying: what the error says

    { op = "stumble", saying = "no such luck" }
    """

    saying: str = "no such luck"

    def apply(self, image):
        raise LookupError(self.saying)


class Exhaust(Operation, frozen=True, kw_only=True):
    """Leaves its process no handle to open a file with.

    { op = "exhaust" }
    """

    def apply(self, image):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        return image
