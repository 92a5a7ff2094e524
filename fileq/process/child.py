"""What runs in a slot's child process: pictures, and nothing of the ledger or the queue.

The slot asks in two steps. It sends an PipelineRequest and is told the outputs that are planned; it sends the targets
of those it wants and is told what was made of them. At any point the answer can be a JobError instead.
"""

import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence

from fileq.errors import ErrorKind, JobError, find_shortage
from fileq.images.protocol import EncodeResult, MemoryNeed, PipelineRequest, Reservation
from fileq.process import forkserver, words
from fileq.process.forkserver import Connection

if sys.platform == "linux":
    import fcntl
    import resource


def serve(connection: Connection, lifeline: Connection, memory: int) -> None:
    """Answer requests until the slot closes the connection. `memory`: the bytes that one job may use."""
    for number in forkserver.NOT_FOR_CHILDREN:
        signal.signal(number, signal.SIG_IGN)
    die_with_worker(lifeline)
    _limit_memory(memory)
    while True:
        try:
            request = words.receive(connection)
        except EOFError:
            return
        _tell(connection, _answer(connection, request, memory))


def _tell(connection: Connection, said: object) -> None:
    """Say something to the slot; where nobody is there any more to hear it, this process is of no use."""
    try:
        words.send(connection, said)
    except BrokenPipeError:
        os._exit(1)


def _answer(connection: Connection, request: PipelineRequest, memory: int) -> EncodeResult | JobError:
    from fileq.images.memory import refuse_beyond  # noqa: PLC0415  # the worker, which imports this too, needs no Pillow
    from fileq.images.pipeline import open_run  # noqa: PLC0415  # the same

    def claim_memory(need: int) -> None:
        if need > memory:
            from fileq.process.memory_budget import name_limit  # noqa: PLC0415  # psutil, for no other job

            refuse_beyond(memory, need, request.path, name_limit(memory))
        if need > _UNASKED:
            _tell(connection, MemoryNeed(need))
            words.receive(connection)  # there is room for it now

    try:
        with open_run(request, claim_memory) as picture:
            _tell(connection, picture.planned)
            targets: Sequence[Reservation | None] = words.receive(connection)
            encoded = picture.make(targets) if any(targets) else (None,) * len(targets)
            return EncodeResult(encoded, picture.notes, picture.digest() if request.wants_digest else None)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is said on the job
        lack = find_shortage(error)
        if lack is not None and lack.of_memory:  # there is a limit for this process alone
            return JobError(ErrorKind.MEMORY, f"{request.path} needs more memory than a job may use.", MORE_MEMORY)
        if lack is not None:
            return lack
        if isinstance(error, JobError):
            return error
        traceback.print_exc()
        return JobError(
            ErrorKind.INTERNAL,
            f"Something went wrong inside fileq at {request.path}: {type(error).__name__}: {error}",
            "Please report it, with the file if you can.",
        )


_UNASKED = 2**28
"""Bytes that a job may use without asking: what a picture of 20 to 30 million pixels needs."""

MORE_MEMORY = "Raise memory in [worker] of the config, or use fewer workers."


def die_with_worker(lifeline: Connection) -> None:
    """End this process when the worker, which alone holds the pipe's other end, is gone; also amid a long C call."""
    if sys.platform == "linux":
        # The kernel itself sends the signal when the pipe breaks. A thread would have to wait for the interpreter.
        handle = lifeline.fileno()
        fcntl.fcntl(handle, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(handle, fcntl.F_SETFL, fcntl.fcntl(handle, fcntl.F_GETFL) | os.O_ASYNC)
        if lifeline.poll(0):  # it broke before we listened
            os._exit(1)
    else:
        threading.Thread(target=_wait_for_the_end, args=(lifeline,), daemon=True).start()


def _wait_for_the_end(lifeline: Connection) -> None:
    lifeline.poll(None)
    os._exit(1)


def _limit_memory(memory: int) -> None:
    """Let allocations far beyond `memory` fail inside this process; where the system can't, the worker watches alone.

    The system counts what was asked for, the worker what is used: encoders ask for a tenth more than they use.
    """
    if sys.platform == "linux":
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        limit = _data_in_use() + memory + memory // 8
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


def _data_in_use() -> int:
    """Bytes of this process's private writable memory, as RLIMIT_DATA counts them (VmData in proc(5))."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        line = next(line for line in status if line.startswith("VmData:"))
    return int(line.split()[1]) * 1024
