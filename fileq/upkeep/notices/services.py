"""E-mail and a hundred services, by Apprise.

Imported only where a URL is to be told: with all plug-ins it takes 0.3 s and 45 MB.
"""

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import apprise
from apprise.apprise import N_MGR
from apprise.attachment.file import AttachFile

from fileq.ledger.notices import Notice
from fileq.upkeep.notices.scrubbing import Scrubber
from fileq.upkeep.notices.targets import Undelivered
from fileq.upkeep.notices.telling import written_out

TIMEOUT = 60.0
"""Seconds that one service may take."""

_LONGEST_REASON = 300
_NOT_PLAIN = re.compile(r"[^\w. -]", re.ASCII)
_EXCEPTION = "xception: "
"""Apprise says at the level DEBUG what an exception said, after this."""


def send(url: str, notice: Notice, scrubber: Scrubber) -> None:
    """Tell the service at this URL. Raises Undelivered; the scrubber takes secrets out of its reason."""
    with _listening() as said:
        service = _service(url, said, scrubber)
        sender = apprise.Apprise(service, asset=service.asset)
        result = sender.notify(
            title=notice.title,
            body=notice.body or notice.title,
            # Else a mail takes it for HTML, with whatever a file's name has in it.
            body_format=apprise.NotifyFormat.TEXT,
            attach=_attachment(notice),
        )
        if not result:
            raise Undelivered(_reason(said, scrubber) or "the service did not say why")


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


def _attachment(notice: Notice) -> apprise.AppriseAttachment | None:
    """The file, where it is still there. A third try goes without: it may be too large for the service."""
    path = notice.attachment
    if path is None or notice.tries > 2 or not os.path.isfile(path):
        return None
    attachment = apprise.AppriseAttachment()
    name = _NOT_PLAIN.sub("_", os.path.basename(path))  # Apprise writes others into headers that no mail reader reads
    attachment.add(AttachFile(path, name=name))  # type: ignore[no-untyped-call]  # a plain path may look like a URL
    return attachment


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if record.name.startswith("apprise") and (record.levelno >= logging.WARNING or _EXCEPTION in message):
            self.said.append(message.rpartition(_EXCEPTION)[2])


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise says meanwhile. Neither that nor what its libraries log or warn of goes anywhere else."""
    root, logger, ear = logging.getLogger(), logging.getLogger("apprise"), _Ear()
    before = root.handlers, root.level, logger.level
    root.handlers = [ear]
    root.setLevel(logging.WARNING)
    logger.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield ear.said
    finally:
        root.handlers, level, own_level = before
        root.setLevel(level)
        logger.setLevel(own_level)


def _reason(said: list[str], scrubber: Scrubber) -> str:
    words = [written_out(scrubber.scrub(line)).strip(" .") for line in said]
    return "; ".join(dict.fromkeys(words))[:_LONGEST_REASON]
