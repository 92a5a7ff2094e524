"""What has happened since is gathered into few notices: batches that have ended, and jobs that have failed."""

from fileq import queue
from fileq.config.settings import NotifySettings
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.notifications import composition
from fileq.notifications.outbox import tell

_LONGEST_WAIT = 600.0
"""Seconds after which a failure is told, although its batch goes on."""


def gather(ledger: Ledger, notify: NotifySettings, now: float) -> None:
    """Enter the notices about what has happened since. Of several workers, one tells each thing, once.

    Where nobody is to be told, it counts as told all the same: who wants to hear later hears nothing old.
    """
    if not notify.is_on:
        ledger.notifications.delete_notifications()
    if not ledger.pending_events.has_events():
        return
    with ledger.transaction():
        _tell_of_batches(ledger, notify, now)
        _tell_of_failures(ledger, notify, now)


def _tell_of_batches(ledger: Ledger, notify: NotifySettings, now: float) -> None:
    ended = [one.batch for one in ledger.pending_events.take_ended_batches(queue.MAIN) if one.unwatched]
    tallies = {batch: tally for batch in ended if (tally := ledger.overview.tally_jobs(batch)).total}
    if not tallies or not notify.is_on or "batch" not in notify.on:
        return
    failing = [batch for batch, tally in tallies.items() if tally.jobs[JobState.FAILED]]
    title, body = composition.of_batches(tallies, ledger.pending_events.count_causes(failing))
    tell(ledger, notify, "batch", title, body, now)
    ledger.pending_events.mark_failures_notified(failing)


def _tell_of_failures(ledger: Ledger, notify: NotifySettings, now: float) -> None:
    wanted = notify.is_on and "failed" in notify.on
    waiting = ledger.pending_events.find_unreported_failures()
    if waiting is None or (wanted and waiting.goes_on and now < waiting.since + _LONGEST_WAIT):
        return
    if wanted:
        title, body = composition.of_failures(
            ledger.pending_events.count_unreported_causes(),
            ledger.pending_events.list_unreported_failures(composition.EXAMPLES),
        )
        tell(ledger, notify, "failed", title, body, now)
    ledger.pending_events.mark_failures_notified()
