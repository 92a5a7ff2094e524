"""fileq run: queue files, process them here, and end."""

from typing import TYPE_CHECKING

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.options import QueueingOptions, SelectionOptions
from fileq.cli.options.group import with_option_groups
from fileq.cli.options.recipe import RecipeOptions
from fileq.cli.request import build_request, on_ledger_time, report_missing_paths
from fileq.cli.session import Session, session_of
from fileq.cli.views.phrases import SAME_COMMAND
from fileq.config.slots import slot_count
from fileq.display import Display
from fileq.errors import ExitCode
from fileq.intake import AddRequest, AddResult
from fileq.ledger import Ledger

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
    """Process files now, and end when they are done.

    Jobs of these files that were queued before are followed to their end too.
    """
    session = session_of(context)
    display = session.display(json=json)
    session.require_root_folders()
    request = build_request(session, selection, recipe, queueing)
    with session.ledger() as ledger:
        request = on_ledger_time(request, queueing, ledger)
        if queueing.dry_run:
            from fileq.cli.views.plan import answer_plan

            with report_missing_paths(display, ledger):
                return answer_plan(session, ledger, request, display)
        count = slot_count(workers, session.config)
        return _process(session, ledger, request, display, count, forced=queueing.force)


def _process(
    session: Session, ledger: Ledger, request: AddRequest, display: Display, count: int, *, forced: bool
) -> ExitCode:
    from fileq.cli.work.execution import ProcessingWords, process_here
    from fileq.worker.own_queue import add_for_worker

    def enqueue(worker: "Worker", queue: str) -> AddResult:
        """Queue the files for this worker alone. Raises MissingPathsError, LedgerError, KeyboardInterrupt."""

        with report_missing_paths(display, ledger):
            return add_for_worker(worker, ledger, request, queue, display.show_scanned)

    words = ProcessingWords(
        noun="file" if len(request.recipes) == 1 else "job",
        again=SAME_COMMAND[forced],
        takes_recipe_options=True,
        due_at=request.due_at,
    )
    return process_here(session, ledger, display, count, enqueue, words)
