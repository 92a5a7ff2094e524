"""What workers are asked for from elsewhere: to stop, to begin no more jobs, or to go on."""

from collections.abc import Sequence

from fileq.cli.session import Session
from fileq.config import hide_password
from fileq.display import Answer, Text
from fileq.errors import ExitCode, NotFoundError, UsageError
from fileq.health import database_exists
from fileq.ledger.tables.workers import Instruction, WorkerRecord
from fileq.lookup import live_workers
from fileq.queue import MAIN
from fileq.units import describe_count

_DONE = {
    Instruction.STOP: "asked to stop. Each does once its jobs have ended",
    Instruction.PAUSE: "asked to begin no more jobs",
    None: "asked to go on",
}


def instruct_workers(
    session: Session, hosts: Sequence[str], *, everywhere: bool, stop: bool, pause: bool, resume: bool
) -> ExitCode:
    """Ask the workers of these hosts, or of all, for one of the three. Raises UsageError, NotFoundError, LedgerError.

    A host is a name, or HOST:PID for one worker. What a `fileq run` does here and now, nobody else stops.
    """
    if stop + pause + resume != 1:
        raise UsageError(
            "What are they to do?", "Say one of --stop, --pause and --resume. A worker that works needs no host."
        )
    if everywhere == bool(hosts):
        raise UsageError("Which workers?", "Name hosts, as fileq workers shows them, or say --all.")
    if not database_exists(session.database):
        raise NotFoundError(
            f"There is no database {hide_password(session.database)}, so no worker is there.",
            "Name the one that the workers have: --database FILE-OR-URL.",
        )
    instruction = Instruction.STOP if stop else Instruction.PAUSE if pause else None
    with session.ledger() as ledger:
        there = [worker for worker in live_workers(ledger, session.config) if worker.queue == MAIN]
        chosen = there if everywhere else _find_workers(there, hosts)
        ledger.workers.instruct_workers([worker.id for worker in chosen], instruction)
    document = {"workers": [worker.id for worker in chosen], "instruction": str(instruction or "resume")}
    said = f"{describe_count(len(chosen), 'worker')} {_DONE[instruction]}." if chosen else "No worker is there."
    session.display().answer(Answer(document, [Text(said)]))
    return ExitCode.DONE


def _find_workers(there: Sequence[WorkerRecord], hosts: Sequence[str]) -> list[WorkerRecord]:
    found: dict[int, WorkerRecord] = {}
    for name in hosts:
        meant = [worker for worker in there if name.casefold() in _names_of(worker)]
        if not meant:
            known = ", ".join(sorted({worker.process.host for worker in there}))
            remedy = f"There are workers on {known}." if known else "fileq workers shows who is there."
            raise NotFoundError(f"No worker is on a host {name}.", remedy)
        found |= {worker.id: worker for worker in meant}
    return list(found.values())


def _names_of(worker: WorkerRecord) -> tuple[str, str]:
    host = worker.process.host.casefold()  # the name service of hosts knows no case either
    return host, f"{host}:{worker.process.pid}"
