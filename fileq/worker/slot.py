"""A slot: one of a worker's threads, with a sandbox of its own. Huey calls it a worker."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
from huey.consumer import Worker as HueyWorker

from fileq import control, queue
from fileq.config.settings import WorkerSettings
from fileq.disposition import dispose
from fileq.errors import DatabaseReplaced, ErrorKind, FileqError, JobError, LedgerError, Shortage, shortage
from fileq.ledger import Ledger
from fileq.process.sandbox import Sandbox
from fileq.publish import Finished, Refused, publish
from fileq.worker.attempt import Attempt
from fileq.worker.folder_outages import FolderOutages
from fileq.worker.outage import Outage, SlotBackoff

_SHOWN_AFTER = 0.2
"""Seconds that a finished temp file may wait for others, to be published with them."""

_LEADERLESS = 1.0
"""Seconds after which a slot that waits for its turn looks whether the worker stops."""

_SHORTAGE_AGAIN, _LEDGER_AGAIN = 60.0, 5.0
"""Seconds that a slot holds still at the longest before it tries again."""

_LET_GO_AGAIN = 1.0

_current = threading.local()


class SlotActivity(msgspec.Struct, frozen=True):
    """What a slot does right now; all None, and 0 seconds, where it waits for work."""

    job: int | None
    source: str | None
    seconds: float


class Post(msgspec.Struct, frozen=True):
    """What the slots of one worker share."""

    ledger: Ledger
    settings: WorkerSettings
    queue: str
    worker: Callable[[], int]
    """The worker's id; it changes when the worker was declared gone and has come back."""
    paused: threading.Event
    idle: threading.Event
    """Set by a slot that has found nothing to do."""
    lead: threading.Lock
    """Held by the one slot that looks for a message: with many slots, waiting costs as much as with one."""
    shortage: Outage
    """This process has no handles, memory or processes left."""
    silence: Outage
    """The database doesn't answer."""
    folder_outages: FolderOutages | None = None
    """None where somebody waits for the end: then jobs that need a full disk are to fail after some tries."""


