"""One attempt at a job: what it needs for its steps, and each way in which it can end in the ledger."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from fileq import queue
from fileq.errors import ErrorKind, FolderUnavailable, JobError
from fileq.images.protocol import EncodeResult, PipelineRequest, Reservation
from fileq.job import SKIPPED_OUTPUTS, Failure, JobState, OutputInfo, Token
from fileq.ledger.tables.attempts import Claim, Fenced
from fileq.ledger.tables.jobs import QueueEntry
from fileq.publish import (
    EncodedJob,
    complete_attempt,
    discard_temps,
    find_source_drive_away,
    reserve_outputs,
    restore_displaced_files,
)
from fileq.recipes.output_names import name_apart, uses_counter
from fileq.recipes.recipe import Recipe, decode_recipe
from fileq.units import describe_count
from fileq.worker.ended_job import EndedJob
from fileq.worker.recovery import requeue_or_fail
from fileq.worker.slot import SlotActivity, SlotContext

_TOLD = frozenset({JobState.DONE, JobState.FAILED, JobState.WAITING, JobState.CANCELLED})

_UNKNOWN_RECIPE = "Install the package that its operations come from, then try again; or add the file again."


class Attempt:
    """What `process_job` does with a claim. Every end of it is guarded by the claim's token.

    Before an attempt that went wrong is ended so, its temp files go, and a look tells whether all of its outputs were
    published already, and only the ledger could not be told: then its job is done.
    """

    def __init__(self, context: SlotContext, claim: Claim) -> None:
        self._context = context
        self._ledger = context.ledger
        self._claim = claim
        self._begun_at = self._ledger.now()
        self._reservations: list[Reservation] = []
        self._renamed: list[tuple[str, str]] = []  # the usual path of an output, and the one that it got
        self._encoded: EncodedJob | None = None

    @property
    def token(self) -> Token:
        return self._claim.token

    @property
    def source(self) -> str:
        """Return the path at which the source is read."""
        return self._claim.location

    @property
    def activity(self) -> SlotActivity:
        """What to show of this attempt while it runs."""
        claim = self._claim
        return SlotActivity(claim.token.job_id, claim.source, 0.0, self._recipe_name, claim.fingerprint, claim.size)

    @property
    def _recipe_name(self) -> str:
        with suppress(JobError):
            return self._recipe.name
        return ""

    @property
    def _recipe(self) -> Recipe:
        """The recipe as it was when the job was added. Raises JobError (unsupported)."""
        try:
            return decode_recipe(self._claim.recipe_json)
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            message = f"The recipe of this job can't be read ({reason[:200]})."
            raise JobError(ErrorKind.UNSUPPORTED, message, _UNKNOWN_RECIPE) from error

    def build_request(self) -> PipelineRequest:
        """Return what a child is to plan. Raises JobError (unsupported)."""
        claim = self._claim
        return PipelineRequest(
            source=claim.source,
            location=claim.location,
            size=claim.size,
            mtime_ns=claim.mtime_ns,
            inode=claim.inode,
            recipe=self._recipe,
            folder=claim.folder,
            relative=claim.relative,
            counter=self._find_counter(),
            max_pixels=self._context.settings.max_pixels,
            marks_outputs=self._context.settings.mark_outputs,
            wants_digest=claim.watched,
        )

    def _find_counter(self) -> int:
        """Return the source's number, where the names of outputs have one. It got it when it was queued."""
        if not uses_counter(self._recipe):
            return 1
        return self._ledger.counters.number_source(self._claim.folder, self._recipe.name, self.source)

    def reserve(self, planned: Sequence[OutputInfo]) -> list[Reservation | None]:
        """Make the planned paths this job's own; None is for an output that is skipped. Raises JobError, Fenced."""
        places = reserve_outputs(self._ledger, self._claim, self._recipe, [output.path for output in planned])
        self._reservations = [place for place in places if place]
        self._renamed = [
            (output.path, place.path)
            for output, place in zip(planned, places, strict=True)
            if place and os.path.basename(place.path) != os.path.basename(output.path)
        ]
        return places

    def encoded_job(self, result: EncodeResult) -> EncodedJob:
        """Return what is to be published of an attempt whose outputs are encoded."""
        if result.digest is not None:
            self._ledger.prior_jobs.record_digest(self.token.job_id, result.digest)
        outputs = [output for output in result.outputs if output]
        notes = [*result.notes, *_describe_names(self.source, self._renamed)]
        note = _note(notes, skipped=len(result.outputs) - len(outputs))
        self._encoded = EncodedJob(
            token=self.token, begun_at=self._begun_at, reservations=self._reservations, outputs=outputs, note=note
        )
        return self._encoded

    def succeed(self) -> None:
        """Note that the outputs were published, and the job is done."""
        if self._context.folder_outages is not None:
            seconds = self._ledger.now() - self._begun_at
            self._context.folder_outages.end(self.source, self._claim.folder, seconds)
        if self._runs_programs:
            self._remember(self._discard_temps())  # a program's folder may have stayed, whose file was published
        if self._context.on_ended is not None and self._encoded is not None:
            self._context.on_ended(self._done(self._encoded))

    def _done(self, encoded: EncodedJob) -> EndedJob:
        return EndedJob(
            job_id=self.token.job_id,
            source=self.source,
            recipe_name=self._recipe_name,
            state=JobState.DONE,
            outputs=tuple(place.path for place in encoded.reservations),
            pictures=sum(1 for output in encoded.outputs if output.info.width),
            bytes_in=self._claim.size,
            bytes_out=sum(output.info.bytes for output in encoded.outputs),
            note=encoded.note,
        )

    def leave(self) -> None:
        """Leave the job to whoever has it now: another attempt, or a person who cancelled it."""
        self._end(lambda _: None)

    def give_back(self) -> None:
        """Have the job done by another: that was no try."""
        self._end(lambda now: self._ledger.attempts.return_attempt(self.token, now))

    def lose(self) -> None:
        """Have the job done again, as something outside killed its child; or fail where that happened too often."""
        self._end(lambda now: requeue_or_fail(self._ledger, self.token, self._claim.deaths, now))

    def postpone(self, error: FolderUnavailable) -> None:
        """Have the job wait for its folder, and that was no try; where somebody waits for its end, fail."""
        outages = self._context.folder_outages
        if outages is None:
            self._end(lambda now: self._fail(error, now))
            return
        seconds = outages.begin(error, self.source, self._claim.folder)
        self._end(
            lambda now: self._ledger.attempts.postpone_attempt(self.token, _failure(error), now + seconds, now),
            is_news=False,  # that its folder is out is said once, for all jobs that need it
        )

    def fail(self, error: JobError) -> None:
        """Have the job wait for another try where that may help and one is left; else it has failed.

        Where its source is missing as its drive is, it is put off. A job of a watched folder is cancelled where its
        source is gone, or is another file by now: its watcher queues that when it is complete.
        """
        away = find_source_drive_away(self._ledger, self.source) if error.kind is ErrorKind.MISSING else None
        if away is None:
            self._end(
                lambda now: self._fail(error, now),
                is_changed=error.kind is ErrorKind.CHANGED,
            )
        else:
            self.postpone(away)

    def _fail(self, error: JobError, now: float) -> QueueEntry | None:
        failure = _failure(error)
        attempts, claim, settings = self._ledger.attempts, self._claim, self._context.settings
        if claim.watched and self._has_vanished(failure):
            attempts.cancel_attempt(claim.token, failure, now)
            return None
        if error.is_transient and claim.tries < settings.attempts:
            return attempts.retry_attempt_later(
                claim.token, failure, now + settings.retry_delay * 2 ** (claim.tries - 1), now
            )
        attempts.fail_attempt(claim.token, failure, now)
        return None

    def _has_vanished(self, failure: Failure) -> bool:
        if failure.kind is ErrorKind.MISSING:
            return not os.path.lexists(self.source)
        return failure.kind is ErrorKind.CHANGED

    def _end(
        self, settle: Callable[[float], QueueEntry | None], *, is_changed: bool = False, is_news: bool = True
    ) -> None:
        """Remove what the attempt left, then say in the ledger how it ended, if it is still ours to say.

        `is_news`: people are told of it. `is_changed`: another file is in the source's place. That may be the job's own
        output, of an earlier attempt.
        """
        is_done = bool(self._reservations or is_changed) and self._is_published_already()
        left = self._discard_temps()
        with self._ledger.transaction():
            self._ledger.outputs.release_paths((place.path, place.temp) for place in self._reservations)
            now = self._ledger.now()
            self._remember(left)
            if not is_done:
                self._settle(settle, now)
        if is_news:
            self._tell_how_it_ended()

    def _discard_temps(self) -> list[str]:
        """Remove the temp files, and return those that could not go."""
        return discard_temps((place.temp for place in self._reservations), of_programs=self._runs_programs)

    def _remember(self, left: list[str]) -> None:
        """Have recovery try again to remove what could not go."""
        if left:
            self._ledger.leftover_temps.insert_temps(left, self._ledger.now())

    def _tell_how_it_ended(self) -> None:
        """Tell of a job that will not be done, or later, as the ledger has it. One that was given back is no news."""
        if self._context.on_ended is None:
            return
        job = self._ledger.overview.find_job(self.token.job_id)
        if job is None or job.attempts != self.token.attempt or job.state not in _TOLD:
            return
        self._context.on_ended(
            EndedJob(
                job_id=job.id,
                source=self.source,
                recipe_name=job.recipe_name,
                state=job.state,
                failure=job.failure,
                retry_after=None if job.due_at is None else job.due_at - self._ledger.now(),
                outputs=tuple(output.path for output in job.outputs),
                pictures=sum(1 for output in job.outputs if output.width),
                bytes_in=self._claim.size,
                bytes_out=sum(output.bytes for output in job.outputs),
                note=job.note,
            )
        )

    def _settle(self, settle: Callable[[float], QueueEntry | None], now: float) -> None:
        with suppress(Fenced):
            due = settle(now)
            if due is not None:
                queue.send(self._ledger, self._context.queue, [due], now)

    def _is_published_already(self) -> bool:
        with suppress(Fenced), self._ledger.transaction():
            self._ledger.attempts.check_token(self.token)
            restore_displaced_files(self._ledger, self.token.job_id)
            return complete_attempt(self._ledger, self.token, announced_before=not self._reservations)
        return False

    @property
    def _runs_programs(self) -> bool:
        if not self._reservations:  # nothing was begun: perhaps the recipe can't even be read
            return False
        return self._recipe.runs_programs


def _failure(error: JobError) -> Failure:
    return Failure(error.kind, error.message, error.hint)


def _describe_names(source: str, renamed: Sequence[tuple[str, str]]) -> list[str]:
    """Return what to say of outputs without their usual names: the same of all jobs, so that it is counted."""
    apart = [got == name_apart(usual, source) for usual, got in renamed]
    sentences = {
        True: "Its own ending is in the output's name, as in IMG.png.jpg: another file has the usual name.",
        False: "The output has a number in its name: another file has the usual name.",
    }
    return [sentences[is_apart] for is_apart in dict.fromkeys(apart)]


def _note(notes: Sequence[str], *, skipped: int) -> str:
    kept = [f"{describe_count(skipped, 'output')} {SKIPPED_OUTPUTS}"] if skipped else []
    return " ".join([*notes, *kept])
