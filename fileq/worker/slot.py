"""A slot of a worker: its sandbox, what it does right now, and how long it begins no job where nothing works."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import msgspec

from fileq import control
from fileq.clock import steady_time
from fileq.config.settings import WorkerSettings
from fileq.errors import BrokerError, DatabaseReplaced, FileqError, LedgerError, find_shortage
from fileq.ledger import Ledger
from fileq.ledger.tables.attempts import Claim
from fileq.process.memory_budget import MemoryBudget
from fileq.process.sandbox import Sandbox
from fileq.worker.ended_job import EndedJob
from fileq.worker.outages import FolderOutages, Outage, SlotBackoff
from fileq.worker.solitude import Solitude

_LONGEST_SHORTAGE_DELAY, _LONGEST_LEDGER_DELAY = 60.0, 5.0
"""Seconds for which a slot begins no job, at the longest, before it tries again."""

_LOST_AT_ONCE = 1.0
"""Seconds within which a lost connection is noticed, and a server that is away is not."""


class SlotContext(msgspec.Struct, frozen=True, kw_only=True):
    """What the slots of one worker share."""

    ledger: Ledger
    settings: WorkerSettings
    queue: str
    worker_id: Callable[[], int]
    """It changes when the worker was declared gone and has come back."""
    paused: threading.Event
    idle: threading.Event
    """Set by a slot that has found nothing to do."""
    dequeue_lock: threading.Lock
    """Held by the one slot that takes a message off the queue."""
    memory: MemoryBudget
    """What the jobs that need much of it share."""
    solitude: Solitude = msgspec.field(default_factory=Solitude)
    """A slot may have to be alone."""
    shortage: Outage
    """This process has no handles, memory or processes left."""
    database_outage: Outage
    """The database doesn't answer."""
    broker_outage: Outage
    """The broker doesn't answer, or takes no messages."""
    on_ended: Callable[[EndedJob], None] | None = None
    """Told in the slot's thread of each job that has ended, and of each that waits for another try."""
    folder_outages: FolderOutages | None = None
    """None where somebody waits for the end: then jobs that need a full disk are to fail after some tries."""


class SlotActivity(msgspec.Struct, frozen=True):
    """What a slot does right now; all None, and 0 seconds, where it waits for work."""

    job_id: int | None
    source: str | None
    seconds: float
    recipe_name: str = ""
    fingerprint: str = ""
    size: int = 0
    """The source's, in bytes."""


SUSPICIOUS_DEATHS = 3
"""After so many a job is done alone: should it be what ends its worker, then it takes no others along."""

_MOMENT = 0.2
"""Seconds for which a slot claims ahead: jobs that run are listed so a moment too early."""
_LATE = 1.0
"""Seconds of one attempt after which what was claimed ahead is given back."""
_SHORTEST = 0.001
"""Seconds that a job is thought to take at least."""
_UNKNOWN = float("inf")
"""The seconds of a job that nobody knows."""


