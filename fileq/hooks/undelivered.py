"""The calls that could not be delivered, in words."""

from fileq.ledger import Ledger
from fileq.units import describe_count


def describe_undelivered(ledger: Ledger) -> tuple[list[str], list[str]]:
    """Return what is tried again, and what was given up, in a sentence or two for each hook."""
    failed = {call.hook: call.problem for call in reversed(ledger.hook_calls.list_failed_calls(1000))}
    retried, given_up = [], []
    for summary in ledger.hook_calls.summarize():
        problem = f"The hook {summary.hook}: {failed.get(summary.hook, '')}"
        if summary.retrying:
            retried.append(f"{problem} {describe_count(summary.retrying, 'call')} will be made again.")
        if summary.given_up:
            given_up.append(f"{problem} {describe_count(summary.given_up, 'call')} given up.")
    return retried, given_up
