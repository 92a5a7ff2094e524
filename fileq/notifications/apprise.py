"""Delivery by e-mail and a hundred services, by Apprise.

Imported only where a target is a URL: with all plug-ins it takes 0.3 s and 45 MB.
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

from fileq.escapes import escape_controls
from fileq.ledger.tables.notifications import Notification
from fileq.notifications.redaction import REDACTED, Redactor
from fileq.notifications.targets import DeliveryError

for _name in ("apprise", "urllib3"):  # also what a thread says that was left behind in time
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False

TIMEOUT = 60.0
"""Seconds that one service may take."""

_MAX_REASON = 300
_NOT_PLAIN = re.compile(r"[^\w. -]", re.ASCII)
_EXCEPTION = "xception: "
"""Apprise says at the level DEBUG what an exception said, after this."""


def send_to_url(url: str, notification: Notification, redactor: Redactor) -> None:
    """Send a notification to the service at this URL. Raises DeliveryError, redacted."""
    with _capture_log() as logged:
        service = _service(url, logged, redactor)
        result = apprise.Apprise(service, asset=service.asset).notify(
            title=notification.title,
            body=notification.body or notification.title,
            # Else a mail takes it for HTML, with whatever a file's name has in it.
            body_format=apprise.NotifyFormat.TEXT,
            attach=_attachment(notification),
            log_level=logging.DEBUG,
        )
        if not result:
            lines = [_line(entry.message, logging.getLevelName(entry.level)) for entry in result.logs()]
            raise DeliveryError(_reason(lines, redactor) or "the service did not say why")


def check_url(url: str, redactor: Redactor) -> None:
    """Raise DeliveryError where Apprise can't use this URL."""
    with _capture_log() as logged:
        _service(url, logged, redactor)


def _service(url: str, logged: list[str], redactor: Redactor) -> apprise.NotifyBase:
    service = apprise.Apprise.instantiate(url, asset=_asset())
    if service is not None:
        return service
    if url.partition("://")[0].lower() not in N_MGR:
        raise DeliveryError("Apprise knows no service of that name; look at its list of services")
    reason = _reason(logged, redactor)
    raise DeliveryError(f"Apprise can't use this URL{f': {reason}' if reason else ''}")


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


def _attachment(notification: Notification) -> apprise.AppriseAttachment | None:
    """Return the file, where it is still there. A third try goes without: it may be too large for the service."""
    path = notification.attachment
    if path is None or notification.tries > 2 or not os.path.isfile(path):
        return None
    attachment = apprise.AppriseAttachment()
    name = _NOT_PLAIN.sub("_", os.path.basename(path))  # Apprise writes others into headers that no mail reader reads
    attachment.add(AttachFile(path, name=name))  # type: ignore[no-untyped-call]  # a plain path may look like a URL
    return attachment


class _LogCapture(logging.Handler):
    """Keeps what this thread logs: one that was left behind in time may still log about another URL."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.logged: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.logged.append(_line(record.getMessage(), record.levelno))


@contextmanager
def _capture_log() -> Iterator[list[str]]:
    """Yield what Apprise logs meanwhile. What its libraries log or warn of goes nowhere."""
    root, logger, capture = logging.getLogger(), logging.getLogger("apprise"), _LogCapture()
    handlers, level = root.handlers, logger.level
    root.handlers = [logging.NullHandler()]
    logger.setLevel(logging.DEBUG)
    logger.addHandler(capture)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield capture.logged
    finally:
        logger.removeHandler(capture)
        logger.setLevel(level)
        root.handlers = handlers


def _line(message: str, level: int) -> str:
    """Return the part of a line of Apprise's log that may say why it went wrong."""
    return message.rpartition(_EXCEPTION)[2] if level >= logging.WARNING or _EXCEPTION in message else ""


def _reason(logged: list[str], redactor: Redactor) -> str:
    words = dict.fromkeys(escape_controls(redactor.redact(line)).strip(" .") for line in logged)
    reason = "; ".join(word for word in words if word)
    return reason if len(reason) <= _MAX_REASON else f"{reason[:_MAX_REASON]}{REDACTED}"
