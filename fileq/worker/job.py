"""The way of a job through a slot: claim → plan → reserve → encode → publish → dispose."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Self

from fileq import queue
from fileq.disposition import dispose
from fileq.errors import ErrorKind, FolderUnavailable, JobError, LedgerError, Shortage
from fileq.ledger import Ledger
from fileq.ledger.tables.attempts import Claim, Fenced
from fileq.process.sandbox import AttemptStopped, ChildLost
from fileq.publish import EncodedJob, publish_jobs
from fileq.worker.attempt import Attempt
from fileq.worker.slot import SUSPICIOUS_DEATHS, Slot

_MAX_PUBLISH_DELAY = 0.2
"""Seconds that a finished temp file may wait for others, to be published with them."""

_RETRY = 1.0
"""Seconds until a slot tries again to write down how an attempt ended."""

AttemptSteps = Generator[EncodedJob, None, None]
"""An attempt as `process_job` makes it: it stops once, for its encoded outputs to be published."""


def process_jobs(slot: Slot, job_ids: Sequence[int]) -> None:
    """Process the jobs of one message, and dispose of their sources.

    What is left when the worker stops or pauses, or when something goes wrong, goes back as a message.
    """
    left, suspects = deque(job_ids), deque[int]()
    try:
        if slot.context.solitude.begin_turn():
            try:
                _process_beside_others(slot, left, suspects)
            finally:
                slot.context.solitude.end_turn()
        while suspects and not slot.is_stopped:
            _process_alone(slot, suspects.popleft())
    finally:
        slot.put_back([*left, *suspects])
    dispose(slot.context.ledger, job_ids)


def _process_beside_others(slot: Slot, left: deque[int], suspects: deque[int]) -> None:
    """Process what is left, and publish together what is ready together. Suspects are taken off, and not processed."""
    with slot.surviving_outages(), PublicationGroup(slot.context.ledger) as group, group.publishing_amid(slot):
        while (slot.ahead or left) and not slot.is_held_up:
            if (claim := slot.begin_next()) is not None:
                if claim.deaths:  # others are not to be lost with it
                    group.publish()
                begun = time.monotonic()
                group.add(process_job(slot, claim))
                slot.note_pace(time.monotonic() - begun)
            else:
                _claim_next(slot, left, suspects)
            if group.is_due:
                group.publish()
        group.publish()


def _process_alone(slot: Slot, job_id: int) -> None:
    """Process a job that may be what ended its workers, while no other slot of this one has any."""
    if not slot.context.solitude.begin_alone(lambda: slot.is_stopped):
        slot.put_back([job_id])
        return
    try:
        with slot.surviving_outages(), PublicationGroup(slot.context.ledger) as group:
            claims = slot.claim_jobs([job_id], suspicious=True)
            for claim in claims:
                group.add(process_job(slot, claim))
            group.publish()
            if not claims:
                _put_refused_back(slot, [job_id])
    finally:
        slot.context.solitude.end_alone()


def process_job(slot: Slot, claim: Claim) -> AttemptSteps:
    """Make an attempt at a job. It stops once, for its encoded outputs to be published with those of other jobs.

    Whoever goes on with it tells by `next` that they were published, and by `throw` why they were not. Every way out
    is guarded by the claim's token; and each that went wrong first looks whether all was published already, and only
    the ledger could not be told: then the job is done.
    """
    attempt = Attempt(slot.context, claim)
    with _given_back_in_outages(slot, attempt):
        try:
            with slot.sandbox.attempt(claim.token):
                planned = slot.sandbox.plan(attempt.build_request())
                reservations = attempt.reserve(planned)
                result = slot.sandbox.encode(reservations)
            slot.note_success()  # also where publishing fails: else who drains a queue waits ever longer, and gives up
            yield attempt.encoded_job(result)  # to be published by `PublicationGroup`
        except Shortage:
            raise  # of this process: the job is given back, as in each outage
        except Fenced:
            attempt.leave()  # it was cancelled, or is another attempt's now
        except AttemptStopped:
            attempt.give_back()  # the worker stops
        except ChildLost:
            attempt.lose()  # something outside killed its child: it runs again, but not for ever
        except FolderUnavailable as error:
            attempt.postpone(error)  # a disk is full, read-only or away: it waits for that
        except JobError as error:
            attempt.fail(error)  # it is refused, or fails; or waits for another try
        else:
            attempt.succeed()


class PublicationGroup:
    """Attempts that wait to be published: in two transactions, several small ones cost on disk as much as one.

    An error in its `with` block is the end of each of them.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: deque[tuple[AttemptSteps, EncodedJob]] = deque()
        self._since = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is not None:
            self._end_all(error)

    def _end_all(self, error: BaseException) -> None:
        while self._waiting:
            attempt, _ = self._waiting.popleft()
            with suppress(Exception):  # the one that all end with
                _resume_attempt(attempt, error)

    @contextmanager
    def publishing_amid(self, slot: Slot) -> Iterator[None]:
        """Have all that waits published in the block also while the slot waits for a slow attempt."""
        slot.sandbox.on_wait = self._publish_amid_an_attempt
        try:
            yield
        finally:
            slot.sandbox.on_wait = None

    def _publish_amid_an_attempt(self) -> None:
        """Publish all that waits. An outage is not the end of the attempt under way: it may be over before that is."""
        try:
            self.publish()
        except (LedgerError, OSError, MemoryError) as error:
            self._end_all(error)

    def add(self, attempt: AttemptSteps) -> None:
        """Make an attempt up to its encoded outputs, if it gets so far."""
        if not self._waiting:
            self._since = time.monotonic()
        finished = next(attempt, None)
        if finished is not None:
            self._waiting.append((attempt, finished))

    @property
    def is_due(self) -> bool:
        """Whether those that wait should wait for no others."""
        return time.monotonic() - self._since > _MAX_PUBLISH_DELAY

    def publish(self) -> None:
        """Publish the outputs of all that wait, and end their attempts: as done, or as each one's refusal wants it."""
        refused = publish_jobs(self._ledger, [finished for _, finished in self._waiting]) if self._waiting else {}
        while self._waiting:
            attempt, finished = self._waiting.popleft()
            _resume_attempt(attempt, refused.get(finished.token))


