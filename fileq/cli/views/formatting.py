"""Counts and states of jobs in plain English."""

from fileq.display import Text, Tone
from fileq.intake import AddResult
from fileq.job import LISTED, JobState, OutputInfo
from fileq.ledger.queries.overview import JobTally
from fileq.units import describe_count, is_or_are

TONES = {
    JobState.QUEUED: Tone.PLAIN,
    JobState.RUNNING: Tone.BUSY,
    JobState.WAITING: Tone.WARNING,
    JobState.DONE: Tone.GOOD,
    JobState.FAILED: Tone.BAD,
    JobState.CANCELLED: Tone.QUIET,
    JobState.SUPERSEDED: Tone.QUIET,
}


def state_text(state: JobState) -> Text:
    """Return a job's state in its tone."""
    return Text(state, TONES[state])


def describe_dimensions(made: OutputInfo) -> str:
    """Return an output's size in pixels, 1600x1200; "" where it is no picture."""
    return f"{made.width}x{made.height}" if made.is_picture else ""


def describe_tally(tally: JobTally) -> str:
    """Return 118 done, 2 failed; "none" where there are no jobs."""
    return ", ".join(f"{count:,} {name}" for name, count in tally.jobs.items() if count and name in LISTED) or "none"


def describe_result(result: AddResult, noun: str = "file") -> str:
    """Return 118 files queued as batch 7; 2 are up to date. `noun` is what is counted."""
    start = (
        f"{describe_count(result.queued, noun)} queued as batch {result.batch_id}"
        if result.queued
        else "Nothing new to do"
    )
    rest = [
        f"{count:,} {is_or_are(count)} {what}"
        for count, what in (
            (result.up_to_date, "up to date"),
            (result.already_queued, "queued already"),
            (result.unmatched, "not for this recipe"),
            (result.own_outputs, "made by fileq itself and passed over"),
        )
        if count
    ]
    return f"{'; '.join([start, *rest])}."
