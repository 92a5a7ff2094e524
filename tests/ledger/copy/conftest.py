"""Two places for ledgers, in each kind of database."""

import pytest

from fileq.ledger import Ledger
from fileq.ledger.copy import copy_ledger
from tests.support.postgres import own_schema

KINDS = ("file", "server")


@pytest.fixture(params=[(one, other) for one in KINDS for other in KINDS], ids=" to ".join)
def places(request, tmp_path):
    """Two addresses where no ledger is yet: that of the old one, and that of the new one."""
    files = [str(tmp_path / "old.db"), str(tmp_path / "new.db")]
    if "server" not in request.param:
        yield files
        return
    server = request.getfixturevalue("postgres")
    with own_schema(server) as one, own_schema(server) as other:
        servers = [one, other]
        yield [(servers if kind == "server" else files)[place] for place, kind in enumerate(request.param)]


@pytest.fixture
def copy():
    """What copies from one address to another."""

    def copy_it(old, new, report=lambda done, total: None):
        return copy_ledger(old, new, heartbeat=5.0, report=report)

    return copy_it


@pytest.fixture
def stop_all():
    """What has all workers and watchers of a ledger say that they end."""

    def stop(address):
        ledger = Ledger(address)
        for worker in ledger.workers.list_workers():
            ledger.workers.unregister_worker(worker.id)
        for watch in ledger.watches.list_watches():
            ledger.watches.record_status(watch.id, '{"state": "stopped"}', ledger.now())
        ledger.close()

    return stop
