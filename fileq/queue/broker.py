"""A broker: a server that speaks Redis' protocol, and what one ledger has it keep."""

import re
import secrets
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from redis import ConnectionPool, Redis
from redis import exceptions as complaints
from redis.backoff import NoBackoff
from redis.retry import Retry

from fileq.config import hide_password
from fileq.errors import BrokerError, BrokerRefused, UsageError
from fileq.ledger.tables.jobs import QueueEntry
from fileq.queue.messages import encode_message
from fileq.roots import part_for_roots, parts_here

_CONNECT_PATIENCE, _PATIENCE = 2.0, 3.0
"""Seconds to wait for a connection, and for an answer: longer than a slot waits for a message."""

_STRANGE = re.compile(r"[^A-Za-z0-9]")
_AHEAD = 0.5
"""Above a priority, which is a whole number, and below the next one."""

_WHY_DISTRUSTED = re.compile(r"certificate verify failed: (.*?)\.? \(_ssl")
_FILES_IN_ADDRESS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")

_MEANINGS: list[tuple[tuple[type[Exception], ...], str, type[BrokerError], str, str]] = [
    (
        (complaints.AuthenticationError, complaints.AuthorizationError, complaints.NoPermissionError),
        "", BrokerRefused, "does not let this user in", "Look at the user and the password in its address.",
    ),
    (
        (complaints.ConnectionError,), "CERTIFICATE_VERIFY_FAILED", BrokerRefused,
        "shows a certificate that is not trusted", "Is it for this host, and not expired? Name who has signed it: rediss://HOST/0?ssl_ca_certs=FILE",
    ),
    (
        (complaints.ConnectionError,), "CERTIFICATE_REQUIRED", BrokerRefused, "asks for a certificate",
        "Name it in its address: rediss://HOST/0?ssl_certfile=FILE&ssl_keyfile=FILE",
    ),
    ((complaints.BusyLoadingError,), "", BrokerError, "has just started, and still loads its data", "Wait a moment."),
    (
        (complaints.OutOfMemoryError,), "", BrokerError, "takes no message: its memory is full",
        "Raise its maxmemory, or free some of it.",
    ),
    (
        (complaints.ReadOnlyError,), "", BrokerError, "takes no message: it is read-only, as a replica is",
        "Name the primary server.",
    ),
    (
        (complaints.ResponseError,), "MISCONF", BrokerError, "takes no message: it can't save to its disk",
        "Look at its log, and free some space there.",
    ),
    (
        (complaints.ConnectionError, complaints.TimeoutError, OSError), "", BrokerError, "can't be reached",
        "Look whether the server runs, and at its address.",
    ),
]  # fmt: skip
"""Kinds of errors and what their text holds, what that means, and what to do about it."""


