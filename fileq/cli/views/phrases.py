"""Counts and states of jobs in plain English."""

from collections.abc import Mapping

from fileq.display import Text, Tone
from fileq.intake import AddResult
from fileq.job import JobState, OutputInfo, describe_states
from fileq.ledger.queries.overview import JobTally
from fileq.units import describe_count, is_or_are, was_or_were

TONES = {
    JobState.QUEUED: Tone.PLAIN,
    JobState.RUNNING: Tone.BUSY,
    JobState.WAITING: Tone.WARNING,
    JobState.DONE: Tone.GOOD,
    JobState.FAILED: Tone.BAD,
    JobState.CANCELLED: Tone.QUIET,
    JobState.SUPERSEDED: Tone.QUIET,
}


SAME_COMMAND = {False: "the same command", True: "the same command without --force"}
"""How to go on with what was stopped: with --force, what is done would be done once more."""


def state_text(state: JobState) -> Text:
    """Return a job's state in its tone."""
    return Text(state, TONES[state])


def describe_dimensions(made: OutputInfo) -> str:
    """Return an output's size in pixels, 1600x1200; "" where it is no picture."""
    return f"{made.width}x{made.height}" if made.is_picture else ""


def describe_tally(tally: JobTally) -> str:
    """Return 118 done, 2 failed; "none" where there are no jobs."""
    return describe_states(tally.jobs) or "none"


def describe_result(result: AddResult, noun: str = "file") -> str:
    """Return 118 files queued as batch 7; 2 are up to date. `noun` is what is counted."""
    start = (
        f"{describe_count(result.queued, noun)} queued as batch {result.batch_id}"
        if result.queued
        else "Nothing new to do"
        if not result.adopted
        else ""
    )
    rest = [
        f"{count:,} {verb(count)} {what}"
        for count, verb, what in (
            (result.up_to_date, is_or_are, "up to date"),
            (result.already_queued - len(result.adopted), is_or_are, "queued already"),
            (result.unmatched, is_or_are, "not for this recipe"),
            (result.own_outputs, was_or_were, "made by fileq itself and skipped"),
        )
        if count
    ]
    said = "; ".join(part for part in (start, *rest) if part)
    return f"{said}." if said else ""


def describe_adopted(batches: Mapping[int, int]) -> str:
    """Return Going on with 625 jobs of batch 6; "" of none. `batches` are numbers, each with how many of its jobs."""
    if not batches:
        return ""
    numbers = [str(number) for number in batches]
    which = f"batch {numbers[0]}" if len(numbers) == 1 else f"batches {', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"Going on with {describe_count(sum(batches.values()), 'job')} of {which}."
