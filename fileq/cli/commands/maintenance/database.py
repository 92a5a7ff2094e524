"""fileq database: copy the ledger to another database."""

import os
import time
from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, quote_command, session_of
from fileq.config import hide_password
from fileq.config.database_address import resolve_database_address
from fileq.display import Answer, Display, Progress, Text, Tone
from fileq.errors import ExitCode
from fileq.ledger.copy import CopyResult, copy_ledger
from fileq.units import describe_count

app = new_app(
    help="Copy the database to another place.", epilog="Example: fileq database copy postgresql://fileq@server/fileq"
)
_SHOWN_EVERY = 0.1
"""Seconds between two looks at the progress."""


@app.callback()
def database() -> None:
    """Copy the database to another place."""


@app.command(
    epilog="Example: fileq database copy postgresql://fileq@server/fileq. And back:"
    " fileq --database postgresql://fileq@server/fileq database copy fileq.db"
)
def copy(
    context: typer.Context,
    *,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TO", show_default=False,
            help="A file that is not there yet, or postgresql://USER@HOST/NAME, where no ledger is yet.",
        ),
    ],
    json: options.Json = False,
) -> ExitCode:  # fmt: skip
    """Copy the database whole to a file or a PostgreSQL server: jobs, history, schedule.

    All rows are compared before it is said to be done; until then nothing is there. The database that is copied is left
    as it was. No worker or watcher may run on it.
    """
    session = session_of(context)
    display = session.display(json=json)
    address = resolve_database_address(target, os.getcwd(), os.environ)
    heartbeat = session.config.settings.worker.heartbeat
    result = copy_ledger(session.database, address, heartbeat=heartbeat, report=_Progress(display).show)
    display.answer(_answer(session, hide_password(address), result))
    return ExitCode.DONE


class _Progress:
    def __init__(self, display: Display) -> None:
        self._display = display
        self._begun = self._shown_at = time.monotonic()

    def show(self, done: int, total: int) -> None:
        """Show how many rows are done, now and then."""
        now = time.monotonic()
        if now - self._shown_at < _SHOWN_EVERY:
            return
        self._shown_at = now
        elapsed = now - self._begun
        left = elapsed * (total - done) / done
        self._display.show_progress(Progress(ended=done, total=total, elapsed=elapsed, seconds_left=left))


def _answer(session: Session, target: str, result: CopyResult) -> Answer:
    source = hide_password(session.database)
    total = sum(result.rows.values())
    jobs, outputs = result.rows["jobs"], result.rows["outputs"]
    document = {
        "source": source,
        "target": target,
        "jobs": jobs,
        "unfinished": result.unfinished,
        "rows": total,
        "tables": result.rows,
        "paused": result.is_paused,
        "source_changed": result.source_changed,
    }
    counts = f"{describe_count(jobs, 'job')} ({result.unfinished:,} to be done), {describe_count(outputs, 'output')}"
    lines = [
        Text(f"Copied to {target}: {counts}. All {total:,} rows were compared.", Tone.GOOD),
        *_what_next(session, source, target, result),
    ]
    return Answer(document, lines)


def _what_next(session: Session, source: str, target: str, result: CopyResult) -> list[Text]:
    """Return lines on how to go on with one of the two."""
    lines = []
    if result.source_changed:
        lines.append(
            Text("Jobs were queued, done or changed meanwhile: the copy has them as they were before.", Tone.WARNING)
        )
    if result.unfinished:
        lines.append(
            Text("Both have the same jobs to be done now: let workers run on one of them alone.", Tone.WARNING)
        )
    lines.append(
        Text(
            f'To go on with the copy, write database = "{target}" below [queue] in the config, or set'
            " FILEQ_DATABASE; then start the workers."
        )
    )
    if result.is_paused:
        lines.append(
            Text(f"It is paused, as the old one is: {quote_command(['fileq', '--database', target, 'resume'])}")
        )
    lines.append(Text(f"{source} is as it was. To keep workers from it: {session.command('pause')}", Tone.QUIET))
    return lines
