"""Telling systemd how we are, by the protocol of sd_notify(3). Elsewhere nobody listens, and nothing happens."""

import os
import socket
import time
from collections.abc import Mapping


class Notifier:
    """`now` is in seconds of the monotonic clock."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        microseconds = environ.get("WATCHDOG_USEC", "")
        self._every = int(microseconds) / 1e6 / 3 if microseconds.isdigit() else None
        self._said_at = float("-inf")

    def tell(self, state: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), self._address)

    def alive(self, now: float | None = None) -> None:
        """A sign of life, as often as systemd wants one: three times in the time it waits."""
        moment = time.monotonic() if now is None else now
        if self._every is not None and moment - self._said_at >= self._every:
            self._said_at = moment
            self.tell("WATCHDOG=1")
