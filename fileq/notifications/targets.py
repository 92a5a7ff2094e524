"""Who is told: the URLs and the program of the config, with what they take from the environment."""

import re
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from fileq.config.origins import hide_url_secrets
from fileq.config.settings import VARIABLE, NotifySettings
from fileq.ledger.tables.notifications import Notification
from fileq.notifications.redaction import Scrubber

_FIELD = re.compile(r"\$\{(\w+)\}|\{(event|title|body)\}")


class Undelivered(Exception):
    """A target could not be told. The reason holds no secret."""


class Target(msgspec.Struct, frozen=True):
    """A place in the config, and what stands there: a URL, or a program with its arguments."""

    place: str
    url: str | None = None
    command: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """As it may be shown: notify.urls[0] (mailto://…)."""
        return f"{self.place} ({hide_url_secrets(self.url)})" if self.url is not None else self.place


def targets_of(notify: NotifySettings) -> list[Target]:
    """The program first: it is started before Apprise has threads."""
    command = [Target("notify.command", command=notify.command)] if notify.command else []
    return [*command, *(Target(f"notify.urls[{number}]", url) for number, url in enumerate(notify.urls))]


def full_url(url: str, environ: Mapping[str, str], scrubber: Scrubber) -> str:
    """The URL with what the environment has for its variables, which the scrubber learns. Raises Undelivered.

    A value is quoted, so that it may hold any character; but not one at the start, which is a URL by itself.
    """

    def filled(match: re.Match[str]) -> str:
        value = value_of(match[1], environ)
        scrubber.learn(value)
        return quote(value, safe="", errors="surrogateescape") if match.start() else value

    whole = VARIABLE.sub(filled, url)
    scrubber.learn_url(whole)
    return whole


def full_command(
    command: tuple[str, ...], notice: Notification, environ: Mapping[str, str], scrubber: Scrubber
) -> list[str]:
    """The program and its arguments, with the notice's fields and the environment's values. Raises Undelivered."""
    fields = {"event": notice.event, "title": notice.title, "body": notice.body}

    def filled(match: re.Match[str]) -> str:
        if match[2]:
            return fields[match[2]]
        scrubber.learn(value_of(match[1], environ))
        return value_of(match[1], environ)

    # In one pass, so that a name of a file that looks like a field stays as it is.
    return [_FIELD.sub(filled, argument) for argument in command]


def value_of(name: str, environ: Mapping[str, str]) -> str:
    if not environ.get(name):
        raise Undelivered(f"the environment has no {name}; set it where the worker is started")
    return environ[name]


def variables(target: Target) -> list[str]:
    """The names of the variables that it takes from the environment."""
    return [name for text in (target.url or "", *target.command) for name in VARIABLE.findall(text)]
