"""Whether all is well: one look at each thing that can go wrong by itself."""

import os
from collections.abc import Callable

from fileq.config import Config
from fileq.errors import LedgerError
from fileq.ledger import Ledger
from fileq.upkeep.health.backlog import queue
from fileq.upkeep.health.case import Case, Look, NoDatabaseYet, Room
from fileq.upkeep.health.check import DATABASE, DISK, Check, Finding, State, bad, ok, warning
from fileq.upkeep.health.clock import clock
from fileq.upkeep.health.codecs import codecs
from fileq.upkeep.health.configuration import configuration
from fileq.upkeep.health.database import database
from fileq.upkeep.health.disk import disk, room_at
from fileq.upkeep.health.due import due_jobs
from fileq.upkeep.health.leftovers import temp_files
from fileq.upkeep.health.notices import notices
from fileq.upkeep.health.schedule import schedule
from fileq.upkeep.health.stuck import stuck_jobs
from fileq.upkeep.health.watches import watched_folders
from fileq.upkeep.health.workers import workers

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
