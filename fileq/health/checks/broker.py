"""The broker: whether it answers, takes messages, and has kept those that it took."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fileq.config import locate_broker
from fileq.errors import FileqError, LedgerError
from fileq.health.check import CheckContext, Finding, bad, combine, ok, warning
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord
from fileq.presence import machine_of, this_process
from fileq.queue import check_common_broker, connect_broker
from fileq.units import describe_seconds

if TYPE_CHECKING:
    from fileq.queue.broker import RedisBroker

_DAY = 86400.0


def check_broker(context: CheckContext) -> Finding:
    """Check that the broker takes messages and keeps them, and say when it has lost some."""
    try:
        address = locate_broker(context.config)
        alive = {worker.id for worker in context.live_workers}
        if address is None:
            check_common_broker(context.ledger, alive.__contains__)
            return ok("None is used: messages lie in the database.")
        ledger = context.ledger
        if ledger.outbox is None:
            connect_broker(ledger, address)
        assert ledger.outbox is not None
        broker = ledger.outbox.broker
        check_common_broker(ledger, alive.__contains__)
        return combine(
            [_evicts(broker), _lost(broker, ledger, context.now), _is_everybodys_own(broker, context.live_workers)],
            ok(f"{broker.path} answers, and takes messages."),
        )
    except LedgerError:
        raise
    except FileqError as error:
        return bad(error.message, error.hint)


def _evicts(broker: "RedisBroker") -> Finding:
    policy = broker.find_eviction()
    if not policy:
        return ok("")
    return warning(
        f"The broker {broker.path} throws messages away where its memory is full (maxmemory-policy {policy}).",
        "Set maxmemory-policy noeviction there. What it throws away is sent again, late.",
    )


def _is_everybodys_own(broker: "RedisBroker", workers: Iterable[WorkerRecord]) -> Finding:
    """Warn of an address that is another server on each host: all would be well everywhere, but for what is late."""
    here = machine_of(this_process())
    others = {worker.process.host for worker in workers if machine_of(worker.process) not in ("", here)}
    if not others or not broker.is_local:
        return ok("")
    return warning(
        f"The broker {broker.path} is this host's own, and there are workers on {', '.join(sorted(others))}: they don't"
        " take messages from it.",
        "Name it in [queue] broker by the host that it runs on, on all hosts.",
    )


def _lost(broker: "RedisBroker", ledger: Ledger, now: float) -> Finding:
    known = ledger.meta.find_value("broker")
    if known is not None and known != broker.identify():
        return warning(
            f"The broker {broker.path} was emptied, or started again: messages that it had may be gone.",
            "Nothing is lost: a worker that runs sends them again. Start one, if there is none: fileq worker",
        )
    lost_at = ledger.meta.find_value("broker_lost")
    if lost_at is None or abs(now - float(lost_at)) > _DAY:
        return ok("")
    ago = describe_seconds(max(0.0, now - float(lost_at)))
    return warning(
        f"The broker {broker.path} was emptied, started again, or is another one since {ago} ago; its messages were"
        " sent again.",
        "Nothing is lost. Have it save to its disk (appendonly yes), if that comes often.",
    )
