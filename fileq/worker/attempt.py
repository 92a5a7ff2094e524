"""One attempt at one job, from the claim to its end in the ledger."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from fileq import queue
from fileq.config.settings import WorkerSettings
from fileq.errors import ErrorKind, FolderUnavailable, JobError, Shortage
from fileq.images.protocol import Assignment, Encoded, OutputTarget
from fileq.job import Failure, Made, Token
from fileq.ledger import Ledger
from fileq.ledger.tables.jobs import Claim, Fenced, QueueEntry
from fileq.process.child import Plan, Result
from fileq.process.sandbox import Lost, Sandbox, Stopped
from fileq.publish import (
    Finished,
    Refused,
    Reservation,
    complete,
    discard,
    find_source_drive_away,
    reserve,
    restore_displaced,
)
from fileq.recipes.recipe import Recipe, decode
from fileq.worker.folder_outages import FolderOutages
from fileq.worker.recovery import lose

_UNKNOWN_RECIPE = "Install the package that its operations come from, then try again; or add the file again."


class Attempt:
    """What a slot does with a claim. Every end of it is guarded by the claim's token."""

    def __init__(
        self,
        ledger: Ledger,
        settings: WorkerSettings,
        claim: Claim,
        queue: str,
        folder_outages: FolderOutages | None = None,
    ) -> None:
        """`folder_outages` where jobs may wait for a folder as long as it takes: nobody waits for their end."""
        self._ledger = ledger
        self._settings = settings
        self._claim = claim
        self._queue = queue
        self._folder_outages = folder_outages
        self._reservations: list[Reservation] = []

    @property
    def _recipe(self) -> Recipe:
        """The recipe as it was when the job was added. Raises JobError (unsupported)."""
        try:
            return decode(self._claim.recipe)
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            message = f"The recipe of this job can't be read ({reason[:200]})."
            raise JobError(ErrorKind.UNSUPPORTED, message, _UNKNOWN_RECIPE) from error

    @property
    def token(self) -> Token:
        return self._claim.token

    @property
    def source(self) -> str:
        return self._claim.source

    def make(self, sandbox: Sandbox) -> Finished | None:
        """Make the outputs as temp files; None where that went wrong, which is then written down.

        Raises LedgerError, or Shortage, and then it is the caller's to give the job back.
        """
        try:
            return self._make(sandbox)
        except Shortage:
            raise
        except (JobError, Fenced) as reason:
            self.refuse(reason)
        except Stopped:
            self.give_back()
        except Lost:
            self._end(lambda now: lose(self._ledger, self.token, self._claim.deaths, now))
        return None

    def refuse(self, reason: Refused) -> None:
        """Write down that the attempt went wrong. Where the job is no longer ours, only clear up."""
        if isinstance(reason, Fenced):
            self._end(lambda _: None)
        else:
            if reason.kind is ErrorKind.MISSING and not isinstance(reason, FolderUnavailable):
                reason = find_source_drive_away(self._ledger, self.source) or reason
            failure = Failure(reason.kind, reason.message, reason.hint)
            outages = self._folder_outages
            if isinstance(reason, FolderUnavailable) and outages is not None:
                seconds = outages.begin(reason, self.source, self._claim.folder)
                self._end(lambda now: self._ledger.jobs.put_off_attempt(self.token, failure, now + seconds, now))
            else:
                self._end(lambda now: self._give_up(failure, now))

    def published(self) -> None:
        """All went well."""
        if self._folder_outages is not None:
            self._folder_outages.end(self.source, self._claim.folder)

    def give_back(self) -> None:
        """The worker stops before the job is done: another is to do it."""
        self._end(lambda now: self._ledger.jobs.return_attempt(self.token, now))

    def _make(self, sandbox: Sandbox) -> Finished:
        sandbox.begin(self.token)
        try:
            plan: Plan = sandbox.call(self._assignment())
            places = self._reserve(sandbox, [planned.path for planned in plan.planned])
            result: Result = sandbox.call([place and OutputTarget(place.temp, place.is_source) for place in places])
        finally:
            sandbox.end()
        if result.digest is not None:
            self._ledger.prior_jobs.record_digest(self.token.job, result.digest)
        encoded = [file for file in result.encoded if file]
        made = [_made(place, file) for place, file in zip(self._reservations, encoded, strict=True)]
        note = _note(result.notes, skipped=len(places) - len(made))
        temps = [file.identity for file in encoded]
        return Finished(token=self.token, reservations=self._reservations, made=made, temps=temps, note=note)

    def _assignment(self) -> Assignment:
        claim, pixels = self._claim, self._settings.max_pixels
        return Assignment(
            claim.source, claim.size, claim.mtime_ns, self._recipe, claim.folder, claim.relative, pixels,
            inode=claim.inode, wants_digest=claim.watched,
        )  # fmt: skip

    def _reserve(self, sandbox: Sandbox, paths: Sequence[str]) -> list[Reservation | None]:
        try:
            places = reserve(self._ledger, self._claim, self._recipe, paths)
        except JobError:
            sandbox.call(())  # the child waits to hear what it is to make: nothing
            raise
        self._reservations = [place for place in places if place]
        return places

    def _end(self, settle: Callable[[float], QueueEntry | None]) -> None:
        """Remove what the attempt left, then say in the ledger how it ended, if it is still ours to say."""
        is_done = bool(self._reservations) and self._is_complete()
        left = discard((place.temp for place in self._reservations), of_programs=self._runs_programs)
        with self._ledger.transaction():
            self._ledger.outputs.release_paths((place.path, place.temp) for place in self._reservations)
            now = time.time()
            self._ledger.leftover_temps.insert_temps(left, now)
            if not is_done:
                self._settle(settle, now)

    def _settle(self, settle: Callable[[float], QueueEntry | None], now: float) -> None:
        with suppress(Fenced):
            due = settle(now)
            if due is not None:
                queue.send(self._ledger, self._queue, [due], now)

    def _is_complete(self) -> bool:
        """Whether all of it is published, and only the ledger could not be told."""
        with suppress(Fenced), self._ledger.transaction():
            self._ledger.jobs.check_token(self.token)
            restore_displaced(self._ledger, self.token.job)
            return complete(self._ledger, self.token)
        return False

    @property
    def _runs_programs(self) -> bool:
        if not self._reservations:  # nothing was begun: perhaps the recipe can't even be read
            return False
        return self._recipe.runs_programs

    def _give_up(self, failure: Failure, now: float) -> QueueEntry | None:
        """Wait for another try where that may help and one is left."""
        jobs, claim = self._ledger.jobs, self._claim
        if claim.watched and self._has_vanished(failure):
            jobs.cancel_attempt(claim.token, failure, now)
            return None
        if failure.kind.may_pass and claim.tries < self._settings.attempts:
            return jobs.retry_attempt_later(
                claim.token, failure, now + self._settings.retry_delay * 2 ** (claim.tries - 1), now
            )
        jobs.fail_attempt(claim.token, failure, now)
        return None

    def _has_vanished(self, failure: Failure) -> bool:
        """Whether the source is gone, or is another file by now, which its watcher queues when it is complete."""
        if failure.kind is ErrorKind.MISSING:
            return not os.path.lexists(self.source)
        return failure.kind is ErrorKind.CHANGED


def _made(place: Reservation, file: Encoded) -> Made:
    return Made(place.path, file.format, file.width, file.height, file.bytes)


def _note(notes: Sequence[str], *, skipped: int) -> str:
    kept = [f"{skipped} output{'s' * (skipped > 1)} skipped: a file exists there."] if skipped else []
    return " ".join([*notes, *kept])
