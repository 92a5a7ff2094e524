"""The delivery of notifications to each target, and what is wrong with those that can't be delivered."""

import os
import time
from collections.abc import Mapping

from fileq.config.settings import NotifySettings
from fileq.ledger import Ledger, open_ledger
from fileq.ledger.tables.notifications import Notification
from fileq.notifications.redaction import Redactor
from fileq.notifications.targets import (
    DeliveryError,
    NotificationTarget,
    expand_url,
    list_targets,
    require_variable,
    variable_names,
)
from fileq.units import describe_count, describe_seconds

APPRISE_MISSING = "Apprise is not installed; install it with: pip install 'fileq[notify]'"

_TIME_BUDGET = 60.0
"""Seconds after which no other notification is begun: whoever called has a time limit."""


def deliver_notifications(
    database: str, notify: NotifySettings, now: float, environ: Mapping[str, str] = os.environ
) -> int:
    """Send the notifications that are due; return how many have reached all their targets.

    It opens the ledger itself, and may be killed at any time: what it had begun is sent later, and not again to the
    targets that had it by then.
    """
    if not notify.is_on:
        return 0
    begun, sent = time.monotonic(), 0
    with open_ledger(database) as ledger:
        while (passed := time.monotonic() - begun) < _TIME_BUDGET:
            notification = ledger.notifications.lease_notification(now + passed)
            if notification is None:
                break
            sent += _Delivery(ledger, notification, notify, environ, now - begun).run()
    return sent


class _Delivery:
    """One try at one notification. `offset` leads from the monotonic clock to seconds since the epoch."""

    def __init__(
        self,
        ledger: Ledger,
        notification: Notification,
        notify: NotifySettings,
        environ: Mapping[str, str],
        offset: float,
    ) -> None:
        self._ledger = ledger
        self._notification = notification
        self._environ = environ
        self._offset = offset
        self._left = [
            target
            for target in list_targets(notify)
            if notification.targets is None or target.config_key in notification.targets
        ]

    def run(self) -> bool:
        """Return whether all targets have had it now. One that is no longer in the config is not waited for."""
        problems: list[str] = []
        for target in list(self._left):
            try:
                send_to_target(target, self._notification, self._environ)
            except DeliveryError as error:
                problems.append(f"{target.label}: {error}.")
            else:
                self._left.remove(target)
                if not self._ledger.notifications.record_remaining_targets(
                    self._notification, [other.config_key for other in self._left], self._now()
                ):
                    return False  # it took so long that another process has it by now
        if problems:
            self._ledger.notifications.record_failed_try(self._notification, " ".join(problems), self._now())
        else:
            self._ledger.notifications.delete_sent(self._notification)
        return not problems

    def _now(self) -> float:
        return time.monotonic() + self._offset


def send_to_target(target: NotificationTarget, notification: Notification, environ: Mapping[str, str]) -> None:
    """Send a notification to one target. Raises DeliveryError, whatever went wrong."""
    redactor = Redactor()
    try:
        if target.url is None:
            from fileq.notifications import command  # noqa: PLC0415  # who has no program needs no subprocess

            command.run_command(target.command, notification, environ, redactor)
        else:
            url = expand_url(target.url, environ, redactor)
            try:
                from fileq.notifications import apprise  # noqa: PLC0415  # it imports Apprise
            except ModuleNotFoundError:
                raise DeliveryError(APPRISE_MISSING) from None
            apprise.send_to_url(url, notification, redactor)
    except DeliveryError:
        raise
    except Exception as error:  # noqa: BLE001  # a fault of a service's plug-in is that target's problem alone
        # Not chained: what an unknown error holds may be a secret.
        raise DeliveryError(f"{type(error).__name__} while it was told") from None


def send_now(notify: NotifySettings, title: str, body: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Send a notification to each target now, past the ledger, which may be what is wrong; return the problems."""
    notification = Notification(
        notification_id=0,
        event="unhealthy",
        title=title,
        body=body,
        attachment=None,
        created_at=0,
        due_at=0,
        tries=1,
        targets=None,
        problem=None,
        given_up_at=None,
    )
    problems = []
    for target in list_targets(notify):
        try:
            send_to_target(target, notification, environ)
        except DeliveryError as error:
            problems.append(f"{target.label}: {error}.")
    return problems


def find_target_problems(notify: NotifySettings, environ: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the targets, as far as that can be seen without sending anything."""
    problems = []
    for target in list_targets(notify):
        try:
            _check_target(target, environ)
        except DeliveryError as error:
            problems.append(f"{target.label}: {error}.")
    return problems


def _check_target(target: NotificationTarget, environ: Mapping[str, str]) -> None:
    """Raise DeliveryError where this target can't be reached, as far as that can be seen without sending anything."""
    for name in variable_names(target):
        require_variable(name, environ)
    if target.url is None:
        return
    try:
        from fileq.notifications import apprise  # noqa: PLC0415  # it imports Apprise
    except ModuleNotFoundError:
        raise DeliveryError(APPRISE_MISSING) from None
    redactor = Redactor()
    apprise.check_url(expand_url(target.url, environ, redactor), redactor)


def describe_unsent(ledger: Ledger, now: float) -> list[str]:
    """Return what could not be sent, in a sentence or two each."""
    problems = ledger.notifications.list_failed_notifications()
    waiting = [notification for notification in problems if notification.given_up_at is None]
    lost = [notification for notification in problems if notification.given_up_at is not None]
    sentences = []
    if waiting:
        soon = describe_seconds(max(0.0, min(notification.due_at for notification in waiting) - now))
        sentences.append(
            f"Not sent yet: {_describe_notifications(waiting)}; tried again in {soon}. {waiting[-1].problem}"
        )
    if lost:
        sentences.append(f"Given up after a day: {_describe_notifications(lost)}. {lost[-1].problem}")
    return sentences


def _describe_notifications(notifications: list[Notification]) -> str:
    return f'{describe_count(len(notifications), "notice")}, the last one "{notifications[-1].title}"'
