"""The outbox: what happens becomes few notifications, composed here, which the ledger keeps until they are sent."""

from collections.abc import Iterable, Mapping, Sequence

from fileq import queue
from fileq.config.settings import NotificationEvent, NotifySettings
from fileq.escapes import escape_controls
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobTally
from fileq.ledger.tables.sources.pending_events import CauseCount, FailureExample
from fileq.presence import hostname
from fileq.units import describe_bytes, describe_count

_MAX_WAIT = 600.0
"""Seconds after which people are notified of a failure, although its batch goes on."""


def enqueue_notification(
    ledger: Ledger,
    notify: NotifySettings,
    event: NotificationEvent,
    title: str,
    body: str,
    now: float,
    *,
    attachment: str | None = None,
) -> None:
    """Enter a notification, where people want to hear of this event, as text that steers nothing wherever it is shown.

    `attachment` is the path of a file.
    """
    if notify.is_on and event in notify.on:
        lines = "\n".join(map(escape_controls, body.splitlines()))
        ledger.notifications.insert_notification(event, escape_controls(title), lines, now, attachment=attachment)


def enqueue_event_notifications(ledger: Ledger, notify: NotifySettings, now: float) -> None:
    """Enter notifications about batches that have ended and jobs that have failed since the last call.

    Of several workers, one enters each thing, once. Where nobody is to be notified, the events are gone all the same:
    who wants to hear of them later hears nothing old.
    """
    if not notify.is_on:
        ledger.notifications.delete_notifications()
    if not ledger.pending_events.has_events():
        return
    with ledger.transaction():
        _enqueue_batches(ledger, notify, now)
        _enqueue_failures(ledger, notify, now)


def _enqueue_batches(ledger: Ledger, notify: NotifySettings, now: float) -> None:
    ended = [event.batch_id for event in ledger.pending_events.take_ended_batches(queue.MAIN) if event.unwatched]
    tallies = {batch_id: tally for batch_id in ended if (tally := ledger.overview.tally_jobs(batch_id)).total}
    if not tallies or not notify.is_on or "batch" not in notify.on:
        return
    failing = [batch_id for batch_id, tally in tallies.items() if tally.jobs[JobState.FAILED]]
    title, body = compose_batches(tallies, ledger.pending_events.count_causes(failing))
    enqueue_notification(ledger, notify, "batch", title, body, now)
    ledger.pending_events.mark_failures_notified(failing)


def _enqueue_failures(ledger: Ledger, notify: NotifySettings, now: float) -> None:
    wanted = notify.is_on and "failed" in notify.on
    waiting = ledger.pending_events.find_unreported_failures()
    if waiting is None or (wanted and waiting.goes_on and now < waiting.since + _MAX_WAIT):
        return
    if wanted:
        title, body = compose_failures(
            ledger.pending_events.count_unreported_causes(),
            ledger.pending_events.list_unreported_failures(MAX_EXAMPLES),
        )
        enqueue_notification(ledger, notify, "failed", title, body, now)
    ledger.pending_events.mark_failures_notified()


MAX_EXAMPLES = 10
"""So many failed jobs are named."""

_MAX_BATCHES = 20
"""So many batches have a line of their own."""


def compose_batches(tallies: Mapping[int, JobTally], causes: Sequence[CauseCount]) -> tuple[str, str]:
    """Return the title and the body about batches that have ended, whose jobs failed for these causes."""
    batch_ids = list(tallies)
    jobs = sum(tally.total for tally in tallies.values())
    failed = sum(cause.jobs for cause in causes)
    subject = f"batch {batch_ids[0]} has ended" if len(batch_ids) == 1 else f"{len(batch_ids):,} batches have ended"
    done = sum(tally.jobs[JobState.DONE] for tally in tallies.values())
    outcome = (
        f"{failed:,} of {describe_count(jobs, 'job')} failed"
        if failed
        else f"{done:,} of {describe_count(jobs, 'job')} done"
    )
    lines = [_describe_batch(batch_id, tallies[batch_id]) for batch_id in batch_ids[:_MAX_BATCHES]]
    lines += [f"And {len(batch_ids) - _MAX_BATCHES:,} more."] * (len(batch_ids) > _MAX_BATCHES)
    if causes:
        alone = f" --batch {batch_ids[0]}" if len(batch_ids) == 1 else ""
        lines += ["", f"{describe_count(failed, 'job')} failed:", *_list_causes(causes), "", *_list_remedies(alone)]
    return f"fileq on {hostname()}: {subject}, {outcome}", "\n".join(lines)


def compose_failures(causes: Sequence[CauseCount], examples: Iterable[FailureExample]) -> tuple[str, str]:
    """Return the title and the body about jobs that have failed."""
    failed = describe_count(sum(cause.jobs for cause in causes), "job")
    named = [f"  {escape_controls(example.source)}: {escape_controls(example.message)}" for example in examples]
    first = f"The first {len(named)}:" if sum(cause.jobs for cause in causes) > len(named) else "These are:"
    return (
        f"fileq on {hostname()}: {failed} failed",
        "\n".join([f"{failed} failed:", *_list_causes(causes), "", first, *named, "", *_list_remedies("")]),
    )


def _describe_batch(batch_id: int, tally: JobTally) -> str:
    """Return a line: Batch 7: 118 done, 2 failed; 118 outputs, 402 MB became 31 MB."""
    states = ", ".join(f"{tally.jobs[state]:,} {state}" for state in JobState if tally.jobs[state])
    made = (
        f"; {describe_count(tally.outputs, 'output')}, {describe_bytes(tally.bytes_in)} became"
        f" {describe_bytes(tally.bytes_out)}"
        if tally.outputs
        else ""
    )
    return f"Batch {batch_id}: {states}{made}."


def _list_causes(causes: Iterable[CauseCount]) -> list[str]:
    return [f"  {cause.jobs:,} {cause.kind}. {escape_controls(cause.remedy)}".rstrip() for cause in causes]


def _list_remedies(which: str) -> list[str]:
    return [
        f"To see them all: fileq list --state failed{which}",
        f"To try them again, once the cause is fixed: fileq retry --failed{which}",
    ]
