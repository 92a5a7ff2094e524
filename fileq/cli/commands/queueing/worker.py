"""fileq worker: process jobs until stopped."""

from typing import Annotated

import msgspec
import typer

from fileq import signals
from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.cli.views.live import EndedJobsReporter, log_to_display, progress_ticker, stop_hint
from fileq.cli.work.progress import start_tracker
from fileq.config import Config
from fileq.config.slots import slot_count
from fileq.display import Display
from fileq.errors import ExitCode, UsageError
from fileq.health.checks.roots import missing_roots
from fileq.job import JobState
from fileq.ledger import Ledger
from fileq.ledger.queries.overview import JobTally
from fileq.lookup import live_workers
from fileq.units import ByteSize, Duration, describe_count

app = new_app()


Hosts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="HOST", show_default=False, help="With --stop, --pause or --resume: whose workers are meant."
    ),
]
Drain = Annotated[
    bool, typer.Option("--drain", help="Exit once no job is left, not even one for later.", show_envvar=False)
]
Periodic = Annotated[
    bool, typer.Option("--periodic/--no-periodic", help="Do what the schedule says, too.", show_envvar=False)
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory", metavar="SIZE", show_envvar=False, show_default=False,
        help="What one job may use, like 2GiB. Default: as the config says.",
    ),
]  # fmt: skip
Timeout = Annotated[
    str | None,
    typer.Option(
        "--timeout", metavar="DURATION", show_envvar=False, show_default=False,
        help="A job's longest try, like 5m. Default: as the config says.",
    ),
]  # fmt: skip
Stop = Annotated[
    bool, typer.Option("--stop", help="Have workers of other hosts stop once their jobs have ended.", show_envvar=False)
]
Pause = Annotated[bool, typer.Option("--pause", help="Have them begin no more jobs.", show_envvar=False)]
Resume = Annotated[bool, typer.Option("--resume", help="Have them go on.", show_envvar=False)]
Everywhere = Annotated[
    bool, typer.Option("--all", help="With these three: the workers of all hosts.", show_envvar=False)
]


@app.command(epilog="Example: fileq worker --workers 4")
def worker(
    context: typer.Context,
    hosts: Hosts = None,
    *,
    workers: options.Workers = None,
    drain: Drain = False,
    periodic: Periodic = True,
    memory: Memory = None,
    timeout: Timeout = None,
    stop: Stop = False,
    pause: Pause = False,
    resume: Resume = False,
    everywhere: Everywhere = False,
) -> ExitCode:
    """Process jobs until stopped.

    The first Ctrl-C lets the running jobs end. The second stops now; what was running goes back to the queue.
    """
    session = session_of(context)
    if stop or pause or resume or hosts or everywhere:
        from fileq.cli.instructions import instruct_workers

        return instruct_workers(session, hosts or (), everywhere=everywhere, stop=stop, pause=pause, resume=resume)
    signals.hold_signals()
    session.require_root_folders()
    config = with_limits(session.config, memory, timeout)
    display = session.display()
    count = slot_count(workers, session.config)
    with session.ledger() as ledger:
        _work(session, ledger, display, config, count, drain=drain, periodic=periodic)
    return ExitCode.DONE


def with_limits(config: Config, memory: str | None, timeout: str | None) -> Config:
    """Return the config with the texts of --memory and --timeout as its limits, where given. Raises UsageError."""
    settings = config.settings.worker
    try:
        size = settings.memory if memory is None else ByteSize.parse(memory)
        duration = settings.timeout if timeout is None else Duration.parse(timeout)
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        raise UsageError(f"{problem}.", f"{remedy.capitalize()}.") from error
    if size <= 0 or duration <= 0:
        raise UsageError("--memory and --timeout must be more than 0.", "Leave them away to use the config's.")
    limits = msgspec.structs.replace(settings, memory=size, timeout=duration)
    return msgspec.structs.replace(config, settings=msgspec.structs.replace(config.settings, worker=limits))


def _work(
    session: Session,
    ledger: Ledger,
    display: Display,
    config: Config,
    count: int,
    *,
    drain: bool,
    periodic: bool,
) -> None:
    from fileq.worker.worker import Worker

    before = ledger.overview.tally_jobs()
    display.hint(f"Working with {describe_count(count, 'slot')}.{session.config_hint} Ctrl-C stops.")
    if periodic:
        session.hint_at_notifications()
    session.hint_at_hooks()
    log_to_display(display, debug=session.debug)
    ended = EndedJobsReporter(display)
    with Worker(
        session.database, config, slots=count, drain=drain, periodic=periodic, on_ended=ended.on_ended
    ) as worker:
        worker.run(progress_ticker(ledger, display, start_tracker(ledger, None), None, ended), stop_hint(display))
    ended.close()
    display.clear_progress()
    after = ledger.overview.tally_jobs()
    display.hint(_farewell(before, after))
    for sentence in missing_roots(ledger, live_workers(ledger, config)) if after.unfinished else ():
        display.hint(f"{sentence}.")
    for line in ended.summary.lines():
        display.log(line)


def _farewell(before: JobTally, after: JobTally) -> str:
    """Return what was done meanwhile, by all workers, and what is left."""
    done, failed = (after.jobs[state] - before.jobs[state] for state in (JobState.DONE, JobState.FAILED))
    ended = f"{max(0, done):,} done" + (f", {failed:,} failed" if failed > 0 else "")
    return f"Stopped. {ended}, {after.unfinished:,} left."