def _resume_attempt(attempt: AttemptSteps, error: BaseException | None) -> None:
    with suppress(StopIteration):
        if error is None:
            next(attempt)
        else:
            attempt.throw(error)


def _claim_next(slot: Slot, left: deque[int], suspects: deque[int]) -> None:
    """Take the next jobs off those that are left, and claim what is to be done of them now.

    Small ones are claimed together, no more than are done in a moment: one claim costs as much as one of them. What is
    not claimed has a message still, if it needs one; or is a suspect.
    """
    job_ids = list(islice(left, slot.jobs_ahead))
    ready = [job_id for job_id in job_ids if not _postpone_in_outage(slot, job_id)]
    for _ in job_ids:
        left.popleft()
    slot.ahead.extend(slot.claim_jobs(ready) if ready else ())
    refused = set(ready) - {claim.token.job_id for claim in slot.ahead}
    if refused and len(ready) > 1:  # one that was lost before is claimed alone; others are not to be had at all
        left.extendleft(job_id for job_id in reversed(ready) if job_id in refused)
        slot.claim_alone()
    elif refused and (lost := slot.context.ledger.attempts.find_lost_jobs(ready, SUSPICIOUS_DEATHS)):
        suspects.extend(lost)
    elif refused:
        _put_refused_back(slot, refused)


def _put_refused_back(slot: Slot, job_ids: Iterable[int]) -> None:
    """Send jobs again that can't be claimed now: perhaps a pause has just begun, or the clock went back."""
    if slot.context.ledger.batches.is_paused():
        slot.context.paused.set()
    slot.put_back(job_ids)


def _postpone_in_outage(slot: Slot, job_id: int) -> bool:
    """Postpone a job that waits for a folder which is not to be tried again yet; return whether it is one.

    It need not be claimed to know that.
    """
    ledger, outages = slot.context.ledger, slot.context.folder_outages
    waits = ledger.jobs.find_waiting_paths(job_id) if outages is not None and outages.any else None
    seconds = outages.seconds_left(*waits) if outages is not None and waits is not None else 0.0
    if seconds > 0:
        now = slot.context.ledger.now()
        with ledger.transaction():
            due = ledger.jobs.postpone_job(job_id, now + seconds)
            if due is not None:
                queue.send(ledger, slot.context.queue, [due], now)
    return seconds > 0


@contextmanager
def _given_back_in_outages(slot: Slot, attempt: Attempt) -> Iterator[None]:
    """Should the ledger or this process fail us here: give the job back as soon as that is possible.

    A fault of our own must not leave a job running for ever, with nobody at it: it fails, and the fault goes on.
    """
    slot.begin(attempt.activity)
    try:
        yield
    except Exception as error:
        if slot.back_off(error):
            _end_with_retries(slot, attempt.give_back)
            return
        message = f"Something went wrong inside fileq at {attempt.source}: {type(error).__name__}: {error}"
        fault = JobError(ErrorKind.INTERNAL, message, "Please report it, with the file if you can.")
        _end_with_retries(slot, lambda: attempt.fail(fault))
        raise
    slot.note_success()


def _end_with_retries(slot: Slot, end: Callable[[], None]) -> None:
    """End an attempt, however often that takes. Where the worker stops meanwhile, it is tried once more at its end."""
    while True:
        with suppress(LedgerError, OSError, MemoryError):
            end()
            return
        if slot.stop.wait(_RETRY):
            slot.unended.append(end)
            return
