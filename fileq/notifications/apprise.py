"""E-mail and a hundred services, by Apprise.

Imported only where a URL is to be told: with all plug-ins it takes 0.3 s and 45 MB.
"""

import logging
import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import apprise
from apprise.apprise import N_MGR
from apprise.attachment.file import AttachFile

from fileq.escaping import escape_controls
from fileq.ledger.tables.notifications import Notification
from fileq.notifications.redaction import GAP, Scrubber
from fileq.notifications.targets import Undelivered

for _name in ("apprise", "urllib3"):  # also what a thread says that was left behind in time
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False

TIMEOUT = 60.0
"""Seconds that one service may take."""

_LONGEST_REASON = 300
_NOT_PLAIN = re.compile(r"[^\w. -]", re.ASCII)
_EXCEPTION = "xception: "
"""Apprise says at the level DEBUG what an exception said, after this."""


def send(url: str, notice: Notification, scrubber: Scrubber) -> None:
    """Tell the service at this URL. Raises Undelivered; the scrubber takes secrets out of its reason."""
    with _listening() as said:
        service = _service(url, said, scrubber)
        result = apprise.Apprise(service, asset=service.asset).notify(
            title=notice.title,
            body=notice.body or notice.title,
            # Else a mail takes it for HTML, with whatever a file's name has in it.
            body_format=apprise.NotifyFormat.TEXT,
            attach=_attachment(notice),
            log_level=logging.DEBUG,
        )
        if not result:
            lines = [_line(entry.message, logging.getLevelName(entry.level)) for entry in result.logs()]
            raise Undelivered(_reason(lines, scrubber) or "the service did not say why")


def check(url: str, scrubber: Scrubber) -> None:
    """Raise Undelivered where Apprise can't use this URL."""
    with _listening() as said:
        _service(url, said, scrubber)


def _service(url: str, said: list[str], scrubber: Scrubber) -> apprise.NotifyBase:
    service = apprise.Apprise.instantiate(url, asset=_asset())
    if service is not None:
        return service
    if url.partition("://")[0].lower() not in N_MGR:
        raise Undelivered("Apprise knows no service of that name; look at its list of services")
    reason = _reason(said, scrubber)
    raise Undelivered(f"Apprise can't use this URL{f': {reason}' if reason else ''}")


def _asset() -> apprise.AppriseAsset:
    return apprise.AppriseAsset(
        app_id="fileq",
        app_desc="fileq",
        async_mode=False,
        service_timeout=TIMEOUT,
        storage_mode="memory",  # nothing of a URL is to be left on the disk
        pgp_autogen=False,
        pem_autogen=False,
        allow_templates=False,
    )


def _attachment(notice: Notification) -> apprise.AppriseAttachment | None:
    """The file, where it is still there. A third try goes without: it may be too large for the service."""
    path = notice.attachment
    if path is None or notice.tries > 2 or not os.path.isfile(path):
        return None
    attachment = apprise.AppriseAttachment()
    name = _NOT_PLAIN.sub("_", os.path.basename(path))  # Apprise writes others into headers that no mail reader reads
    attachment.add(AttachFile(path, name=name))  # type: ignore[no-untyped-call]  # a plain path may look like a URL
    return attachment


class _Ear(logging.Handler):
    """It hears what this thread says: one that was left behind may still speak of another URL."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.said.append(_line(record.getMessage(), record.levelno))


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise says meanwhile. What its libraries log or warn of goes nowhere."""
    root, logger, ear = logging.getLogger(), logging.getLogger("apprise"), _Ear()
    handlers, level = root.handlers, logger.level
    root.handlers = [logging.NullHandler()]
    logger.setLevel(logging.DEBUG)
    logger.addHandler(ear)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield ear.said
    finally:
        logger.removeHandler(ear)
        logger.setLevel(level)
        root.handlers = handlers


def _line(message: str, level: int) -> str:
    """The part of a line of Apprise's log that may say why it went wrong."""
    return message.rpartition(_EXCEPTION)[2] if level >= logging.WARNING or _EXCEPTION in message else ""


def _reason(said: list[str], scrubber: Scrubber) -> str:
    words = dict.fromkeys(escape_controls(scrubber.scrub(line)).strip(" .") for line in said)
    reason = "; ".join(word for word in words if word)
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}{GAP}"
