"""The outbox: what happens becomes few notifications, which the ledger keeps until they are sent."""

from fileq import queue
from fileq.config.settings import NotificationEvent, NotifySettings
from fileq.escaping import escape_controls
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.notifications.composition import MAX_EXAMPLES, compose_batches, compose_failures

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
