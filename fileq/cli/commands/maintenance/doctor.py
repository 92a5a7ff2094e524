"""fileq doctor: check whether all is well."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Annotated

import typer
from msgspec.structs import asdict

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.config import NotifySettings
from fileq.display import Answer, Column, Table, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.errors import ExitCode, LedgerError, UsageError
from fileq.health import CheckResult, CheckState, database_exists, run_checks
from fileq.units import describe_count

app = new_app()

_TONES = {CheckState.OK: Tone.GOOD, CheckState.WARNING: Tone.WARNING, CheckState.BAD: Tone.BAD}


@app.command(epilog="Example: fileq doctor")
def doctor(
    context: typer.Context,
    *,
    notify: Annotated[
        bool, typer.Option("--notify", help="Send a test notice to everybody in [notify], too.", show_envvar=False)
    ] = False,
    json: options.Json = False,
) -> ExitCode:
    """Check whether all is well.

    It looks at the database, disks, workers, jobs, folders, codecs, clock, schedule, notices and hooks. It changes
    nothing.
    Exit code 1 where something is bad; a warning is none.
    """
    session = session_of(context)
    display = session.display(json=json)
    checks = _checks(session)
    if notify:
        if session.config.withheld.notify is not None:
            raise session.config.untrusted_error("its [notify] is off")
        checks.append(_test_notification(session.config.settings.notify))
    well = not any(check.state is CheckState.BAD for check in checks)
    document = {"ok": well, "checks": [asdict(check) for check in checks]}
    display.answer(Answer(document, _blocks(session, checks)))
    return ExitCode.DONE if well else ExitCode.FAILED


def _checks(session: Session) -> list[CheckResult]:
    from fileq.ledger import Ledger

    config, path = session.config, session.database
    if not database_exists(path):
        return run_checks(None, config, path, time.time())
    try:
        ledger = Ledger(path)
    except LedgerError as error:
        return run_checks(error, config, path, time.time())
    with closing(ledger):
        return run_checks(ledger, config, path, ledger.now(), thorough=True)


def _test_notification(notify: NotifySettings) -> CheckResult:
    """Send a test notification to all targets. Returns whether it has reached them, as a check. Raises UsageError."""
    from fileq.notifications import send_now

    if not (notify.urls or notify.command):
        raise UsageError("There is nobody to tell: [notify] has neither urls nor a command.", "fileq init shows how.")
    problems = send_now(notify, "fileq: this is a test", "If you can read this, notices reach you.")
    if problems:
        message, remedy = "\n".join(problems), "Fix [notify] in the config."
        return CheckResult(name="test notice", state=CheckState.BAD, message=message, remedy=remedy)
    message = f"Sent to {describe_count(len(notify.urls) + bool(notify.command), 'target')}."
    return CheckResult(name="test notice", state=CheckState.OK, message=message, remedy="")


def _blocks(session: Session, checks: Sequence[CheckResult]) -> list[Block]:
    columns = [Column("check"), Column("state"), Column("found", kind="prose")]
    return [Table(columns, [row for check in checks for row in _rows(session, check)]), Text(), _verdict(checks)]


def _rows(session: Session, check: CheckResult) -> Iterator[tuple[Cell, Cell, Cell]]:
    name, state = check.name, Text(check.state, _TONES[check.state])
    for message, remedy in check.lines:
        yield name, state, message
        if remedy:
            yield "", "", Text(session.complete_commands(remedy), Tone.QUIET)
        name, state = "", Text()


def _verdict(checks: Sequence[CheckResult]) -> Text:
    bad, warnings = (sum(check.state is state for check in checks) for state in (CheckState.BAD, CheckState.WARNING))
    parts = [
        *([f"{describe_count(bad, 'check')} bad"] if bad else []),
        *([describe_count(warnings, "warning")] if warnings else []),
    ]
    if not parts:
        return Text("All is well.", Tone.GOOD)
    return Text(f"{', '.join(parts)}.", Tone.BAD if bad else Tone.WARNING)