class Slot:
    """One job at a time. `stop` is set when the worker stops."""

    def __init__(self, context: SlotContext, stop: threading.Event) -> None:
        self.context = context
        self.stop = stop
        limit = min(context.settings.memory, context.memory.total)
        self.sandbox = Sandbox(context.settings.timeout, limit, context.memory)
        self.backoff = SlotBackoff()
        self._attempt: SlotActivity | None = None
        self._since = 0.0
        self._unbegun: list[tuple[Sequence[int], int, float]] = []
        """Claims without an answer, or that will not be begun: their jobs, their worker and their moment."""
        self._left: list[int] = []
        """Jobs of messages that this slot took, has not come to, and could not send again."""
        self.ahead: deque[Claim] = deque()
        """What was claimed, and is begun next. Other threads take off it what would wait for too long."""
        self._pace = _UNKNOWN
        self.unended: list[Callable[[], None]] = []
        """The ends of attempts that could not be written down before the worker stopped."""

    @property
    def is_held_up(self) -> bool:
        """Whether no job is to be begun now: the worker stops or pauses, nothing works, or another slot is alone."""
        return self.is_stopped or self.context.solitude.is_wanted

    @property
    def is_stopped(self) -> bool:
        """Whether no job is to be begun now, not even alone."""
        return self.stop.is_set() or self.context.paused.is_set() or self.backoff.is_on

    @property
    def jobs_ahead(self) -> int:
        """How many jobs are done in a moment, if they are like the last one; one at least."""
        return max(1, int(_MOMENT / max(self._pace, _SHORTEST)))

    def note_pace(self, seconds: float) -> None:
        """Note what a job took."""
        self._pace = seconds

    def claim_alone(self) -> None:
        """Have the next job claimed without others."""
        self._pace = _UNKNOWN

    def begin(self, attempt: SlotActivity) -> None:
        """Have `activity` tell from now on of this attempt."""
        self._attempt, self._since = attempt, time.monotonic()

    def claim_jobs(self, job_ids: Sequence[int], *, suspicious: bool = False) -> list[Claim]:
        """Claim jobs, and return what was claimed of them; others are not to be done now. Raises LedgerError.

        `suspicious`: also one that was lost so often that it is to be done alone. Where only the connection is lost, it
        is tried once more, after what the first try has claimed was given back.
        """
        begun, max_deaths = steady_time(), None if suspicious else SUSPICIOUS_DEATHS - 1
        self._left += job_ids
        try:
            claims = self._claim_jobs(job_ids, max_deaths)
        except DatabaseReplaced:
            raise
        except LedgerError:
            if steady_time() - begun > _LOST_AT_ONCE:  # whoever has waited for long has waited enough
                raise
            self._withdraw_claims()
            self._unbegun.clear()
            claims = self._claim_jobs(job_ids, max_deaths)
        for job_id in job_ids:
            self._left.remove(job_id)
        return claims

    def _claim_jobs(self, job_ids: Sequence[int], max_deaths: int | None) -> list[Claim]:
        claim = (job_ids, self.context.worker_id(), self.context.ledger.now())
        self._unbegun.append(claim)  # whatever keeps us from the answer
        claims = self.context.ledger.attempts.claim_jobs(*claim, max_deaths)
        self._unbegun.remove(claim)
        return claims

    def begin_next(self) -> Claim | None:
        """Take the next claim that was made ahead, to begin it now; None where there is none."""
        with suppress(IndexError):  # another thread may just have given it back
            return self.ahead.popleft()
        return None

    def give_back_late_claims(self) -> None:
        """Give back what waits for an attempt that takes longer than was thought. For other threads."""
        if self.sandbox.token is None or time.monotonic() - self._since < _LATE or not self.ahead:
            return
        claims, ledger = list(iter(self.begin_next, None)), self.context.ledger
        try:
            with ledger.transaction():
                for claim in claims:
                    ledger.attempts.withdraw_claims([claim.token.job_id], claim.worker_id, claim.token.claimed_at)
                control.put_jobs_back(
                    ledger, self.context.queue, [claim.token.job_id for claim in claims], ledger.now()
                )
        except BaseException:
            self.ahead.extendleft(reversed(claims))  # the next look tries again, or their slot does
            raise

    def note_answer(self) -> None:
        """Note that who was asked for a message has answered; whether messages can be sent is another matter."""
        self.context.database_outage.end()
        outbox = self.context.ledger.outbox
        if outbox is not None and outbox.failure is not None:
            self.context.broker_outage.begin(outbox.failure)
        else:
            self.context.broker_outage.end()

    def put_back(self, job_ids: Iterable[int]) -> None:
        """Send jobs again that were taken off the queue and left; later, where an outage does not allow it now."""
        self._left += job_ids
        with suppress(LedgerError, OSError, MemoryError):
            self.give_back()

    def give_back(self) -> None:
        """Undo what was claimed and not begun, and send again what is left with this slot. Raises LedgerError."""
        for claim in iter(self.begin_next, None):
            self._unbegun.append(([claim.token.job_id], claim.worker_id, claim.token.claimed_at))
            self._left.append(claim.token.job_id)
        if not self._left:
            return
        with self.context.ledger.transaction():
            self._withdraw_claims()
            control.put_jobs_back(self.context.ledger, self.context.queue, self._left, self.context.ledger.now())
        self._unbegun.clear()
        self._left.clear()

    def end_rest(self) -> None:
        """Write down the ends that could not be, now that no slot runs; what can't be, recovery gives back."""
        while self.unended:
            with suppress(LedgerError, OSError, MemoryError):
                self.unended.pop()()

    def _withdraw_claims(self) -> None:
        """Undo what was claimed and will not be begun, or was claimed after all, though no answer came.

        Raises LedgerError.
        """
        for claim in self._unbegun:
            self.context.ledger.attempts.withdraw_claims(*claim)

    @property
    def activity(self) -> SlotActivity:
        token, attempt = self.sandbox.token, self._attempt
        if token is None or attempt is None:
            return SlotActivity(None, None, 0.0)
        return msgspec.structs.replace(attempt, job_id=token.job_id, seconds=time.monotonic() - self._since)

    def note_success(self) -> None:
        """Note that an attempt got through: this process has all that it needs, unless another one just found not."""
        if not self.backoff.is_on:
            self.context.shortage.end()
            self.backoff.reset()

    def back_off(self, error: BaseException) -> bool:
        """Begin no job for a while where an error is an outage's, and log that; return whether it is one."""
        if isinstance(error, LedgerError):
            self._begin_outage(self.context.database_outage, error, _LONGEST_LEDGER_DELAY)
            return True
        if isinstance(error, BrokerError):
            self._begin_outage(self.context.broker_outage, error, _LONGEST_LEDGER_DELAY)
            return True
        lack = find_shortage(error)
        if lack is not None:
            self._begin_outage(self.context.shortage, lack, _LONGEST_SHORTAGE_DELAY)
        return lack is not None

    def _begin_outage(self, outage: Outage, error: FileqError, longest: float) -> None:
        if not isinstance(error, DatabaseReplaced):  # for which nobody waits: the worker ends, and says it
            outage.begin(error)
        if not self.backoff.is_on:  # several jobs may meet the same outage at the same time
            self.backoff.begin(longest)

    @contextmanager
    def surviving_outages(self) -> Iterator[None]:
        """Back off, and go on after the block, where the ledger or this process fails in it."""
        try:
            yield
        except Exception as error:
            if not self.back_off(error):
                raise
