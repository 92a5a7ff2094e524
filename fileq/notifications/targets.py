"""The targets of notifications: the URLs and the program of the config, with what they take from the environment."""

import re
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from fileq.config.origins import hide_url_secrets
from fileq.config.settings import VARIABLE, NotifySettings
from fileq.ledger.tables.notifications import Notification
from fileq.notifications.redaction import Redactor

_FIELD = re.compile(r"\$\{(\w+)\}|\{(event|title|body)\}")


class DeliveryError(Exception):
    """A target could not be reached. The reason holds no secret."""


class NotificationTarget(msgspec.Struct, frozen=True):
    """A key of the config, and its value: a URL, or a program with its arguments."""

    config_key: str
    url: str | None = None
    command: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The target as it may be shown: notify.urls[0] (mailto://…)."""
        return f"{self.config_key} ({hide_url_secrets(self.url)})" if self.url is not None else self.config_key


def list_targets(notify: NotifySettings) -> list[NotificationTarget]:
    """Return the targets of the config, the program first: it is started before Apprise has threads."""
    command = [NotificationTarget("notify.command", command=notify.command)] if notify.command else []
    return [*command, *(NotificationTarget(f"notify.urls[{number}]", url) for number, url in enumerate(notify.urls))]


def expand_url(url: str, environ: Mapping[str, str], redactor: Redactor) -> str:
    """Return the URL with the values of its variables, which the redactor learns. Raises DeliveryError.

    A value is quoted, so that it may hold any character; but not one at the start, which is a URL by itself.
    """

    def filled(match: re.Match[str]) -> str:
        value = require_variable(match[1], environ)
        redactor.add_secret(value)
        return quote(value, safe="", errors="surrogateescape") if match.start() else value

    whole = VARIABLE.sub(filled, url)
    redactor.add_url(whole)
    return whole


def expand_command(
    command: tuple[str, ...], notification: Notification, environ: Mapping[str, str], redactor: Redactor
) -> list[str]:
    """Return the program and its arguments, with a notification's fields and the variables' values.

    The redactor learns these values. Raises DeliveryError.
    """
    fields = {"event": notification.event, "title": notification.title, "body": notification.body}

    def filled(match: re.Match[str]) -> str:
        if match[2]:
            return fields[match[2]]
        redactor.add_secret(require_variable(match[1], environ))
        return require_variable(match[1], environ)

    # In one pass, so that a name of a file that looks like a field stays as it is.
    return [_FIELD.sub(filled, argument) for argument in command]


def require_variable(name: str, environ: Mapping[str, str]) -> str:
    """Return the value of a variable. Raises DeliveryError where the environment has none."""
    if not environ.get(name):
        raise DeliveryError(f"the environment has no {name}; set it where the worker is started")
    return environ[name]


def variable_names(target: NotificationTarget) -> list[str]:
    """Return the names of the variables that a target takes from the environment."""
    return [name for text in (target.url or "", *target.command) for name in VARIABLE.findall(text)]
