"""Counts and states in plain English."""

from fileq.display import Text, Tone
from fileq.intake import AddResult
from fileq.job import JobState
from fileq.ledger.queries.overview import JobTally
from fileq.units import describe_bytes, describe_count, is_or_are

TONES = {
    JobState.QUEUED: Tone.PLAIN,
    JobState.RUNNING: Tone.BUSY,
    JobState.WAITING: Tone.WARNING,
    JobState.DONE: Tone.GOOD,
    JobState.FAILED: Tone.BAD,
    JobState.CANCELLED: Tone.QUIET,
}


def state_text(value: JobState) -> Text:
    return Text(value, TONES[value])


def describe_tally(tally: JobTally) -> str:
    """118 done, 2 failed."""
    return ", ".join(f"{count:,} {name}" for name, count in tally.jobs.items() if count) or "none"


def describe_receipt(receipt: AddResult, noun: str = "file") -> str:
    """118 files queued as batch 7; 2 are up to date."""
    start = (
        f"{describe_count(receipt.queued, noun)} queued as batch {receipt.batch_id}"
        if receipt.queued
        else "Nothing new to do"
    )
    rest = [
        f"{count:,} {is_or_are(count)} {what}"
        for count, what in (
            (receipt.up_to_date, "up to date"),
            (receipt.already_queued, "queued already"),
            (receipt.unmatched, "not for this recipe"),
            (receipt.own_outputs, "made by fileq itself and passed over"),
        )
        if count
    ]
    return f"{'; '.join([start, *rest])}."


def sizes_in_words(tally: JobTally) -> str:
    """402 MB → 31 MB, 92 % less."""
    if not tally.bytes_in:
        return "none"
    saved = 100 * (1 - tally.bytes_out / tally.bytes_in)
    share = f"{abs(saved):.0f} % {'less' if saved > 0 else 'more'}"
    return f"{describe_bytes(tally.bytes_in)} → {describe_bytes(tally.bytes_out)}, {share}"