class RedisBroker:
    """A server, and the prefix of the keys there that are one ledger's. Safe to share between threads.

    Each method raises BrokerError.
    """

    def __init__(self, address: str, prefix: str) -> None:
        """Connect to nothing yet. Raises UsageError where the address is none."""
        self.path = hide_password(address)
        """The address as people may see it, without a password."""
        self._prefix = prefix
        self._marker = f"fileq.broker.{prefix}"
        self.pool = _create_pool(address, self.path)
        self._client = Redis(connection_pool=self.pool)

    @property
    def is_local(self) -> bool:
        """Whether its address means another server on each machine: a socket, or a host's name for itself."""
        where = self.pool.connection_kwargs
        host = str(where.get("host", "localhost"))
        return "path" in where or host in ("localhost", "::1") or host.startswith("127.")

    def storage_name(self, queue: str) -> str:
        """Return by which name Huey's storage, which takes letters, digits and _, knows a queue or a part of one."""
        return f"{self._prefix}_{_STRANGE.sub(lambda found: f'_{ord(found[0]):02x}', queue)}"

    def queue_key(self, queue: str) -> str:
        """Return the key of a queue, or of a part of one, as Huey's storage names it."""
        return f"huey.redis.{self.storage_name(queue)}"

    def identify(self) -> str:
        """Return what tells this broker, with all that was sent to it, from one that was emptied or started again."""
        with broker_errors(self.path):
            pipeline = self._client.pipeline(transaction=False)
            pipeline.get(self._marker)
            pipeline.info("server")
            marker, server = pipeline.execute()
            if marker is None:
                self._client.set(self._marker, secrets.token_hex(8), nx=True)
                marker = self._client.get(self._marker)
        return f"{server.get('run_id', '')}:{(marker or b'').decode()}"

    def send(self, queue: str, due: Sequence[QueueEntry], *, overdue: bool) -> None:
        """Put a message for each of these jobs into its part of a queue; `overdue` ones come before their priority.

        A message begins with its job's number, as Huey's begin with the time: it is another's equal if it is the same
        job's, and those of one priority are in their order.
        """
        ahead = _AHEAD if overdue else 0.0
        parts: dict[str, dict[bytes, float]] = {}
        for job in due:
            message = struct.pack(">Q", job.job_id) + encode_message([job.job_id], job.priority)
            parts.setdefault(part_for_roots(queue, job.roots), {})[message] = -(job.priority + ahead)
        with broker_errors(self.path):
            for part, messages in parts.items():
                self._client.zadd(self.queue_key(part), messages)

    def drop_queue(self, queue: str) -> None:
        """Throw away the messages of a queue that are for this host."""
        with broker_errors(self.path):
            self._client.delete(*map(self.queue_key, parts_here(queue)))

    def find_eviction(self) -> str:
        """Return by which rule the server throws away what nobody has read, where its memory is full; "" for none.

        Raises BrokerError where it can't be written either.
        """
        with broker_errors(self.path):
            self._client.set(f"{self._marker}.probe", b"", px=1)
            memory: dict[str, Any] = self._client.info("memory")
        policy = str(memory.get("maxmemory_policy", ""))
        return policy if memory.get("maxmemory") and policy.startswith("allkeys") else ""


class BrokerClient(Redis):
    """A client that says in plain words what is wrong, also to those who would take silence for an empty queue."""

    def __init__(self, path: str, pool: ConnectionPool) -> None:
        """`path` is the address as people may see it."""
        self._path = path
        super().__init__(connection_pool=pool)

    def execute_command(self, *arguments: Any, **options: Any) -> Any:
        """Execute a command. Raises BrokerError."""
        with broker_errors(self._path):
            return super().execute_command(*arguments, **options)  # type: ignore[no-untyped-call]  # redis's own


@contextmanager
def broker_errors(path: str) -> Iterator[None]:
    """Say in plain words what the server, or the way to it, complains of. Raises BrokerError."""
    try:
        yield
    except (complaints.RedisError, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".") or "no answer"
        for kinds, part, kind, what, remedy in _MEANINGS:
            if isinstance(error, kinds) and part in reason:
                raise kind(f"The broker {path} {what}{_details(error, reason)}.", remedy) from error
        raise BrokerRefused(
            f"The broker {path} does not understand fileq: {reason}.", "It must be Redis 6, Valkey, or newer."
        ) from error


def _details(error: Exception, reason: str) -> str:
    """Return what a sentence about an error ends with: why there is no connection."""
    if "CERTIFICATE_" in reason:
        distrust = _WHY_DISTRUSTED.search(reason)
        return f": {distrust[1]}" if distrust else ""
    return f": {reason}" if type(error) in (complaints.ConnectionError, complaints.TimeoutError) else ""


def _create_pool(address: str, path: str) -> ConnectionPool:
    try:
        pool: ConnectionPool = ConnectionPool.from_url(
            address,
            socket_connect_timeout=_CONNECT_PATIENCE,
            socket_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 0),  # to take a message twice would lose the first
        )
        pool.make_connection()  # which looks at what the address says besides
    except (TypeError, ValueError, complaints.RedisError) as error:
        raise UsageError(
            f"{path} is no address of a broker.", "It is like redis://USER:PASSWORD@HOST:6379/0, or unix:///SOCKET."
        ) from error
    for file in filter(None, map(pool.connection_kwargs.get, _FILES_IN_ADDRESS)):
        _check_readable(file)
    return pool


def _check_readable(file: str) -> None:
    try:
        with open(file, "rb"):
            pass
    except OSError as error:
        raise UsageError(
            f"{file}, which the broker's address names, can't be read: {error.strerror}.", "Correct the address."
        ) from error
