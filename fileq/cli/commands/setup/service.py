"""fileq service: watch and work in the background, from log-in on."""

import os
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.config import hide_password
from fileq.display import Answer, Text
from fileq.errors import ExitCode, UsageError
from fileq.service.manager import service_manager

app = new_app(
    help="Watch and work in the background, from log-in on.",
    epilog="Example: fileq service install",
)


@app.command(epilog="Example: fileq service install")
def install(
    context: typer.Context,
    *,
    worker: Annotated[
        bool, typer.Option("--worker", help="Only process jobs, whoever queues them.", show_envvar=False)
    ] = False,
    json: options.Json = False,
) -> ExitCode:
    """Install the service and start it. It watches every [[watch]] of the config, and processes what comes."""
    session = session_of(context)
    if session.program != ("fileq",):
        raise UsageError(
            f"The service would run fileq worker, and not {session.command('worker')}.",
            "Have a service manager run that one.",
        )
    manager = service_manager()
    if not worker and (session.config.file is None or not session.config.settings.watch):
        raise UsageError(
            "There is nothing to watch: no [[watch]] in a config.",
            "fileq init writes a config to start from. A host that only works: fileq service install --worker",
        )
    manager.install(
        service_command(session, ["worker"] if worker else ["watch", "--work"]),
        service_environment(),
    )
    lines = [
        Text(f"Installed {manager.file}."),
        Text("It runs now, and from every log-in on. See: fileq service status"),
    ]
    session.display(json=json).answer(Answer({"file": manager.file, "state": manager.state()}, lines))
    return ExitCode.DONE


@app.command(epilog="Example: fileq service uninstall")
def uninstall(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Stop the service and take it away. What was queued stays queued."""
    manager = service_manager()
    display = session_of(context).display(json=json)
    if not os.path.exists(manager.file):
        display.answer(Answer({"file": None, "state": "not installed"}, [Text("It is not installed.")]))
        return ExitCode.DONE
    manager.uninstall()
    display.answer(Answer({"file": None, "state": "not installed"}, [Text(f"Removed {manager.file}.")]))
    return ExitCode.DONE


@app.command(epilog="Example: fileq service status")
def status(context: typer.Context, *, json: options.Json = False) -> ExitCode:
    """Say whether the service is installed and runs; exit 1 when it doesn't."""
    manager = service_manager()
    state = manager.state()
    document = {"file": manager.file if os.path.exists(manager.file) else None, "state": state}
    session_of(context).display(json=json).answer(Answer(document, [Text(f"The service is {state}.")]))
    return ExitCode.DONE if state == "active" else ExitCode.FAILED


def service_command(session: Session, command: list[str]) -> list[str]:
    """Return the command that the service runs: this very fileq, with the config and the database in force now.

    The command names the config, which then counts whole. Raises UntrustedError where it doesn't yet.
    """
    file = session.config.file
    if asked := session.config.withheld.describe():
        raise session.config.untrusted_error(f"asks for {asked}")
    named = [] if file is None else ["--config", os.path.abspath(file)]
    return [sys.executable, "-m", "fileq", *named, "--database", hide_password(session.database), *command]


def service_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what of the environment the service takes with it: where programs are, and the broker.

    Raises UsageError where the broker's address has a password: the service's file shows it to everybody.
    """
    taken = {"PATH": environ.get("PATH", os.defpath)}
    if broker := environ.get("FILEQ_BROKER"):
        if hide_password(broker) != broker:
            raise UsageError(
                "FILEQ_BROKER has a password, and the service's file would show it.",
                "Write the broker into the config, [queue] broker, and unset FILEQ_BROKER.",
            )
        taken["FILEQ_BROKER"] = broker
    return taken
