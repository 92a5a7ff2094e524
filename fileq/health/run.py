"""The run of all health checks: each looks at one thing that can go wrong by itself."""

import os
from collections.abc import Callable

from fileq.config import Config, is_server
from fileq.errors import LedgerError
from fileq.health.check import (
    DATABASE_CHECK,
    DISK_CHECK,
    CheckContext,
    CheckFunction,
    CheckResult,
    CheckState,
    DiskSpace,
    Finding,
    NoDatabaseYet,
    bad,
    ok,
    warning,
)
from fileq.health.checks.backlog import check_backlog
from fileq.health.checks.broker import check_broker
from fileq.health.checks.clock import check_clock
from fileq.health.checks.codecs import check_codecs
from fileq.health.checks.configuration import check_config
from fileq.health.checks.database import check_database
from fileq.health.checks.disk import check_disk, measure_disk_space
from fileq.health.checks.due_jobs import check_due_jobs
from fileq.health.checks.hooks import check_hooks
from fileq.health.checks.hosts import check_hosts
from fileq.health.checks.leftovers import check_leftover_temps
from fileq.health.checks.notifications import check_notifications
from fileq.health.checks.roots import check_roots
from fileq.health.checks.schedule import check_schedule
from fileq.health.checks.stuck_jobs import check_stuck_jobs
from fileq.health.checks.watches import check_watches
from fileq.health.checks.workers import check_workers
from fileq.ledger import Ledger

ALL_CHECKS: tuple[tuple[str, CheckFunction], ...] = (
    (DATABASE_CHECK, check_database),
    ("broker", check_broker),
    (DISK_CHECK, check_disk),
    ("workers", check_workers),
    ("hosts", check_hosts),
    ("roots", check_roots),
    ("stuck jobs", check_stuck_jobs),
    ("due jobs", check_due_jobs),
    ("queue", check_backlog),
    ("watched folders", check_watches),
    ("codecs", check_codecs),
    ("clock", check_clock),
    ("temp files", check_leftover_temps),
    ("schedule", check_schedule),
    ("notices", check_notifications),
    ("hooks", check_hooks),
    ("config", check_config),
)


def database_exists(database_address: str) -> bool:
    """Return whether a database, or something in its place, is there already: opening it then makes none."""
    if is_server(database_address):
        return True
    try:
        return os.stat(database_address).st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


def run_checks(
    opened_ledger: Ledger | LedgerError | None,
    config: Config,
    database_address: str,
    now: float,
    *,
    thorough: bool = False,
    measure_space: Callable[[str], DiskSpace] = measure_disk_space,
) -> list[CheckResult]:
    """Run all checks, and return their results in the order of ALL_CHECKS. Raises nothing.

    `opened_ledger` is the ledger, or why it could not be opened, or None where there is no database yet. `thorough`
    reads every page of the database; without it that is done once a day, and recorded in the ledger. Nothing else is
    written.
    """
    context = CheckContext(
        opened_ledger=opened_ledger,
        config=config,
        database_address=database_address,
        now=now,
        thorough=thorough,
        measure_space=measure_space,
    )
    results: list[CheckResult] = []
    for name, check in ALL_CHECKS:
        readable = not any(result.name == DATABASE_CHECK and result.state is CheckState.BAD for result in results)
        finding = _run_check(check, context, readable=readable)
        results.append(CheckResult(name=name, state=finding.state, message=finding.message, remedy=finding.remedy))
    return results


def _run_check(check: CheckFunction, context: CheckContext, *, readable: bool) -> Finding:
    try:
        return check(context)
    except NoDatabaseYet:
        return ok("Nothing to look at yet.")
    except LedgerError as error:
        if not readable:
            return warning("Not looked at, as the database can't be read.", "")
        return bad(error.message, error.hint)
    except Exception as error:  # noqa: BLE001  # a check that goes wrong says so, and the others go on
        message = f"The check itself went wrong: {type(error).__name__}: {error}."
        return bad(message, "Report this: it is a fault in fileq.")
