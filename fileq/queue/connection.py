"""The connection of a ledger to a broker, and what of its queues depends on whether it has one."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from fileq.errors import BrokerError, BrokerRefused, EnvironmentFailure
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord, is_worker_gone
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
    if ledger.outbox is None and ledger.meta.find_value("broker") is not None and not ledger.sent_messages.list_users():
        ledger.sent_messages.adopt_broker(None, now)


def check_common_broker(ledger: Ledger, is_meant: Callable[[int], bool] = lambda _: True) -> None:
    """Raise BrokerRefused where workers take their messages from another broker than this ledger's, which may be none.

    Only workers count whose id `is_meant` takes. Raises BrokerError where the broker does not answer.
    """
    users = [user for user in ledger.sent_messages.list_users() if is_meant(user.worker_id)]
    if ledger.outbox is None and users:
        named = next((f"the broker {user.broker}" for user in users if user.broker), "a broker")
        raise BrokerRefused(
            f"Other workers of this database take their messages from {named}, and this config names none: it would"
            " get no jobs.",
            "Name the same one here, [queue] broker or FILEQ_BROKER; or have none anywhere.",
        )
    for user in users:
        if ledger.outbox is not None and ledger.outbox.is_other_broker(user.broker, user.identity):
            raise BrokerRefused(
                f"Another worker of this database, {user.host}:{user.pid}, takes its messages from the broker"
                f" {user.broker}, and this config names {ledger.outbox.broker.path}: each would have all messages sent"
                " again that the other has.",
                "Name the same one everywhere, [queue] broker or FILEQ_BROKER.",
            )


def refuse_later_worker(ledger: Ledger, worker: WorkerRecord, heartbeat: float) -> None:
    """Raise BrokerRefused where workers that came before this one use another broker, before it has sent anything.

    `heartbeat` is in seconds. A `fileq run` does its own jobs, and is not refused.
    """
    if worker.queue != MAIN:
        return
    now = ledger.now()
    earlier = {
        other.id
        for other in ledger.workers.list_workers()
        if other.id < worker.id and not is_worker_gone(other, now, heartbeat)
    }
    try:
        check_common_broker(ledger, earlier.__contains__)
    except BrokerRefused:
        raise
    except BrokerError:  # it is away just now, and is waited for
        return


def check_broker(ledger: Ledger) -> None:
    """Raise BrokerRefused where the broker has refused what was sent: one that is away is waited for."""
    if ledger.outbox is not None and isinstance(ledger.outbox.failure, BrokerRefused):
        raise ledger.outbox.failure


def register_worker(ledger: Ledger, process: ProcessIdentity, queue: str, slots: int) -> WorkerRecord:
    """Register a worker of a queue, with whether it takes its messages from a broker, and return its record."""
    with ledger.transaction():
        record = ledger.workers.register_worker(process, queue, slots, ledger.now())
        if ledger.outbox is None:
            ledger.sent_messages.record_user(record.id, None)
        else:
            ledger.outbox.record_user(record.id)
    return record
