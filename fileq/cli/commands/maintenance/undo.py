"""fileq undo: remove what a batch made, and put back what it replaced."""

from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.cli.undo import undo_and_answer
from fileq.errors import ExitCode

app = new_app()


@app.command(epilog="Example: fileq undo 7 --dry-run")
def undo(
    context: typer.Context,
    *,
    batch: Annotated[int, typer.Argument(metavar="BATCH", help="Its number; see fileq batches.", show_default=False)],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done. Change nothing.", show_envvar=False)
    ] = False,
    json: options.Json = False,
) -> ExitCode:
    """Take back what a batch has made.

    Remove its outputs that nobody has changed since, and put back the files that it replaced. The next run of
    the same files makes the outputs again; a watched folder does not.
    """
    session = session_of(context)
    return undo_and_answer(session, session.display(json=json), batch, dry_run=dry_run)
