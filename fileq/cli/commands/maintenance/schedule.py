"""fileq schedule: show what happens by itself, and run one of the tasks now."""

import time
from typing import Annotated, Any

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.cli.views.schedule import ScheduledTask, scheduled_tasks, task_document, task_table
from fileq.config.problems import suggest_names
from fileq.display import Answer, Text, Tone
from fileq.errors import ExitCode, NotFoundError
from fileq.lookup import is_worker_alive

app = new_app(invoke_without_command=True, epilog="Example: fileq schedule run clean")


@app.callback()
def schedule(context: typer.Context, *, json: options.Json = False) -> ExitCode | None:
    """Show what happens by itself, when, and how it went."""
    if context.invoked_subcommand is not None:
        return None
    session = session_of(context)
    with session.ledger() as ledger:
        now = ledger.now()
        tasks = scheduled_tasks(ledger, session.config.settings, now)
        table = task_table(tasks, now, is_worker_there=is_worker_alive(ledger, session.config))
    answer = Answer([task_document(task) for task in tasks], [table, *_problems(tasks)])
    session.display(json=json).answer(answer)
    return ExitCode.DONE


@app.command(epilog="Example: fileq schedule run clean")
def run(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `fileq schedule` shows it.", show_default=False)],
    json: options.Json = False,
) -> ExitCode:
    """Run one of them now, here, and wait for it."""
    session = session_of(context)
    display = session.display(json=json)
    ran = _run(session, name)
    failed = ran["outcome"] == "failed"
    display.answer(Answer(ran, [Text(ran["message"], Tone.BAD if failed else Tone.PLAIN)]))
    if not failed and name in {batch.name for batch in session.config.settings.schedule.add}:
        with session.ledger() as ledger:
            if ledger.overview.tally_jobs().unfinished and not is_worker_alive(ledger, session.config):
                display.hint(session.no_worker_hint)
    return ExitCode.FAILED if failed else ExitCode.DONE


def _run(session: Session, name: str) -> dict[str, Any]:
    from fileq.worker.periodic import run_task_now

    lines = session.config.settings.schedule.lines
    if name not in lines:
        raise NotFoundError(f"There is no task {name}.", suggest_names(name, lines))
    begun = time.monotonic()
    outcome, message = run_task_now(session.database, session.config, name)
    return {"name": name, "outcome": outcome, "message": message, "seconds": round(time.monotonic() - begun, 3)}


def _problems(tasks: list[ScheduledTask]) -> list[Text]:
    return [Text(f"{task.name}: {task.message}", Tone.BAD) for task in tasks if task.outcome == "failed"]
