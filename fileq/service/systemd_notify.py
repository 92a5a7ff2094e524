"""The service's state, told to systemd by the protocol of sd_notify(3); elsewhere nothing is told."""

import os
import socket
import sys
import time
from collections.abc import Mapping


class SystemdNotifier:
    """Sends states to the socket that the environment names; nothing where it names none."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        microseconds = environ.get("WATCHDOG_USEC", "")
        self._interval = int(microseconds) / 1e6 / 3 if microseconds.isdigit() else None
        self._sent_at = float("-inf")

    def send(self, state: str) -> None:
        """Send a state, such as READY=1. Raises OSError."""
        if self._address and sys.platform != "win32":
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.sendto(state.encode(), self._address)

    def keep_alive(self, now: float | None = None) -> None:
        """Send a sign of life, three times in the time that systemd waits for one. `now` is monotonic, in seconds."""
        moment = time.monotonic() if now is None else now
        if self._interval is not None and moment - self._sent_at >= self._interval:
            self._sent_at = moment
            self.send("WATCHDOG=1")
