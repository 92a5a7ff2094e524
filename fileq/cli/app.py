"""The Typer app: all commands in their panels, and the options before the command.

A command's module is imported when that command is asked for, and no other.
"""

import importlib
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from fileq import __version__, signals
from fileq.cli import global_options, typer_patch
from fileq.cli.session import session_of
from fileq.display import is_rich_terminal


class Panel(NamedTuple):
    """A panel of `fileq --help`: its title, the commands, and the package in `commands` that has them."""

    title: str
    package: str
    names: tuple[str, ...]


PANELS = (
    Panel("Queue files", "queueing", ("add", "run", "watch", "worker")),
    Panel("Look", "inspection", ("status", "batches", "list", "show", "workers", "dashboard", "recipes", "operations")),
    Panel("Steer", "control", ("retry", "cancel", "forget", "pause", "resume", "wait")),
    Panel(
        "Look after", "maintenance", ("report", "doctor", "clean", "undo", "schedule", "hooks", "database", "metrics")
    ),
    Panel("Set up", "setup", ("init", "config", "trust", "service", "completion", "help")),
)
_PANEL_OF = {name: panel for panel in PANELS for name in panel.names}


def command_module(name: str) -> str:
    """Return the name of the module that has a command. Raises KeyError where there is none of this name."""
    return f"fileq.cli.commands.{_PANEL_OF[name].package}.{name}"


def new_app(**options: Any) -> typer.Typer:
    """Return a Typer app whose help is as rich as the terminal."""
    import sys

    return typer.Typer(
        add_completion=False, rich_markup_mode="rich" if is_rich_terminal(sys.stdout) else None, **options
    )


class LazyGroup(TyperGroup):
    """The group of all commands, each imported at its first use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in the order of the panels."""
        del ctx
        return list(_PANEL_OF)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the command of this name and return it; None where there is none. It takes the global options too."""
        del ctx
        if cmd_name not in _PANEL_OF:
            return None
        command = typer.main.get_command(importlib.import_module(command_module(cmd_name)).app)
        _complete_command(command, global_options.options_of_commands(self.params))
        command.name = cmd_name
        command.rich_help_panel = _PANEL_OF[cmd_name].title  # type: ignore[attr-defined]  # TyperCommand has it
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the arguments begin with. Raises UsageError with the nearest right name."""
        if args[0] not in _PANEL_OF:
            from fileq.cli.unknown_words import command_hint

            ctx.fail(f"There is no command {args[0]}. {command_hint(args[0], _PANEL_OF)}".rstrip())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands into the plain help; the rich one makes its panels by itself."""
        for panel in PANELS:
            with formatter.section(panel.title):
                formatter.write_dl([(name, self.get_command(ctx, name).get_short_help_str(80)) for name in panel.names])


def _complete_command(command: Any, options: list[Any]) -> None:
    """Give a command, and those below it, these options and our conversion."""
    typer_patch.patch_command(command, options)
    command.epilog = f"{command.epilog}\n\n{global_options.EPILOG}"
    for below in getattr(command, "commands", {}).values():
        _complete_command(below, options)


root_app = new_app(
    cls=LazyGroup,
    context_settings={"auto_envvar_prefix": "FILEQ", "help_option_names": ["-h", "--help"]},
    epilog="--config, --database, -q, -v and --debug may also follow the command."
    " Every option reads an environment variable too: FILEQ_DATABASE, FILEQ_ADD_RECIPE, and so on.",
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"fileq {__version__}")
        raise typer.Exit


def _install_completion(is_wanted: bool) -> None:
    if is_wanted:
        from fileq.cli.completion.installation import current_shell, install_script

        script, start_file = install_script(current_shell())
        reads = f"{start_file} reads {script} now." if start_file else f"It is in {script}."
        typer.echo(f"{reads} It works in each shell that you open from now on.")
        raise typer.Exit


@root_app.callback()
def apply_global_options(
    context: typer.Context,
    *,
    config: Annotated[
        str | None, typer.Option("--config", metavar="FILE", help="The config file.", show_default=False)
    ] = None,
    database: Annotated[
        str | None, typer.Option("--database", metavar="FILE", help="The database.", show_default=False)
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.", show_envvar=False)
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say which config and database are used.", show_envvar=False)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback with an error.", show_envvar=False)] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True, show_envvar=False),
    ] = False,
    install_completion: Annotated[
        bool,
        typer.Option(
            "--install-completion", help="Have this shell complete what is typed: bash, zsh or fish.",
            callback=_install_completion, is_eager=True, show_envvar=False,
        ),
    ] = False,
) -> None:  # fmt: skip
    """Process files in batches, through a local queue that loses nothing.

    Start with: fileq run photos/ --resize 1200x. Read on with: fileq help
    """
    del version, install_completion
    given = {"config": config, "database": database, "quiet": quiet, "verbose": verbose, "debug": debug}
    global_options.apply_options(session_of(context), context, given)
    session_of(context).command_name = context.invoked_subcommand
    signals.interrupt_on_signal()  # the command's module is imported by now
