"""Whether people can be told: for `fileq doctor`."""

import os
from collections.abc import Mapping

from fileq.config.settings import NotifySettings
from fileq.ledger import Ledger
from fileq.ledger.tables.notifications import Notification
from fileq.notifications.delivery import EXTRA, send
from fileq.notifications.redaction import Scrubber
from fileq.notifications.targets import Target, Undelivered, full_url, targets_of, value_of, variables
from fileq.units import describe_count, describe_seconds


def send_now(notify: NotifySettings, title: str, body: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Tell each target now, past the ledger, which may be what is wrong; answer the problems."""
    notice = Notification(0, "unhealthy", title, body, None, 0, 0, 1, None, None, None)
    problems = []
    for target in targets_of(notify):
        try:
            send(target, notice, environ)
        except Undelivered as error:
            problems.append(f"{target.shown}: {error}.")
    return problems


def unusable(notify: NotifySettings, environ: Mapping[str, str]) -> list[str]:
    """What is wrong with those who are to be told, as far as that can be seen without telling them."""
    problems = []
    for target in targets_of(notify):
        try:
            _check(target, environ)
        except Undelivered as error:
            problems.append(f"{target.shown}: {error}.")
    return problems


def _check(target: Target, environ: Mapping[str, str]) -> None:
    """Raise Undelivered where this target can't be told, as far as that can be seen without telling it."""
    for name in variables(target):
        value_of(name, environ)
    if target.url is None:
        return
    try:
        from fileq.notifications import apprise  # noqa: PLC0415  # it imports Apprise
    except ModuleNotFoundError:
        raise Undelivered(EXTRA) from None
    scrubber = Scrubber()
    apprise.check(full_url(target.url, environ, scrubber), scrubber)


def unsent(ledger: Ledger, now: float) -> list[str]:
    """What could not be sent, in a sentence or two each."""
    problems = ledger.notifications.list_failed_notifications()
    waiting = [notice for notice in problems if notice.given_up_at is None]
    lost = [notice for notice in problems if notice.given_up_at is not None]
    told = []
    if waiting:
        soon = describe_seconds(max(0.0, min(notice.due_at for notice in waiting) - now))
        told.append(f"Not sent yet: {_counted(waiting)}; tried again in {soon}. {waiting[-1].problem}")
    if lost:
        told.append(f"Given up after a day: {_counted(lost)}. {lost[-1].problem}")
    return told


def _counted(notices: list[Notification]) -> str:
    return f'{describe_count(len(notices), "notice")}, the last one "{notices[-1].title}"'
