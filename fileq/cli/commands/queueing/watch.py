"""fileq watch: queue new files as they are complete."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from fileq import signals
from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.options.group import with_option_groups
from fileq.cli.options.recipe import RecipeOptions
from fileq.cli.options.recipe_selection import select_recipes
from fileq.cli.session import Session, session_of
from fileq.cli.views.live import EndedJobsReporter, log_to_display, progress_ticker
from fileq.cli.views.places import relative_path
from fileq.cli.watch_folders import folders_to_watch
from fileq.cli.watch_reporter import WatchReporter
from fileq.cli.work.progress import start_tracker
from fileq.config.slots import slot_count
from fileq.display import Display
from fileq.errors import ExitCode
from fileq.ledger import Ledger
from fileq.units import describe_count
from fileq.watch.specification import WatchSpec
from fileq.watch.stability import use_leases
from fileq.watch.watcher import Watcher

if TYPE_CHECKING:
    from fileq.worker.slot import SlotActivity

app = new_app()


@app.command(epilog="Example: fileq watch ~/pictures/inbox -r web -o ~/site/pictures --work")
@with_option_groups
def watch(
    context: typer.Context,
    *,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="DIR", help="Folders. Default: every [[watch]] of the config.", show_default=False),
    ] = None,
    recipe: RecipeOptions,
    work: Annotated[bool, typer.Option("--work", help="Process the files here too.", show_envvar=False)] = False,
    workers: options.Workers = None,
    poll: Annotated[
        str | None,
        typer.Option(
            "--poll", metavar="SECONDS", show_envvar=False, show_default=False,
            help="Compare listings so often, and wait for no events.",
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Take the files that are there, then exit.", show_envvar=False)
    ] = False,
    recursive: options.Recursive = True,
    follow_links: Annotated[
        bool,
        typer.Option(
            "--follow-links", show_envvar=False,
            help="Take links to files outside the folder, and hard links that another user may have made, too.",
        ),
    ] = False,
    json: options.Json = False,
) -> ExitCode:  # fmt: skip
    """Queue new files once they are complete: never half a file, never twice."""
    signals.hold_signals()
    session = session_of(context)
    display = session.display(json=json)
    session.require_root_folders()

    if recipe.save_as is not None:  # once, and not again when the config is read again
        select_recipes(session, recipe)
        recipe = RecipeOptions(recipe=[recipe.save_as], out=recipe.out)

    def read_folders() -> list[WatchSpec]:
        """Read the config again, and return the folders that are to be watched now."""
        session.config = session.read_config()
        return folders_to_watch(session, paths or (), recipe, poll=poll, recursive=recursive, follow_links=follow_links)

    return _run_watch(session, display, read_folders, slots=workers, work=work, once=once)


def _run_watch(
    session: Session,
    display: Display,
    read_folders: Callable[[], list[WatchSpec]],
    *,
    slots: int | None,
    work: bool,
    once: bool,
) -> ExitCode:
    use_leases()
    reporter = WatchReporter(display)
    with session.ledger() as ledger:
        watcher = Watcher(ledger, read_folders, reporter, once=once)
        display.hint(f"Watching {_named(watcher.paths)}.{session.config_hint} Ctrl-C stops.")
        if work:
            session.hint_at_notifications()
            log_to_display(display, debug=session.debug)
        stopped = False
        if work and not once:
            _watch_and_work(session, ledger, watcher, reporter, slot_count(slots, session.config))
        else:
            stopped = _watch(watcher, reporter)
        display.clear_progress()
        for candidate in watcher.unsettled_files if once else ():
            display.hint(f"Not queued, for {candidate.reason}: {relative_path(candidate.path)}")
        for problem in watcher.barred if once else ():
            display.error(f"{problem}.", "Change its permissions, then run it again.")
        if work and once and not stopped:
            _drain_queue(session, ledger, display, slot_count(slots, session.config))
        return ExitCode.FAILED if once and watcher.barred else ExitCode.DONE


def _named(paths: Sequence[str]) -> str:
    return relative_path(paths[0]) if len(paths) == 1 else describe_count(len(paths), "folder")


def _watch(watcher: Watcher, reporter: WatchReporter) -> bool:
    """Watch until a signal, or to the end. Returns whether a signal ended it."""
    stopped = False

    def stop(*_: object) -> None:
        """Have the watcher end at its next turn."""
        nonlocal stopped
        stopped = True
        reporter.on_stop()
        watcher.stop()

    with signals.handled({"SIGINT": stop, "SIGTERM": stop, "SIGHUP": lambda *_: watcher.reload()}):
        if signals.was_signalled():  # before we were ready
            stop()
        watcher.run()
    return stopped


def _watch_and_work(session: Session, ledger: Ledger, watcher: Watcher, reporter: WatchReporter, count: int) -> None:
    """Watch and process with `count` slots: the worker has this thread, where signals come, the watcher its own."""
    from fileq.worker.worker import Worker

    failures: list[Exception] = []
    with Worker(session.database, session.config, slots=count, on_ended=reporter.ended.on_ended) as worker:
        thread = threading.Thread(target=_run, args=(watcher, failures, worker.stop), name="fileq-watcher")
        thread.start()

        def on_stop() -> None:
            """Have the watcher end with the worker."""
            reporter.on_stop()
            watcher.stop()

        try:
            worker.run(_ticker(ledger, reporter), on_stop, watcher.reload)
        finally:  # it would keep the process for ever
            watcher.stop()
            thread.join()
            reporter.ended.close()
    for failure in failures:
        raise failure


def _run(watcher: Watcher, failures: list[Exception], stop: Callable[[], None]) -> None:
    try:
        watcher.run()
    except Exception as failure:  # noqa: BLE001  # it is raised again in the main thread, once the worker has stopped
        failures.append(failure)
        stop()


def _ticker(ledger: Ledger, reporter: WatchReporter) -> "Callable[[Sequence[SlotActivity]], None]":
    if not reporter.live:
        return lambda _: reporter.show_ended()
    show_progress = progress_ticker(ledger, reporter, start_tracker(ledger, None), None)

    def on_tick(activities: "Sequence[SlotActivity]") -> None:
        """Show what has ended, and how far the rest is."""
        reporter.show_ended()
        show_progress(activities)

    return on_tick


def _drain_queue(session: Session, ledger: Ledger, display: Display, count: int) -> None:
    """Process all that is queued, with `count` slots, and say where the outputs are."""
    from fileq.worker.worker import Worker

    ended = EndedJobsReporter(display)
    with Worker(session.database, session.config, slots=count, drain=True, on_ended=ended.on_ended) as worker:
        worker.run(progress_ticker(ledger, display, start_tracker(ledger, None), None, ended))
    ended.close()
    display.clear_progress()
    for line in ended.summary.lines():
        display.log(line)
