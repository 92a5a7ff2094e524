"""fileq completion: the script by which a shell completes what is typed."""

from enum import StrEnum
from typing import Annotated

import typer

from fileq.cli.app import new_app
from fileq.cli.completion.scripts import SCRIPTS
from fileq.errors import ExitCode

app = new_app()


class Shell(StrEnum):
    """A shell that fileq can complete words in."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command(epilog="Example: fileq completion fish | source. For good: fileq --install-completion")
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.", show_default=False)],
) -> ExitCode:
    """Print what lets a shell complete commands and names.

    Commands, options, recipes, batches, jobs and files.
    """
    typer.echo(SCRIPTS[shell], nl=False)
    return ExitCode.DONE
