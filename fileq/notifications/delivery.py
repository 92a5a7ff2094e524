"""Sending what is due, to each who is to be told, and writing down how it went."""

import os
import time
from collections.abc import Mapping

from fileq.config.settings import NotifySettings
from fileq.ledger import Ledger, opened
from fileq.ledger.tables.notifications import Notification
from fileq.notifications.redaction import Scrubber
from fileq.notifications.targets import Target, Undelivered, full_url, targets_of

EXTRA = "Apprise is not installed; install it with: pip install 'fileq[notify]'"

_STINT = 60.0
"""Seconds after which no other notice is begun: whoever called has a time limit."""


def deliver(database: str, notify: NotifySettings, now: float, environ: Mapping[str, str] = os.environ) -> int:
    """Send the notices that are due; answer how many have reached all who are to be told.

    It opens the ledger itself, and may be killed at any time: what it had begun is sent later. Whoever had it by
    then doesn't get it again.
    """
    if not notify.is_on:
        return 0
    begun, sent = time.monotonic(), 0
    with opened(database) as ledger:
        while (passed := time.monotonic() - begun) < _STINT:
            notice = ledger.notifications.lease_notification(now + passed)
            if notice is None:
                break
            sent += _Delivery(ledger, notice, notify, environ, now - begun).run()
    return sent


class _Delivery:
    """One try at one notice. `offset` leads from the monotonic clock to seconds since the epoch."""

    def __init__(
        self, ledger: Ledger, notice: Notification, notify: NotifySettings, environ: Mapping[str, str], offset: float
    ) -> None:
        self._ledger = ledger
        self._notice = notice
        self._environ = environ
        self._offset = offset
        self._left = [
            target for target in targets_of(notify) if notice.targets is None or target.place in notice.targets
        ]

    def run(self) -> bool:
        """Whether all have had it now. One that is no longer in the config is not waited for."""
        problems: list[str] = []
        for target in list(self._left):
            try:
                send(target, self._notice, self._environ)
            except Undelivered as error:
                problems.append(f"{target.shown}: {error}.")
            else:
                self._left.remove(target)
                if not self._ledger.notifications.record_remaining_targets(
                    self._notice, [one.place for one in self._left], self._now()
                ):
                    return False  # it took so long that another process has it by now
        if problems:
            self._ledger.notifications.record_failed_try(self._notice, " ".join(problems), self._now())
        else:
            self._ledger.notifications.delete_sent(self._notice)
        return not problems

    def _now(self) -> float:
        return time.monotonic() + self._offset


def send(target: Target, notice: Notification, environ: Mapping[str, str]) -> None:
    """Tell one target. Raises Undelivered, whatever went wrong."""
    scrubber = Scrubber()
    try:
        if target.url is None:
            from fileq.notifications import command  # noqa: PLC0415  # who has no program needs no subprocess

            command.run(target.command, notice, environ, scrubber)
        else:
            url = full_url(target.url, environ, scrubber)
            try:
                from fileq.notifications import apprise  # noqa: PLC0415  # it imports Apprise
            except ModuleNotFoundError:
                raise Undelivered(EXTRA) from None
            apprise.send(url, notice, scrubber)
    except Undelivered:
        raise
    except Exception as error:  # noqa: BLE001  # a fault of a service's plug-in is that target's problem alone
        # Not chained: what an unknown error holds may be a secret.
        raise Undelivered(f"{type(error).__name__} while it was told") from None
