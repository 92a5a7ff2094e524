"""fileq status: show the jobs, the workers and the watched folders now."""

import time
from typing import Annotated

import msgspec
import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.cli.views.live_status import LiveStatus
from fileq.cli.views.status import status_answer
from fileq.display import Display, Text
from fileq.errors import ExitCode
from fileq.ledger import Ledger
from fileq.lookup import require_batch

app = new_app()

_LIVE_EVERY = 0.5
_ANSWER_EVERY = 2.0


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
        if live and (json or display.rows is None):
            _stream_answers(session, ledger, batch, display)
        elif live:
            _show_live(session, ledger, batch, display)
        display.answer(status_answer(session, ledger, batch))
    return ExitCode.DONE


def _stream_answers(session: Session, ledger: Ledger, batch_id: int | None, display: Display) -> None:
    """Answer again and again, for a pipe, until the batch has ended or the reader has left; else until Ctrl-C."""
    while display.has_listeners and (batch_id is None or ledger.overview.tally_jobs(batch_id).unfinished):
        answer = status_answer(session, ledger, batch_id)
        display.answer(msgspec.structs.replace(answer, blocks=[*answer.blocks, Text()]))
        time.sleep(_ANSWER_EVERY)


def _show_live(session: Session, ledger: Ledger, batch_id: int | None, display: Display) -> None:
    """Show the unfinished batches until the one that was named has ended or nobody looks; without one, until Ctrl-C."""
    live = LiveStatus(session, ledger, batch_id)
    while display.has_listeners:
        display.show_status(live.look())
        if batch_id is not None and live.is_over:
            return
        time.sleep(_LIVE_EVERY)
