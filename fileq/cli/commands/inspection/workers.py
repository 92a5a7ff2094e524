"""fileq workers: list the workers, host by host."""

from typing import Any

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.lookup import live_workers
from fileq.cli.session import session_of
from fileq.cli.times import iso_or_none
from fileq.display import Answer, Column, Table, Text, Tone
from fileq.display.answer import Cell
from fileq.display.progress import describe_rate
from fileq.errors import ExitCode
from fileq.ledger.tables.workers import Instruction, WorkerRecord
from fileq.queue import MAIN
from fileq.units import describe_seconds

app = new_app()

_WINDOW = 300.0
"""Seconds that tell how many jobs a worker does a minute."""

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
_STATES = {None: "working", Instruction.PAUSE: "paused", Instruction.STOP: "stopping"}


@app.command(epilog="Example: fileq workers")
def workers(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """List the workers of all hosts: their slots, what they do, and when each gave its last sign of life."""
    session = session_of(context)
    with session.ledger() as ledger:
        now = ledger.now()
        alive = {worker.id for worker in live_workers(ledger, session.config)}
        known = sorted(ledger.workers.list_workers(), key=lambda worker: (worker.process.host, worker.id))
        running = [job.worker_id for job in ledger.overview.list_running_jobs()]
        ended = ledger.overview.count_ended_by_worker(now - _WINDOW)
    documents = [
        _document(
            worker,
            now,
            is_alive=worker.id in alive,
            running=running.count(worker.id),
            rate=60 * ended.get(worker.id, 0) / max(1.0, min(_WINDOW, now - worker.started_at)),
        )
        for worker in known
    ]
    blocks = [Table(_COLUMNS, [_row(one) for one in documents])] if documents else []
    if not documents:
        session.display(json=json).hint(f"No worker is there. Start one with: {session.command('worker')}")
    session.display(json=json).answer(Answer(documents, blocks))
    return ExitCode.DONE


def _document(worker: WorkerRecord, now: float, *, is_alive: bool, running: int, rate: float) -> dict[str, Any]:
    """Return the JSON document of a worker. Its keys are a contract."""
    return {
        "id": worker.id,
        "host": worker.process.host,
        "pid": worker.process.pid,
        "command": "worker" if worker.queue == MAIN else "run",
        "slots": worker.slots,
        "running": running,
        "rate_per_minute": round(rate, 1),
        "started_at": iso_or_none(worker.started_at),
        "seen_at": iso_or_none(worker.heartbeat_at),
        "seconds_since_seen": round(max(0.0, now - worker.heartbeat_at), 1),
        "state": _STATES[worker.instruction] if is_alive else "gone",
        "clock_offset": round(worker.clock_offset, 1),
        "roots": sorted(worker.roots),
    }


def _row(document: dict[str, Any]) -> tuple[Cell, ...]:
    tone = {"working": Tone.GOOD, "gone": Tone.BAD}.get(document["state"], Tone.WARNING)
    return (
        document["host"],
        str(document["pid"]),
        str(document["slots"]),
        str(document["running"]),
        describe_rate(document["rate_per_minute"]) if document["rate_per_minute"] else Text("-", Tone.QUIET),
        Text(f"{describe_seconds(document['seconds_since_seen'])} ago", Tone.QUIET),
        Text(document["state"], tone),
        ", ".join(document["roots"]),
    )
