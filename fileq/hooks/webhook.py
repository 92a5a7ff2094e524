"""A URL is called: JSON by POST, signed as https://www.standardwebhooks.com has it."""

import base64
import binascii
import hashlib
import hmac
import http
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import unquote, urlsplit

from fileq import __version__
from fileq.hooks.call_error import CallError

_PREFIX = "whsec_"
"""Begins a secret whose bytes are written in Base64."""

_MOST_READ = 4096
"""Bytes of an answer that are read: nothing in it counts but its status."""

GONE = 410


def post_event(url: str, body: bytes, headers: dict[str, str], timeout: float) -> None:
    """POST a body in JSON; return where the answer is 2xx. `timeout` is in seconds, for all of it.

    Redirects are not followed. Raises CallError.
    """
    check_url(url)
    parts = urlsplit(url)
    context = ssl.create_default_context() if parts.scheme.lower() == "https" else None
    connection = _connection(parts.hostname or "", parts.port, timeout, context)
    headers = headers | {"content-type": "application/json", "user-agent": f"fileq/{__version__}"}
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["authorization"] = f"Basic {base64.b64encode(user.encode()).decode()}"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(connection), _reasons(timeout), _deadline(connection, timeout):
        _connect(connection, context, time.monotonic() + timeout)
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        answer.read(_MOST_READ)
    if not 200 <= answer.status < 300:
        raise CallError(f"it answered {_status_words(answer.status)}", is_final=answer.status == GONE)


def _status_words(status: int) -> str:
    """Return a status in the standard's words: a receiver's own may hold a part of the URL."""
    with suppress(ValueError):
        return f"{status} {http.HTTPStatus(status).phrase}"
    return str(status)


def check_url(url: str) -> None:
    """Raise CallError where nothing can be sent to a URL."""
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme.lower() in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_valid = None
    if not is_valid or any(character <= " " or character > "~" for character in url):
        raise CallError("its URL is none that can be called: it begins with https:// or http://, and has a host")


def _connection(
    host: str, port: int | None, timeout: float, context: ssl.SSLContext | None
) -> http.client.HTTPConnection:
    if context is not None:
        return http.client.HTTPSConnection(host, port or 443, timeout=timeout, context=context)
    return http.client.HTTPConnection(host, port or 80, timeout=timeout)


def _connect(connection: http.client.HTTPConnection, context: ssl.SSLContext | None, deadline: float) -> None:
    """Connect in time, whatever number of addresses a host has; its socket is the connection's before TLS begins."""
    connection.sock = _open_socket(connection.host, connection.port, deadline)
    if context is not None:
        secured = context.wrap_socket(connection.sock, server_hostname=connection.host, do_handshake_on_connect=False)
        connection.sock = secured
        secured.do_handshake()
    connection.sock.settimeout(_seconds_until(deadline))


def _open_socket(host: str, port: int, deadline: float) -> socket.socket:
    problem = OSError("it has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        try:
            opened = socket.socket(family, kind, protocol)
        except OSError as error:  # this machine has no IPv6
            problem = error
            continue
        try:
            opened.settimeout(_seconds_until(deadline))
            opened.connect(address)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            opened.close()
            problem = error
        else:
            return opened
    raise problem


def _seconds_until(deadline: float) -> float:
    """Return the seconds that are left. Raises TimeoutError where there are none."""
    if (left := deadline - time.monotonic()) <= 0:
        raise TimeoutError
    return left


@contextmanager
def _deadline(connection: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    """End what the block does after so many seconds: a timeout of a socket begins anew with each byte that comes."""

    def end() -> None:
        is_over.set()
        with suppress(OSError, AttributeError):  # it may just be closed
            connection.sock.shutdown(socket.SHUT_RDWR)

    is_over = threading.Event()
    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        if is_over.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
    if is_over.is_set():
        raise TimeoutError


@contextmanager
def _reasons(timeout: float) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise CallError(f"it did not answer within {timeout:g} s") from None
    except ssl.SSLCertVerificationError as error:
        raise CallError(f"its certificate is not trusted: {error.verify_message}") from None
    except OSError as error:
        raise CallError(f"it can't be reached: {error.strerror or type(error).__name__}") from None
    except http.client.HTTPException as error:
        raise CallError(f"it does not answer as a web server does ({type(error).__name__})") from None


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`: v1, and the HMAC-SHA256 of id, timestamp and body. Raises CallError."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode()}"


def _key(secret: str) -> bytes:
    """Return the bytes of a secret: those of whsec_… are in Base64, as the standard has it; another's are its own."""
    if not secret.startswith(_PREFIX):
        return secret.encode("utf-8", "surrogateescape")
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise CallError(f"its secret begins with {_PREFIX}, and is not in Base64 after that") from None
