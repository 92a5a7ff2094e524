"""A slot's child process: it can crash, hang or eat memory, and that is an error of one attempt.

Plain multiprocessing, and not a pool: a pool's idle child that is killed from outside breaks the pool (pebble 5.2),
its round trip is 0.3 ms against 0.07, and its threads look about ten times a second.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Any

import psutil

from fileq.errors import ErrorKind, JobError, Shortage, find_shortage
from fileq.images.protocol import EncodeResult, MemoryNeed, PipelineRequest, Reservation
from fileq.job import OutputInfo, Token
from fileq.operations.programs.process_tree import KILL_TIMEOUT
from fileq.process import child, forkserver, orphaned_processes, words
from fileq.process.forkserver import Connection
from fileq.process.lifeline import lifeline
from fileq.process.memory_budget import MemoryBudget
from fileq.units import describe_bytes, describe_seconds


class KillReason(StrEnum):
    """Why the worker itself ended a child."""

    TIMEOUT = "timeout"
    MEMORY = "memory"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


class AttemptStopped(Exception):
    """The worker stops now, or the job is no longer its own: the attempt ended without an outcome."""


class ChildLost(Exception):
    """Something outside killed the child."""


class Sandbox:
    """One child at a time, started when it is needed. Limits: seconds for an attempt, bytes for a job.

    `budget` is what jobs that need much memory share; the time that one waits for its share is not its own.
    """

    def __init__(self, timeout: float, memory: int, budget: MemoryBudget | None = None) -> None:
        self._timeout = timeout
        self._memory = memory
        self._budget = budget or MemoryBudget(memory)
        self.on_wait: Callable[[], None] | None = None
        """Called in the slot's thread where it waits for longer than a moment; what it raises ends the attempt."""
        self._taken = 0
        self._process: Any = None
        self._connection: Connection | None = None
        self._theirs = -1  # the inode of its end of the connection
        self._token: Token | None = None
        self._deadline = 0.0
        self._verdict: KillReason | None = None
        self._planning = False
        self._is_asked = False
        self._lock = threading.RLock()

    @contextmanager
    def attempt(self, token: Token) -> Iterator[None]:
        """Have a child for the block, which calls `plan` and then `encode`; the attempt's time runs from here.

        Raises Shortage where no child can be started.
        """
        self.start()
        with self._lock:
            self._token = token
            self._verdict = None
            self._deadline = time.monotonic() + self._timeout
        try:
            yield
        except JobError:
            if self._planning:  # the child waits to hear what it is to encode: nothing
                self.encode(())
            raise
        finally:
            with self._lock:
                self._token = None
            if self._planning or self._is_asked:  # the slot left amid the attempt, for a reason of its own
                self.close()
            self._budget.release(self._taken)
            self._taken = 0

    def plan(self, request: PipelineRequest) -> tuple[OutputInfo, ...]:
        """Have the child open a source, and return the outputs that are planned.

        Raises JobError, AttemptStopped or ChildLost.
        """
        planned: tuple[OutputInfo, ...] = self._ask(request)
        self._planning = True
        return planned

    def encode(self, targets: Sequence[Reservation | None]) -> EncodeResult:
        """Have the child encode the outputs that it planned; None is for one that is not wanted.

        Raises JobError, AttemptStopped or ChildLost.
        """
        result: EncodeResult = self._ask(targets)
        return result

    def _ask(self, request: object) -> Any:
        try:
            answer = self._exchange(request)
            while isinstance(answer, MemoryNeed):
                self._take_share(answer.bytes)
                answer = self._exchange(None)
        except (EOFError, OSError):
            raise self._post_mortem() from None
        self._planning = False
        if isinstance(answer, JobError):
            if answer.kind is ErrorKind.MEMORY:
                self.close()  # what is left of its memory may be in pieces
            raise answer
        return answer

    def _exchange(self, word: object) -> Any:
        assert self._connection is not None
        self._is_asked = True
        words.send(self._connection, word)
        self._wait_for_word()
        answer = words.receive(self._connection)
        self._is_asked = False
        return answer

    def _take_share(self, need: int) -> None:
        """Wait for the memory that the child asks for. Raises EOFError where the attempt was ended meanwhile."""
        since = time.monotonic()
        if self.on_wait is not None:
            self.on_wait()
        if not self._budget.acquire(need, lambda: self._verdict is not None or not self._is_alive()):
            raise EOFError
        self._taken += need
        self._deadline += time.monotonic() - since

    def _wait_for_word(self) -> None:
        """Return when there is an answer, or nobody who could give one. Raises EOFError where that is not to be seen.

        A dead child's connection ends with the supervisor of its program, after all that this has started. If it
        doesn't within its time, it is stopped, and ended here; a child may also hang in a drive that has gone.
        """
        assert self._connection is not None
        if self.on_wait is not None:
            if words.is_readable(self._connection, _MOMENT):
                return
            self.on_wait()
        while not words.is_readable(self._connection, max(0.0, min(self._deadline - time.monotonic(), _LOOK))):
            if time.monotonic() >= self._deadline:
                self._kill(KillReason.TIMEOUT)
            if self._verdict or not self._is_alive():
                break
        else:
            return
        if words.is_readable(self._connection, _GRACE):
            return
        orphaned_processes.kill_connection_holders(self._theirs)
        if not words.is_readable(self._connection, _GRACE):
            raise EOFError

    def _is_alive(self) -> bool:
        """Whether the child is; its sentinel tells that of the fork server too."""
        try:
            return psutil.Process(self._process.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    @property
    def token(self) -> Token | None:
        """The token of the attempt under way; None where there is none."""
        return self._token

    def stop(self, verdict: KillReason, token: Token | None = None) -> None:
        """End the attempt under way at once, if it is this one; None: whichever it is. For other threads."""
        with self._lock:
            if self._token is not None and token in (None, self._token):
                self._kill(verdict)

    def check_memory(self) -> None:
        """End the attempt under way if its child has more memory than it may. For other threads."""
        with self._lock, suppress(psutil.NoSuchProcess):
            if self._token and self._process and self._memory_in_use() > self._memory + _BASE:
                self._kill(KillReason.MEMORY)

    def _memory_in_use(self) -> int:
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def close(self) -> None:
        """End the child, whatever it does."""
        with self._lock:
            self._kill_family()
        if self._process is not None:
            self._forget()

    def start(self) -> None:
        """Have a child, if there is none. Raises Shortage where none can be started."""
        # An idle child says nothing: when there is something, it is the end. The system knows that before its parent.
        if self._connection is not None and (self._verdict or words.is_readable(self._connection, 0)):
            self.close()  # it died, or it was told to when it had just done its job
        if self._process is None:
            try:
                self._start()
            except (OSError, EOFError, MemoryError) as error:
                message = f"No process could be started ({error})."
                raise find_shortage(error) or Shortage(message, "Free some memory, or use fewer workers.") from error

    def _start(self) -> None:
        forkserver.check_free_handles()
        ours, theirs = forkserver.context.Pipe()
        process = forkserver.context.Process(
            target=child.serve, args=(theirs, lifeline.open(), self._memory), daemon=True, name="fileq-child"
        )
        try:
            forkserver.start(process)
        except BaseException:
            ours.close()
            raise
        finally:
            self._theirs = os.fstat(theirs.fileno()).st_ino if hasattr(os, "fork") else -1
            theirs.close()
        self._process, self._connection = process, ours

    def _kill(self, verdict: KillReason) -> None:
        with self._lock:
            self._verdict = self._verdict or verdict
            self._kill_family()

    def _kill_family(self) -> None:
        """The child, and with it the programs that it runs: their supervisor ends them, and the connection after them.

        Where there is none, on Windows, this does it.
        """
        if self._process is None:
            return
        with suppress(psutil.NoSuchProcess):
            windows = sys.platform == "win32"
            programs = psutil.Process(self._process.pid).children(recursive=True) if windows else []
            self._process.kill()
            for program in programs:
                with suppress(psutil.NoSuchProcess):
                    program.kill()

    def _post_mortem(self) -> Exception:
        """What the child's death means for the attempt."""
        self._process.join(_GRACE)
        exit_code = self._process.exitcode
        verdict, claimed = self._verdict, self._taken
        self._forget()
        match verdict:
            case KillReason.TIMEOUT:
                return JobError(
                    ErrorKind.TIMEOUT,
                    f"The job took longer than {describe_seconds(self._timeout)}.",
                    "Raise timeout in [worker] of the config, or make the recipe lighter.",
                )
            case KillReason.MEMORY:
                return JobError(
                    ErrorKind.MEMORY,
                    f"The job needed more than {describe_bytes(self._memory)} of memory.",
                    child.MORE_MEMORY,
                )
            case KillReason.CANCELLED | KillReason.STOPPED:
                return AttemptStopped()
        if exit_code in (None, _KILLED, _NOBODY_SAW_IT):
            return ChildLost()
        if exit_code == -signal.SIGABRT and claimed > self._memory // 2:  # codecs abort where an allocation fails
            return JobError(
                ErrorKind.MEMORY,
                f"The job's process died (SIGABRT), most likely for want of memory: it had asked for"
                f" {describe_bytes(claimed)} of the {describe_bytes(self._memory)} that a job may use.",
                child.MORE_MEMORY,
            )
        return JobError(
            ErrorKind.CRASHED,
            f"The job's process died ({_cause(exit_code)}).",
            "The file may be damaged. Look at it in a viewer.",
        )

    def _forget(self) -> None:
        forkserver.join(self._process, _GRACE)
        with self._lock:
            with suppress(ValueError):  # killed, and not seen dead: it hangs in a drive
                self._process.close()
            self._process = None
            self._planning = self._is_asked = False
            if self._connection is not None:
                self._connection.close()
                self._connection = None


if sys.platform == "win32":
    _KILLED = -signal.SIGTERM  # so multiprocessing calls TerminateProcess
else:
    _KILLED = -signal.SIGKILL

_NOBODY_SAW_IT = 255
"""What multiprocessing says of a child whose fork server was killed before it."""

_MOMENT = 0.2
"""Seconds after which something else can be done until a child answers."""

_LOOK = 1.0
"""Seconds between two looks whether a child lives that says nothing."""

_GRACE = KILL_TIMEOUT + 1.0
"""Seconds that a killed child's program, and the child itself, have to be gone."""

_BASE = 64 * 2**20
"""What a child has before its first job (measured: 40 MB with all codecs), and something for the allocator."""


def _cause(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    with suppress(ValueError):
        return signal.Signals(-exit_code).name
    return f"signal {-exit_code}"
