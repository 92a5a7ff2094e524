"""Work beside the jobs, in a process of its own: it can be ended at any time, and takes its memory with it."""

import signal
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar, cast

import msgspec

from fileq.errors import EnvironmentFailure, FileqError
from fileq.process import forkserver
from fileq.process.child import die_with_worker
from fileq.process.forkserver import Connection
from fileq.process.lifeline import lifeline
from fileq.roots import this_hosts_roots, use_roots
from fileq.units import describe_seconds

_LOOK = 0.2
"""Seconds between two looks whether the worker stops."""

_GRACE = 5.0
"""Seconds that a process has to be gone once it is killed."""

_Value = TypeVar("_Value")


class IsolatedRunStopped(Exception):
    """The worker stops: the work was ended."""


class IsolatedFailure(msgspec.Struct, frozen=True):
    """What went wrong, as it comes from the other process."""

    message: str
    hint: str


def run_isolated(function: Callable[..., _Value], *arguments: object, seconds: float, stop: threading.Event) -> _Value:
    """Call `function` with `arguments` in a process of its own, and return what it returns.

    Raises EnvironmentFailure with what went wrong there, or where it takes longer than so many seconds;
    IsolatedRunStopped once `stop` is set.
    """
    ours, theirs = forkserver.context.Pipe(duplex=False)
    process = forkserver.context.Process(
        target=_serve,
        args=(theirs, lifeline.open(), this_hosts_roots().paths, function, arguments),
        daemon=True,
        name="fileq-isolated",
    )
    forkserver.start(process)
    theirs.close()
    try:
        answer = _answer(ours, seconds, stop)
    finally:
        process.kill()
        forkserver.join(process, _GRACE)
        ours.close()
    if isinstance(answer, IsolatedFailure):
        raise EnvironmentFailure(answer.message, answer.hint)
    return cast(_Value, answer)


def _answer(connection: Connection, seconds: float, stop: threading.Event) -> object:
    deadline = time.monotonic() + seconds
    while not connection.poll(_LOOK):
        if stop.is_set():
            raise IsolatedRunStopped
        if time.monotonic() > deadline:
            return IsolatedFailure(f"It took longer than {describe_seconds(seconds)}.", "It is tried again.")
    try:
        return connection.recv()
    except EOFError:
        return IsolatedFailure("Its process died.", "It is tried again.")


def _serve(
    connection: Connection,
    end: Connection,
    roots: Mapping[str, str],
    function: Callable[..., object],
    arguments: tuple[object],
) -> None:
    for number in forkserver.NOT_FOR_CHILDREN:
        signal.signal(number, signal.SIG_IGN)
    die_with_worker(end)
    use_roots(roots)
    answer: object
    try:
        answer = function(*arguments)
    except FileqError as error:
        answer = IsolatedFailure(error.message, error.hint)
    except Exception as error:  # noqa: BLE001  # whatever it is, the task that asked for it has failed, and says so
        traceback.print_exc()
        answer = IsolatedFailure(f"Something went wrong inside fileq: {type(error).__name__}: {error}.", "Report it.")
    with suppress(BrokenPipeError):  # nobody is there any more to hear it
        connection.send(answer)
