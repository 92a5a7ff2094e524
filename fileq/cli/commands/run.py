"""fileq run: queue files, process them here, and end."""

import os
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.option_groups import with_option_groups
from fileq.cli.options import QueueingOptions, SelectionOptions, slot_count
from fileq.cli.progress import start_tracker
from fileq.cli.recipe_options import RecipeOptions
from fileq.cli.request import build_request, report_missing_paths, show_notices, worst_exit_code
from fileq.cli.session import Session, session_of
from fileq.cli.views.batch import batch_answer
from fileq.cli.views.due_time import describe_due, with_due_time
from fileq.cli.views.formatting import describe_result
from fileq.cli.views.live import EndedJobsReporter, log_to_display, progress_ticker, stop_hint
from fileq.display import Display
from fileq.errors import ExitCode
from fileq.intake import AddRequest, AddResult, add_files
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.units import describe_count

if TYPE_CHECKING:
    from fileq.worker.worker import Worker

app = new_app()


@app.command(epilog="Example: fileq run photos/ --resize 1200x --format webp -o small")
@with_option_groups
def run(
    context: typer.Context,
    *,
    selection: SelectionOptions,
    recipe: RecipeOptions,
    queueing: QueueingOptions,
    workers: options.Workers = None,
    json: options.Json = False,
) -> ExitCode:
    """Process files now, and end when they are done."""
    session, now = session_of(context), time.time()
    display = session.display(json=json)
    request = build_request(session, selection, recipe, queueing, now)
    with session.ledger() as ledger:
        if queueing.dry_run:
            from fileq.cli.views.plan import answer_plan

            with report_missing_paths(display):
                return answer_plan(session, ledger, request, display)
        return _process(session, ledger, request, display, slot_count(workers, session.config))


def _process(session: Session, ledger: Ledger, request: AddRequest, display: Display, count: int) -> ExitCode:
    from fileq.worker.worker import Worker

    begun = time.time()
    queue = f"run-{os.getpid()}-{secrets.token_hex(3)}"  # other workers leave it alone
    log_to_display(display, debug=session.debug)
    # It signs on before anything is queued: should we be killed, others see whose queue that was.
    ended = EndedJobsReporter(display)
    with Worker(
        session.database, session.config, slots=count, queue=queue, drain=True, periodic=False, on_ended=ended.on_ended
    ) as worker:
        result = _add_files(ledger, request, begun, worker, queue, display)
        show_notices(display, result)
        if request.due_at is not None:
            display.hint(describe_due(request.due_at, begun))
        if result.batch_id is not None:
            with suppress(KeyboardInterrupt):  # one that came before the worker was ready to be told
                display.hint(describe_result(result, "file" if len(request.recipes) == 1 else "job"))
                tracker = start_tracker(ledger, result.batch_id)
                worker.run(progress_ticker(ledger, display, tracker, result.batch_id, ended), stop_hint(display))
            ended.show_new()
            display.clear_progress()
    answer = batch_answer(session, ledger, result, time.time() - begun)
    display.answer(with_due_time(answer, request.due_at, begun, in_words=False))
    return worst_exit_code(result, _exit_code(ledger, result, display))


def _add_files(
    ledger: Ledger, request: AddRequest, begun: float, worker: "Worker", queue: str, display: Display
) -> AddResult:
    """Queue the files for this worker alone. Raises MissingPathsError, LedgerError, KeyboardInterrupt."""

    def on_scanned(count: int) -> None:
        """Show the count, and tell other workers that this one is alive."""
        display.show_scanned(count)
        worker.keep_alive()

    try:
        with report_missing_paths(display):
            result = add_files(ledger, request, now=begun, queue=queue, on_scanned=on_scanned)
    except KeyboardInterrupt:
        display.hint("Stopped. What was queued up to here waits in the queue; go on with: fileq worker")
        raise
    display.clear_progress()
    return result


def _exit_code(ledger: Ledger, result: AddResult, display: Display) -> ExitCode:
    if result.batch_id is None:
        return ExitCode.DONE
    tally = ledger.overview.tally_jobs(result.batch_id)
    if tally.unfinished:
        left = f"{describe_count(tally.unfinished, 'job')} of batch {result.batch_id}"
        display.hint(f"Stopped. {left} wait in the queue; go on with: fileq worker")
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if tally.jobs[JobState.FAILED] else ExitCode.DONE
