"""fileq status: show the jobs, the workers and the watched folders now."""

import time
from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.lookup import require_batch
from fileq.cli.session import Session, session_of
from fileq.cli.views.live_status import LiveStatus
from fileq.cli.views.status import status_answer
from fileq.display import Display
from fileq.errors import ExitCode
from fileq.ledger import Ledger

app = new_app()

_LIVE_EVERY = 0.5
_DOCUMENT_EVERY = 2.0


@app.command(epilog="Example: fileq status 7 --live")
def status(
    context: typer.Context,
    *,
    batch: options.OneBatch = None,
    live: Annotated[bool, typer.Option("--live", help="Stay, and show what changes.", show_envvar=False)] = False,
    json: options.Json = False,
) -> ExitCode:
    """Show the jobs in numbers, the rate, and the workers."""
    session = session_of(context)
    display = session.display(json=json)
    with session.ledger() as ledger:
        require_batch(ledger, batch)
        if live and json:
            _stream_documents(session, ledger, batch, display)
        elif live:
            _show_live(session, ledger, batch, display)
        display.answer(status_answer(session, ledger, batch))
    return ExitCode.DONE


def _stream_documents(session: Session, ledger: Ledger, batch_id: int | None, display: Display) -> None:
    """Answer with JSON Lines until the batch has ended or the reader has left; without a batch, until Ctrl-C."""
    while display.has_listeners and (batch_id is None or ledger.overview.tally_jobs(batch_id).unfinished):
        display.answer(status_answer(session, ledger, batch_id))
        time.sleep(_DOCUMENT_EVERY)


def _show_live(session: Session, ledger: Ledger, batch_id: int | None, display: Display) -> None:
    """Show the unfinished batches until the one that was named has ended or nobody looks; without one, until Ctrl-C."""
    live = LiveStatus(session, ledger, batch_id)
    while display.has_listeners:
        display.show_status(live.look())
        if batch_id is not None and live.is_over:
            return
        time.sleep(_LIVE_EVERY)
