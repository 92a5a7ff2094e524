"""fileq add: queue files and return at once."""

from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.options import QueueingOptions, SelectionOptions
from fileq.cli.options.group import with_option_groups
from fileq.cli.options.recipe import RecipeOptions
from fileq.cli.request import build_request, on_ledger_time, report_missing_paths, show_notices, worst_exit_code
from fileq.cli.session import Session, session_of
from fileq.cli.views.due_time import with_due_time
from fileq.cli.views.jobs import result_document
from fileq.cli.views.phrases import SAME_COMMAND, describe_adopted, describe_result
from fileq.display import Answer, Display, Text
from fileq.errors import ExitCode
from fileq.intake import AddRequest, AddResult, add_files
from fileq.ledger import Ledger
from fileq.lookup import is_worker_alive

app = new_app()


@app.command(epilog="Example: fileq add photos/ -r web -r thumbnail -o ~/site/pictures")
@with_option_groups
def add(
    context: typer.Context,
    *,
    selection: SelectionOptions,
    recipe: RecipeOptions,
    queueing: QueueingOptions,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait",
            help="Follow the files to their end, also those that were queued before; exit 1 if a job failed.",
            show_envvar=False,
        ),
    ] = False,
    json: options.Json = False,
) -> ExitCode:
    """Queue files and return at once. A worker processes them."""
    session = session_of(context)
    display = session.display(json=json)
    session.require_root_folders()
    request = build_request(session, selection, recipe, queueing)
    with session.ledger() as ledger:
        request, now = on_ledger_time(request, queueing, ledger), ledger.now()
        with report_missing_paths(display, ledger):
            if queueing.dry_run:
                from fileq.cli.views.plan import answer_plan

                return answer_plan(session, ledger, request, display)
            result = add_files(ledger, request, now=now, adopts=wait, on_scanned=display.show_scanned)
        _show_result(ledger, display, result, request, now)
        if wait:
            return worst_exit_code(result, _follow_jobs(session, ledger, result, display, forced=queueing.force))
        if result.queued and not is_worker_alive(ledger, session.config):
            display.hint(session.no_worker_hint)
        return worst_exit_code(result, ExitCode.DONE)


def _show_result(ledger: Ledger, display: Display, result: AddResult, request: AddRequest, now: float) -> None:
    """Answer with the result, and hint at what could not be read."""
    noun = "file" if len(request.recipes) == 1 else "job"
    said = [describe_result(result, noun), describe_adopted(ledger.prior_jobs.count_by_batch(result.adopted))]
    answer = Answer(result_document(result), [Text(sentence) for sentence in said if sentence])
    display.answer(with_due_time(answer, request.due_at, now))
    show_notices(display, result)
    if result.already_queued and request.due_at is not None:
        display.hint("What was queued already keeps its time.")


def _follow_jobs(session: Session, ledger: Ledger, result: AddResult, display: Display, *, forced: bool) -> ExitCode:
    if not result.has_jobs:
        return ExitCode.DONE
    from fileq.cli.work.execution import ProcessingWords, follow_elsewhere

    return follow_elsewhere(session, ledger, display, result, ProcessingWords(again=SAME_COMMAND[forced]))
