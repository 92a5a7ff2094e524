"""What is shown of hooks beside the jobs: the calls that are not made yet."""

from collections.abc import Sequence
from typing import Any

from fileq.display import Text, Tone
from fileq.display.answer import Cell
from fileq.ledger.tables.hook_calls import HookSummary
from fileq.units import describe_count


def hook_document(summary: HookSummary) -> dict[str, Any]:
    """Return the JSON document of a hook's calls. Its keys are a contract."""
    return {"name": summary.hook, **count_document(summary)}


def count_document(summary: HookSummary) -> dict[str, int]:
    """Return how many calls of a hook wait, are tried again, and were given up, for JSON. Its keys are a contract."""
    return {"waiting": summary.waiting, "retrying": summary.retrying, "given_up": summary.given_up}


def describe_calls(summaries: Sequence[HookSummary], command: str) -> list[tuple[str, Cell]]:
    """Return the line on calls that wait or could not be delivered, with the command that shows them; else none."""
    waiting = sum(one.waiting for one in summaries)
    retrying = sum(one.retrying for one in summaries)
    given_up = sum(one.given_up for one in summaries)
    parts = [
        *([f"{describe_count(waiting, 'call')} to make"] if waiting else []),
        *([f"{retrying:,} tried again"] if retrying else []),
        *([f"{given_up:,} given up"] if given_up else []),
    ]
    if not parts:
        return []
    words = ", ".join(parts)
    return [("hooks", Text(f"{words}; see: {command}", Tone.WARNING) if retrying or given_up else words)]
