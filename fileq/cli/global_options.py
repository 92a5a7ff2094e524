"""The options before the command."""

from typing import Annotated

import typer

from fileq import __version__, signals
from fileq.cli.app import LazyGroup, new_app
from fileq.cli.session import session_of

app = new_app(
    cls=LazyGroup,
    context_settings={"auto_envvar_prefix": "FILEQ", "help_option_names": ["-h", "--help"]},
    epilog="Every option reads an environment variable too: FILEQ_DATABASE, FILEQ_ADD_RECIPE, and so on.",
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"fileq {__version__}")
        raise typer.Exit


@app.callback()
def root(
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
) -> None:
    """Process files in batches, through a local queue that loses nothing.

    Start with: fileq run photos/
    """
    del version
    if quiet and verbose:
        raise typer.BadParameter("it can't be combined with --verbose", ctx=context, param_hint="--quiet")
    signals.interrupt_on_signal()  # the command's module is imported by now
    session = session_of(context)
    session.config_option, session.database_option = config, database
    session.quiet, session.verbose, session.debug = quiet, verbose, debug