class Slot(HueyWorker):  # type: ignore[misc]  # huey has no types
    """Takes messages, claims their jobs one by one, and does them."""

    def __init__(self, post: Post, **options: Any) -> None:
        super().__init__(**options)
        self.delay: float
        self._post = post
        self._source: str | None = None
        self._since = 0.0
        self._leads = False
        self._backoff = SlotBackoff()
        self.sandbox = Sandbox(post.settings.timeout, post.settings.memory)

    def initialize(self) -> None:
        _current.slot = self
        with suppress(Shortage):  # the first attempt tries again, and says it
            self.sandbox.start()
        super().initialize()

    def shutdown(self) -> None:
        self.sandbox.close()
        super().shutdown()

    def loop(self, now: Any = None) -> None:
        if self._post.paused.is_set() or self._backoff.is_on:
            self.stop_flag.wait(0.1)
            return
        self._leads = self._post.lead.acquire(timeout=_LEADERLESS)
        if self._leads:
            try:
                self._take_message(now)
            finally:
                self._let_others_look()

    def _take_message(self, now: Any) -> None:
        """As Huey does it, but for a database that doesn't answer: that is said once, and not ten times a second."""
        try:
            task = self.huey.dequeue()
        except LedgerError as error:
            self._hold_still(self._post.silence, error, _LEDGER_AGAIN)
            return
        except Exception as error:  # noqa: BLE001  # one that nobody can read must not end the slot
            self._complain("A message can't be read", error)
            self.sleep()
            return
        self._post.silence.end()
        if task is None:
            self.sleep()
        else:
            self.delay = self.default_delay
            self._execute(task, now)

    def _execute(self, task: Any, now: Any) -> None:
        try:
            self.huey.execute(task, now)
        except LedgerError as error:  # Huey asks it too, whether the task was revoked: recovery sends it again
            self._hold_still(self._post.silence, error, _LEDGER_AGAIN)
        except Exception as error:  # noqa: BLE001  # the same
            self._complain("A message can't be served", error)

    def _complain(self, what: str, error: Exception) -> None:
        lack = shortage(error)
        if lack is None:
            self._logger.error(what, exc_info=error)
        else:
            self._hold_still(self._post.shortage, lack, _SHORTAGE_AGAIN)

    def _hold_still(self, outage: Outage, error: FileqError, longest: float) -> None:
        if not isinstance(error, DatabaseReplaced):  # for which nobody waits: the worker ends, and says it
            outage.begin(error)
        self._backoff.hold(longest)

    def _let_others_look(self) -> None:
        if self._leads:
            self._leads = False
            self._post.lead.release()

    def sleep(self) -> None:
        self._post.idle.set()
        self.delay = min(self.delay, self.max_delay)
        time.sleep(self.delay)  # half the price of waiting for an event, and the worker stops soon enough
        self.delay *= self.backoff

    @property
    def activity(self) -> SlotActivity:
        token, source = self.sandbox.token, self._source
        if token is None or source is None:
            return SlotActivity(None, None, 0.0)
        return SlotActivity(token.job, source, time.monotonic() - self._since)

    def work(self, jobs: Sequence[int]) -> None:
        """Do the jobs of one message, and publish what is ready together.

        What is left when the worker stops or pauses, or when something goes wrong, goes back as a message.
        """
        self._let_others_look()
        hand: list[tuple[Attempt, Finished]] = []
        left = deque(jobs)
        try:
            with self._letting_go(hand):
                while left and not self._is_held_up:
                    if not hand:
                        begun = time.monotonic()
                    hand += self._attempt(left.popleft())
                    if time.monotonic() - begun > _SHOWN_AFTER:
                        self._publish(hand)
                self._publish(hand)
        finally:
            self._put_back(left)
        dispose(self._post.ledger, jobs)

    @property
    def _is_held_up(self) -> bool:
        return self.stop_flag.is_set() or self._post.paused.is_set() or self._backoff.is_on

    def _attempt(self, job: int) -> list[tuple[Attempt, Finished]]:
        post = self._post
        if self._postponed(job):
            return []
        claim = post.ledger.jobs.claim_job(job, post.worker(), time.time())
        if claim is None:
            self._put_back_if_wanted(job)
            return []
        attempt = Attempt(post.ledger, post.settings, claim, post.queue, post.folder_outages)
        self._source, self._since = claim.source, time.monotonic()
        finished = None
        with self._letting_go([(attempt, None)]):
            finished = attempt.make(self.sandbox)
            self._post.shortage.end()
            self._backoff.reset()
        return [(attempt, finished)] if finished else []

    def _postponed(self, job: int) -> bool:
        """Whether it waits for a folder that is not to be tried again yet: it need not be claimed to know that."""
        ledger, outages = self._post.ledger, self._post.folder_outages
        waits = ledger.jobs.find_waiting_paths(job) if outages is not None and outages.any else None
        seconds = outages.seconds_left(*waits) if outages is not None and waits is not None else 0.0
        if seconds > 0:
            now = time.time()
            with ledger.transaction():
                due = ledger.jobs.postpone_job(job, now + seconds)
                if due is not None:
                    queue.send(ledger, self._post.queue, [due], now)
        return seconds > 0

    def _publish(self, hand: list[tuple[Attempt, Finished]]) -> None:
        refused = publish(self._post.ledger, [finished for _, finished in hand]) if hand else {}
        for attempt, _ in hand:
            if attempt.token in refused:
                self._refuse(attempt, refused[attempt.token])
            else:
                attempt.published()
        hand.clear()

    def _refuse(self, attempt: Attempt, reason: Refused) -> None:
        if isinstance(reason, Shortage):
            attempt.give_back()
            self._hold_still(self._post.shortage, reason, _SHORTAGE_AGAIN)
        else:
            attempt.refuse(reason)

    @contextmanager
    def _letting_go(self, hand: Sequence[tuple[Attempt, Finished | None]]) -> Iterator[None]:
        """Should the ledger or this process fail us here: give the jobs in hand back as soon as that is possible."""
        try:
            yield
        except LedgerError as error:
            self._hold_still(self._post.silence, error, _LEDGER_AGAIN)
            self._let_go(hand)
        except Exception as error:
            lack = shortage(error)
            if lack is not None:
                self._hold_still(self._post.shortage, lack, _SHORTAGE_AGAIN)
                self._let_go(hand)
                return
            # A fault of our own must not leave a job running for ever, with nobody at it.
            for attempt, _ in hand:
                attempt.refuse(_our_fault(attempt, error))
            raise

    def _let_go(self, hand: Sequence[tuple[Attempt, Finished | None]]) -> None:
        for attempt, _ in hand:
            while True:
                with suppress(LedgerError, OSError, MemoryError):
                    attempt.give_back()
                    break
                if self.stop_flag.wait(_LET_GO_AGAIN):
                    return  # who recovers gives it back

    def _put_back_if_wanted(self, job: int) -> None:
        """A pause began after our last look at it, or the clock went back and it is due later: it needs a message."""
        if self._post.ledger.batches.is_paused():
            self._post.paused.set()
        self._put_back([job])

    def _put_back(self, jobs: Iterable[int]) -> None:
        # Where even that goes wrong, recovery sends them again a minute later.
        with suppress(LedgerError, OSError, MemoryError):
            control.put_back(self._post.ledger, self._post.queue, jobs, time.time())


def _our_fault(attempt: Attempt, error: Exception) -> JobError:
    message = f"Something went wrong inside fileq at {attempt.source}: {type(error).__name__}: {error}"
    return JobError(ErrorKind.INTERNAL, message, "Please report it, with the file if you can.")


def current() -> Slot:
    """The slot whose thread this is."""
    slot: Slot = _current.slot
    return slot
