"""The connection of a ledger to a broker, and what of its queues depends on whether it has one."""

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fileq.errors import BrokerRefused, EnvironmentFailure
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord
from fileq.presence import ProcessIdentity
from fileq.queue.messages import MAIN

if TYPE_CHECKING:
    from fileq.queue.broker import RedisBroker


def open_connected_ledger(database: str, patience: float, broker: str | None) -> Ledger:
    """Open a ledger whose messages go to a broker, or stay in its database. Raises LedgerError, EnvironmentFailure."""
    ledger = Ledger(database, patience)
    try:
        connect_broker(ledger, broker)
    except BaseException:
        ledger.close()
        raise
    return ledger


def connect_broker(ledger: Ledger, address: str | None) -> None:
    """Have the messages of this ledger go to a broker from now on; None leaves them in its database.

    Raises EnvironmentFailure where what speaks to a broker is not installed.
    """
    if address is None:
        return
    if find_spec("redis") is None:
        raise EnvironmentFailure(
            "A broker needs redis-py, which is not here.", "Install it: pip install 'fileq[redis]'"
        )
    from fileq.queue.outbox import Outbox  # noqa: PLC0415  # who has no broker starts sooner

    ledger.outbox = Outbox(ledger, partial(_open_broker, address))


def _open_broker(address: str, prefix: str) -> "RedisBroker":
    from fileq.queue.broker import RedisBroker  # noqa: PLC0415  # it takes 0.1 s, and who only looks needs none

    return RedisBroker(address, prefix)


def move_queue(ledger: Ledger, queue: str, to: str) -> None:
    """Move what a queue still has to another one, messages and all: its own worker is gone."""
    with ledger.transaction():
        if ledger.outbox is not None:
            ledger.outbox.drop_queue(queue)
        ledger.batches.move_queue(queue, to=to)


def settle_broker(ledger: Ledger, now: float) -> None:
    """Have messages lie in the database again, where they went to a broker before, and nobody uses one now."""
    if ledger.outbox is None and ledger.meta.find_value("broker") is not None and not ledger.sent_messages.has_users():
        ledger.sent_messages.adopt_broker(None, now)


def check_common_broker(ledger: Ledger) -> None:
    """Raise BrokerRefused where this ledger has no broker and other workers use one: they take all messages there."""
    if ledger.outbox is None and ledger.sent_messages.has_users():
        raise BrokerRefused(
            "Other workers of this database take their messages from a broker, and this config names none: it would"
            " get no jobs.",
            "Name the same one here, [queue] broker or FILEQ_BROKER; or have none anywhere.",
        )


def check_broker(ledger: Ledger, queue: str) -> None:
    """Raise BrokerRefused where no worker of this queue can get jobs: one that is away is waited for."""
    if ledger.outbox is not None and isinstance(ledger.outbox.failure, BrokerRefused):
        raise ledger.outbox.failure
    if queue == MAIN:
        check_common_broker(ledger)


def register_worker(ledger: Ledger, process: ProcessIdentity, queue: str, slots: int) -> WorkerRecord:
    """Register a worker of a queue, with whether it takes its messages from a broker, and return its record."""
    with ledger.transaction():
        record = ledger.workers.register_worker(process, queue, slots, ledger.now())
        ledger.sent_messages.record_user(record.id, uses_broker=ledger.outbox is not None)
    return record
