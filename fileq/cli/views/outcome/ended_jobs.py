"""Jobs that have ended, as they do: a line for each that failed or will be tried again, and in logs for each."""

import os
from typing import TYPE_CHECKING

from fileq.cli.views.places import relative_path, relative_paths_in, replace_path
from fileq.display import Text, Tone
from fileq.job import Failure, JobState
from fileq.units import describe_bytes, describe_count, describe_seconds

if TYPE_CHECKING:
    from fileq.worker.ended_job import EndedJob

_SENTENCE_STARTS = frozenset(
    {"A", "An", "Its", "It", "No", "On", "Somebody", "Something", "The", "There", "This", "Two"}
)


def ended_job_line(job: "EndedJob") -> Text:
    """Return the line on a job that a worker in this process has ended, or will try again."""
    if job.state is JobState.DONE:
        return done_job_line(job.job_id, job.source, job.outputs, job.bytes_out)
    if job.state is JobState.CANCELLED or job.failure is None:
        return cancelled_job_line(job.job_id, job.source, job.failure)
    if job.state is JobState.WAITING:
        return retried_job_line(job.job_id, job.source, job.failure, job.retry_after or 0.0)
    return failed_job_line(job.job_id, job.source, job.failure)


def failed_job_line(job_id: int, source: str, failure: Failure) -> Text:
    """Return failed cut.jpg: unreadable, it is cut off (job 17)."""
    after = f": {failure.kind}, {brief_reason(failure, source)} (job {job_id})"
    return Text("failed ", Tone.BAD, path=relative_path(source), after=after)


def retried_job_line(job_id: int, source: str, failure: Failure, retry_after: float) -> Text:
    """Return waits cut.jpg: timeout, it took longer than 5m (job 17); next try in 10 s."""
    seconds = describe_seconds(max(0.0, round(retry_after)))
    after = f": {failure.kind}, {brief_reason(failure, source)} (job {job_id}); next try in {seconds}"
    return Text("waits ", Tone.WARNING, path=relative_path(source), after=after)


def cancelled_job_line(job_id: int, source: str, failure: Failure | None) -> Text:
    """Return cancelled cut.jpg: missing, it is gone (job 17)."""
    reason = f": {failure.kind}, {brief_reason(failure, source)}" if failure else ""
    return Text("cancelled ", Tone.QUIET, path=relative_path(source), after=f"{reason} (job {job_id})")


def done_job_line(job_id: int, source: str, outputs: tuple[str, ...], bytes_out: int) -> Text:
    """Return done IMG_1.jpg → web/IMG_1.jpg, 80 KB (job 17)."""
    if not outputs:
        return Text("done ", Tone.GOOD, path=relative_path(source), after=f": nothing was to be made (job {job_id})")
    folder = os.path.dirname(outputs[0])
    made = (
        relative_path(outputs[0])
        if len(outputs) == 1
        else f"{describe_count(len(outputs), 'file')} in {relative_path(folder)}"
    )
    after = f" → {made}, {describe_bytes(bytes_out)} (job {job_id})"
    return Text("done ", Tone.GOOD, path=relative_path(source), after=after)


def brief_reason(failure: Failure, source: str) -> str:
    """Return a failure's message for who sees the source beside it: "it" for the source, and no full stop."""
    message = replace_path(failure.message.strip().removesuffix("."), source, "it")
    first, blank, rest = message.partition(" ")
    return relative_paths_in(f"{first.lower() if first in _SENTENCE_STARTS else first}{blank}{rest}")
