"""The queue: whether it grows faster than it is worked off."""

from fileq.health.check import CheckContext, Finding, ok, warning
from fileq.ledger.queries.health import JobFlow
from fileq.units import describe_count, describe_seconds

_WINDOW = 3 * 3600.0
_LEAST = 900.0
"""Seconds of work that tell a rate."""

_TOO_LONG = 86400.0


def check_backlog(context: CheckContext) -> Finding:
    """Check that the queue is worked off within a day, or does not grow."""
    begun = min((worker.started_at for worker in context.live_workers), default=context.now)
    span = min(_WINDOW, context.now - begun)
    flow = context.ledger.health.measure_flow(context.now - max(span, _LEAST), context.now)
    if flow.left == 0:
        return ok("Nothing is left to do.")
    if context.ledger.batches.is_paused():
        return ok(f"{describe_count(flow.left, 'job')} left; paused.")
    if span < _LEAST:
        return ok(f"{describe_count(flow.left, 'job')} left.")
    return _judged(flow, span)


def _judged(flow: JobFlow, span: float) -> Finding:
    left = describe_count(flow.left, "job")
    lasts = flow.left / flow.ended * span if flow.ended else None
    if flow.came <= flow.ended or (lasts is not None and lasts <= _TOO_LONG):
        return ok(f"{left} left{f', which takes about {describe_seconds(lasts)}' if lasts else ''}.")
    came, ended = (f"{count / span * 3600:,.0f}" for count in (flow.came, flow.ended))
    rest = f"what is left, {left}, takes {describe_seconds(lasts)}" if lasts else f"{left} left"
    return warning(
        f"More jobs come in than are done: {came} jobs an hour came and {ended} ended; {rest}.",
        "Start more workers (fileq worker), or take less in.",
    )
