"""fileq run: queue files, process them here, and end."""

import os
import secrets
import time

import typer

from fileq.cli import options
from fileq.cli.asking import request
from fileq.cli.crew import slots
from fileq.cli.group import new_app
from fileq.cli.pace import Pace
from fileq.cli.session import Session, session_of
from fileq.cli.summary import summary
from fileq.cli.words import counted, receipt_in_words
from fileq.cli.working import stopping, ticker
from fileq.display import Display
from fileq.errors import ExitCode
from fileq.intake import Receipt, Request
from fileq.intake import add as take_in
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.queue import MAIN

app = new_app()


@app.command(epilog="Example: fileq run photos/ -r web")
def run(
    context: typer.Context,
    *,
    paths: options.Paths = None,
    recipe: options.Recipes = None,
    out: options.Out = None,
    include: options.Include = None,
    exclude: options.Exclude = None,
    recursive: options.Recursive = True,
    files_from: options.FilesFrom = None,
    null: options.Null = False,
    priority: options.Priority = 0,
    at: options.At = None,
    force: options.Force = False,
    workers: options.Workers = None,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> ExitCode:
    """Process files now, and end when they are done."""
    session, now = session_of(context), time.time()
    display = session.display(json=json)
    asked = request(
        session, now, paths=paths, recipe=recipe, out=out, include=include, exclude=exclude, recursive=recursive,
        files_from=files_from, null=null, priority=priority, at=at, force=force,
    )  # fmt: skip
    with session.ledger() as ledger:
        if dry_run:
            from fileq.cli.planning import show_plan

            return show_plan(session, ledger, asked, display)
        return _process(session, ledger, asked, display, slots(workers, session.config))


def _process(session: Session, ledger: Ledger, asked: Request, display: Display, count: int) -> ExitCode:
    begun = time.time()
    queue = f"run-{os.getpid()}-{secrets.token_hex(3)}"  # other workers leave it alone
    receipt = _taken_in(ledger, asked, begun, queue, display)
    for problem in receipt.problems:
        display.hint(f"Passed over: {problem}")
    if receipt.batch is not None:
        try:
            display.hint(receipt_in_words(receipt, "file" if len(asked.recipes) == 1 else "job"))
            _work(session, ledger, receipt.batch, queue, display, count)
        except KeyboardInterrupt:  # before the worker was ready to be told
            ledger.batches.hand_over(queue, to=MAIN)
    display.answer(summary(ledger, receipt, time.time() - begun))
    return _verdict(ledger, receipt, display)


def _taken_in(ledger: Ledger, asked: Request, begun: float, queue: str, display: Display) -> Receipt:
    try:
        receipt = take_in(ledger, asked, now=begun, queue=queue, on_scanned=display.scanning)
    except KeyboardInterrupt:
        ledger.batches.hand_over(queue, to=MAIN)  # no worker would ever ask for a queue of this name
        display.hint("Stopped. What was queued up to here waits in the queue; go on with: fileq worker")
        raise
    display.settle()
    return receipt


def _work(session: Session, ledger: Ledger, batch: int, queue: str, display: Display, count: int) -> None:
    from fileq.worker import Worker

    pace = Pace(ledger.overview.tally(batch), time.monotonic(), whole=True)
    Worker(
        session.database, session.config.settings.worker, slots=count, queue=queue, drain=True,
        on_tick=ticker(ledger, display, pace, batch),
        on_stop=stopping(display),
    ).run()  # fmt: skip
    display.settle()


def _verdict(ledger: Ledger, receipt: Receipt, display: Display) -> ExitCode:
    if receipt.batch is None:
        return ExitCode.DONE
    tally = ledger.overview.tally(receipt.batch)
    if tally.unfinished:
        left = f"{counted(tally.unfinished, 'job')} of batch {receipt.batch}"
        display.hint(f"Stopped. {left} wait in the queue; go on with: fileq worker")
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if tally.jobs[JobState.FAILED] else ExitCode.DONE
