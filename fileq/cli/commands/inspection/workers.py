"""fileq workers: list the workers, host by host."""

from typing import Any

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.cli.times import iso_or_none
from fileq.cli.views.hosts import activity_cell, rate_cell, seen_cell
from fileq.display import Answer, Column, Table
from fileq.display.answer import Cell
from fileq.errors import ExitCode
from fileq.health.hosts import WorkerStatus, examine_workers
from fileq.queue import MAIN

app = new_app()

_COLUMNS = (
    Column("host", 12),
    Column("pid", 6, "number"),
    Column("slots", 5, "number"),
    Column("jobs", 4, "number"),
    Column("rate", 12),
    Column("seen", 8),
    Column("state", 8),
    Column("roots", 6),
)


@app.command(epilog="Example: fileq workers")
def workers(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """List the workers of all hosts: their slots, what they do, and when each gave its last sign of life."""
    session = session_of(context)
    with session.ledger() as ledger:
        now = ledger.now()
        heartbeat = session.config.settings.worker.heartbeat
        statuses = examine_workers(ledger, ledger.overview.list_running_jobs(), heartbeat, now)
    documents = [_document(status, now) for status in statuses]
    blocks = (
        [Table(_COLUMNS, [_row(status.host, one) for status, one in zip(statuses, documents, strict=True)])]
        if documents
        else []
    )
    if not documents:
        session.display(json=json).hint(f"No worker is there. Start one with: {session.command('worker')}")
    session.display(json=json).answer(Answer(documents, blocks))
    return ExitCode.DONE


def _document(status: WorkerStatus, now: float) -> dict[str, Any]:
    """Return the JSON document of a worker. Its keys are a contract."""
    worker = status.record
    return {
        "id": worker.id,
        "host": worker.process.host,
        "pid": worker.process.pid,
        "command": "worker" if worker.queue == MAIN else "run",
        "slots": worker.slots,
        "running": status.running,
        "rate_per_minute": round(status.rate_per_minute, 1),
        "started_at": iso_or_none(worker.started_at),
        "seen_at": iso_or_none(worker.heartbeat_at),
        "seconds_since_seen": round(max(0.0, now - worker.heartbeat_at), 1),
        "state": str(status.activity),
        "clock_offset": round(worker.clock_offset, 1),
        "roots": sorted(worker.roots),
    }


def _row(host: str, document: dict[str, Any]) -> tuple[Cell, ...]:
    return (
        host,
        str(document["pid"]),
        str(document["slots"]),
        str(document["running"]),
        rate_cell(document["rate_per_minute"]),
        seen_cell(document["seconds_since_seen"]),
        activity_cell(document["state"]),
        ", ".join(document["roots"]),
    )
