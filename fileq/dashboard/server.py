"""The dashboard's server: one process, on one address."""

import errno
import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import uvicorn

from fileq.dashboard.app import create_app
from fileq.dashboard.desk import Desk
from fileq.dashboard.pictures import Pictures
from fileq.errors import EnvironmentFailure, UsageError

_GRACE = 2
"""Seconds that answers under way have to end."""


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; port 0 is any that is free. Raises UsageError, EnvironmentFailure."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise UsageError(f"There is no address {host} here.", "Name one of this machine, such as 0.0.0.0.") from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError as error:
        listener.close()
        raise _failure(error, host, port) from error
    return listener


def _failure(error: OSError, host: str, port: int) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return EnvironmentFailure(f"Port {port} of {host} is taken.", "Name another: --port 0 takes any that is free.")
    if error.errno == errno.EADDRNOTAVAIL:
        return UsageError(f"{host} is no address of this machine.", "Name one of this machine, such as 0.0.0.0.")
    why = error.strerror or os.strerror(error.errno or 0)
    return EnvironmentFailure(f"Nothing can listen at port {port} of {host}: {why}.", "Name another with --port.")


def serve(desk: Desk, listener: socket.socket) -> None:
    """Answer until a signal ends this process."""
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    with closing(Pictures(desk.settings.worker.max_pixels)) as pictures:
        app = create_app(desk, pictures, lambda: server.should_exit)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=_GRACE,
            )
        )
        with _ending_by_signals():
            server.run(sockets=[listener])


@contextmanager
def _ending_by_signals() -> Iterator[None]:
    """Have a signal that has ended the server be no more than that: uvicorn raises it again for whoever is next."""
    names = (signal.SIGINT, signal.SIGTERM)
    before = {name: signal.signal(name, lambda *_: None) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
