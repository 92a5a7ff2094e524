"""The handlers of Ctrl-C and SIGTERM from the program's first moment to its last.

A worker or a watcher sets handlers of its own while it works; these hold before and after.
"""

import atexit
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum
from types import FrameType

_INTERRUPTED = 130


class _Mode(Enum):
    EXIT = 1  # nothing is begun, or all is done: the process ends here. While modules are imported, an exception
    # might come up in a callback of the importer, and be dropped there with a traceback
    INTERRUPT = 2  # KeyboardInterrupt, which undoes what is begun
    HOLD = 3  # remembered for those who look in a moment; once more ends the process here


class _State:
    mode = _Mode.EXIT
    code = _INTERRUPTED
    is_signalled = False
    is_over = False


def install(*, stops_well: bool) -> None:
    """Handle signals from now on. `stops_well`: to be stopped is how the command ends, by SIGTERM too, with 0.

    What our parent has us ignore stays ignored, such as Ctrl-C in the background.
    """
    _State.code = 0 if stops_well else _INTERRUPTED
    numbers = [signal.SIGINT, *([signal.SIGTERM] if stops_well else [])]
    numbers = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    for number in numbers:
        signal.signal(number, _on_signal)
    # The last thing that is done at exit. What takes its time there, such as threads that end, is over by then;
    # the interpreter gives handlers up while it clears up, and a signal would kill it.
    atexit.register(_ignore, numbers)


def interrupt_on_signal() -> None:
    """Have a signal raise KeyboardInterrupt from now on."""
    _State.mode = _Mode.INTERRUPT


def hold_signals() -> None:
    """Have a signal be remembered from now on, for `was_signalled`; a second one ends the process."""
    _State.mode = _Mode.HOLD


def exit_on_signal(code: int) -> None:
    """Have a signal end the process with this exit code from now on: all is done."""
    _State.mode, _State.code, _State.is_over = _Mode.EXIT, code, True


def was_signalled() -> bool:
    """Return whether a signal came that was held: whoever sets handlers of his own looks, once they are set."""
    return _State.is_signalled


def interrupted_code() -> int:
    """Return the exit code after a KeyboardInterrupt."""
    return _State.code


@contextmanager
def handled(handlers: Mapping[str, Callable[[int, FrameType | None], object]]) -> Iterator[None]:
    """Have the signals of these names handled so within, and as before afterwards.

    Signals that the platform doesn't have are skipped, and all of them in a thread that is not the main one: no other
    may set handlers, or hears of signals.
    """
    if threading.current_thread() is not threading.main_thread():
        handlers = {}
    before = {
        number: signal.signal(number, handler)
        for name, handler in handlers.items()
        if (number := getattr(signal, name, None)) is not None
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    if _State.mode is _Mode.INTERRUPT:
        _State.is_signalled = True  # whoever drops the exception, a worker sees that it was told to stop
        raise KeyboardInterrupt
    if _State.mode is _Mode.EXIT and _State.code and not _State.is_over:
        _say(b"Stopped. Nothing was begun.\n")
    if _State.mode is _Mode.EXIT or _State.is_signalled:
        os._exit(_State.code)
    _State.is_signalled = True


def _say(sentence: bytes) -> None:
    """Write to stderr, with nothing that may be half imported."""
    with suppress(OSError):  # it is closed, and the process ends
        os.write(2, sentence)


def _ignore(numbers: list[signal.Signals]) -> None:
    for number in numbers:
        signal.signal(number, signal.SIG_IGN)
