"""fileq resume: go on after `fileq pause`."""

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.display import Answer, Text
from fileq.errors import ExitCode

app = new_app()


@app.command(epilog="Example: fileq resume")
def resume(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Go on after fileq pause."""
    session = session_of(context)
    with session.ledger() as ledger:
        ledger.batches.set_paused(paused=False)
    session.display(json=json).answer(Answer({"paused": False}, [Text("Jobs start again.")]))
    return ExitCode.DONE
