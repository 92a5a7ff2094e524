"""fileq pause: begin no more jobs until `fileq resume`."""

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.display import Answer, Text
from fileq.errors import ExitCode

app = new_app()


@app.command(epilog="Example: fileq pause")
def pause(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Start no more jobs, on any worker, until fileq resume. The running ones go on."""
    session = session_of(context)
    with session.ledger() as ledger:
        ledger.batches.set_paused(paused=True)
    text = Text(f"Paused. The running jobs go on; no other job starts until: {session.command('resume')}")
    session.display(json=json).answer(Answer({"paused": True}, [text]))
    return ExitCode.DONE
