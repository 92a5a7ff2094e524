"""fileq wait: return when no job is left to do."""

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.cli.views.status import status_answer
from fileq.cli.work.progress import follow
from fileq.errors import ExitCode
from fileq.job import JobState
from fileq.lookup import require_batch

app = new_app()


@app.command(epilog="Example: fileq wait 7")
def wait(context: typer.Context, *, batch: options.OneBatch = None, json: options.Json = False) -> ExitCode:
    """Wait until no job is left. Exit code 1 where one has failed."""
    session = session_of(context)
    display = session.display(json=json)
    with session.ledger() as ledger:
        require_batch(ledger, batch)
        tally = follow(session, ledger, batch, display)
        display.answer(status_answer(session, ledger, batch))
    return ExitCode.FAILED if tally.jobs[JobState.FAILED] else ExitCode.DONE
