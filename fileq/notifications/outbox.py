"""Entering a notice into the outbox, as text that steers nothing wherever it is shown."""

from fileq.config.settings import NotificationEvent, NotifySettings
from fileq.escaping import escape_controls
from fileq.ledger import Ledger


def tell(
    ledger: Ledger,
    notify: NotifySettings,
    event: NotificationEvent,
    title: str,
    body: str,
    now: float,
    *,
    attachment: str | None = None,
) -> None:
    """Have people told, where they want to hear of this event. `attachment` is the path of a file."""
    if notify.is_on and event in notify.on:
        lines = "\n".join(map(escape_controls, body.splitlines()))
        ledger.notifications.insert_notification(event, escape_controls(title), lines, now, attachment=attachment)
