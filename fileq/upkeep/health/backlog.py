"""The queue: whether it grows faster than it is worked off."""

from fileq.ledger.vitals import Flow
from fileq.units import describe_seconds
from fileq.upkeep.health.case import Case
from fileq.upkeep.health.check import Finding, counted, ok, warning

_WINDOW = 3 * 3600.0
_LEAST = 900.0
"""Seconds of work that tell a rate."""

_TOO_LONG = 86400.0


def queue(case: Case) -> Finding:
    begun = min((worker.started_at for worker in case.alive), default=case.now)
    span = min(_WINDOW, case.now - begun)
    flow = case.ledger.vitals.flow(case.now - max(span, _LEAST), case.now)
    if flow.left == 0:
        return ok("Nothing is left to do.")
    if case.ledger.batches.paused():
        return ok(f"{counted(flow.left, 'job')} left; paused.")
    if span < _LEAST:
        return ok(f"{counted(flow.left, 'job')} left.")
    return _judged(flow, span)


def _judged(flow: Flow, span: float) -> Finding:
    hours = span / 3600
    seconds = flow.left / flow.ended * span if flow.ended else float("inf")
    left = f"{counted(flow.left, 'job')} left"
    if flow.came <= flow.ended or seconds <= _TOO_LONG:
        return ok(f"{left}, which takes about {describe_seconds(seconds)}." if flow.ended else f"{left}.")
    lasts = f"what is left, {counted(flow.left, 'job')}, takes {describe_seconds(seconds)}"
    return warning(
        f"More comes than is done: {flow.came / hours:,.0f} jobs an hour came and {flow.ended / hours:,.0f} ended;"
        f" {lasts if flow.ended else 'none of them ends'}.",
        "Start more workers (fileq worker), or take less in.",
    )
