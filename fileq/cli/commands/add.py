"""fileq add: queue files and return at once."""

import time
from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.request import build_request, report_missing_paths
from fileq.cli.session import Session, session_of
from fileq.cli.views.formatting import describe_result
from fileq.cli.views.jobs import result_document
from fileq.cli.workers import NO_WORKER_HINT, is_worker_alive
from fileq.display import Answer, Display, Text
from fileq.errors import ExitCode
from fileq.intake import AddRequest, AddResult
from fileq.intake import add_files as take_in
from fileq.job import JobState
from fileq.ledger import Ledger

app = new_app()


@app.command(epilog="Example: fileq add photos/ -r web -r thumbnail -o ~/site/pictures")
def add(
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
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the batch to its end; exit 1 if a job failed.", show_envvar=False)
    ] = False,
    dry_run: options.DryRun = False,
    json: options.Json = False,
) -> ExitCode:
    """Queue files and return at once. A worker processes them."""
    session, now = session_of(context), time.time()
    display = session.display(json=json)
    asked = build_request(
        session, now, paths=paths, recipe=recipe, out=out, include=include, exclude=exclude, recursive=recursive,
        files_from=files_from, null=null, priority=priority, at=at, force=force,
    )  # fmt: skip
    with session.ledger() as ledger:
        with report_missing_paths(display):
            if dry_run:
                from fileq.cli.views.plan import answer_plan

                return answer_plan(session, ledger, asked, display)
            receipt = take_in(ledger, asked, now=now, on_scanned=display.show_scanned)
        tell(display, receipt, asked)
        return _waited(session, ledger, receipt, display) if wait else _left(session, ledger, receipt, display)


def tell(display: Display, receipt: AddResult, asked: AddRequest) -> None:
    """The receipt, and what could not be read."""
    noun = "file" if len(asked.recipes) == 1 else "job"
    display.answer(Answer(result_document(receipt), [Text(describe_result(receipt, noun))]))
    for problem in receipt.problems:
        display.hint(f"Passed over: {problem}")


def _left(session: Session, ledger: Ledger, receipt: AddResult, display: Display) -> ExitCode:
    if receipt.queued and not is_worker_alive(ledger, session.config):
        display.hint(NO_WORKER_HINT)
    return ExitCode.DONE


def _waited(session: Session, ledger: Ledger, receipt: AddResult, display: Display) -> ExitCode:
    if receipt.batch_id is None:
        return ExitCode.DONE
    from fileq.cli.progress import follow

    tally = follow(session, ledger, receipt.batch_id, display)
    failed = tally.jobs[JobState.FAILED]
    if failed:
        display.hint(f"{failed:,} failed. See: fileq list --state failed --batch {receipt.batch_id}")
    return ExitCode.FAILED if failed else ExitCode.DONE
