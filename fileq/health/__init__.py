"""Whether all is well: one look at each thing that can go wrong by itself."""

import os
from collections.abc import Callable

from fileq.config import Config
from fileq.errors import LedgerError
from fileq.health.check import DATABASE, DISK, Check, Finding, State, bad, ok, warning
from fileq.health.checks.backlog import queue
from fileq.health.checks.clock import clock
from fileq.health.checks.codecs import codecs
from fileq.health.checks.configuration import configuration
from fileq.health.checks.database import database
from fileq.health.checks.disk import disk, room_at
from fileq.health.checks.due_jobs import due_jobs
from fileq.health.checks.leftovers import temp_files
from fileq.health.checks.notifications import notices
from fileq.health.checks.schedule import schedule
from fileq.health.checks.stuck_jobs import stuck_jobs
from fileq.health.checks.watches import watched_folders
from fileq.health.checks.workers import workers
from fileq.health.context import Case, Look, NoDatabaseYet, Room
from fileq.ledger import Ledger

__all__ = ["ALL", "Check", "State", "examine", "is_there"]

ALL: tuple[tuple[str, Look], ...] = (
    (DATABASE, database),
    (DISK, disk),
    ("workers", workers),
    ("stuck jobs", stuck_jobs),
    ("due jobs", due_jobs),
    ("queue", queue),
    ("watched folders", watched_folders),
    ("codecs", codecs),
    ("clock", clock),
    ("temp files", temp_files),
    ("schedule", schedule),
    ("notices", notices),
    ("config", configuration),
)


def is_there(database_path: str) -> bool:
    """Whether there is a database already, or something in its place: opening it then makes none."""
    try:
        return os.stat(database_path).st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def examine(
    opened: Ledger | LedgerError | None,
    config: Config,
    database_path: str,
    now: float,
    *,
    thorough: bool = False,
    room: Callable[[str], Room] = room_at,
) -> list[Check]:
    """How each thing stands, in the order of ALL. Raises nothing.

    `opened` is the ledger, or why it could not be opened, or None where there is no database yet. `thorough` looks at
    every page of the database; without it that is done once a day, and noted in the ledger. Nothing else is written.
    """
    case = Case(opened, config, database_path, now, thorough, room)
    checks: list[Check] = []
    for name, look in ALL:
        readable = not any(check.name == DATABASE and check.state is State.BAD for check in checks)
        found = _found(look, case, readable=readable)
        checks.append(Check(name, found.state, found.message, found.remedy))
    return checks


def _found(look: Look, case: Case, *, readable: bool) -> Finding:
    try:
        return look(case)
    except NoDatabaseYet:
        return ok("Nothing to look at yet.")
    except LedgerError as error:
        if not readable:
            return warning("Not looked at, as the database can't be read.", "")
        return bad(error.message, error.hint)
    except Exception as error:  # noqa: BLE001  # a check that goes wrong says so, and the others go on
        message = f"The check itself went wrong: {type(error).__name__}: {error}."
        return bad(message, "Report this: it is a fault in fileq.")
