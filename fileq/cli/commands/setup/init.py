"""fileq init: write a commented config to start from."""

import os
from typing import Annotated

import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.config import CONFIG_NAME, sample_config
from fileq.config.trust import trust_config
from fileq.display import Answer, Display, Text
from fileq.errors import EnvironmentFailure, ExitCode, UsageError

app = new_app()


@app.command(epilog="Example: fileq init")
def init(
    context: typer.Context,
    *,
    path: Annotated[str, typer.Argument(metavar="PATH", help="Where to write it, a file or a folder.")] = CONFIG_NAME,
    json: options.Json = False,
) -> ExitCode:
    """Write a commented config to start from."""
    file = os.path.abspath(os.path.join(path, CONFIG_NAME) if os.path.isdir(path) else path)
    try:
        with open(file, "x", encoding="utf-8") as config:
            config.write(sample_config())
    except FileExistsError as error:
        raise UsageError(f"{file} is there already, and was left as it is.", "Name another PATH.") from error
    except OSError as error:
        raise EnvironmentFailure(f"{file} can't be written: {error.strerror}.", "Name another PATH.") from error
    display = session_of(context).display(json=json)
    if os.path.basename(file) == CONFIG_NAME:
        _trust(file, display)
    hint = Text("Its recipe shop is an example: change it, then try fileq run PATH -r shop")
    display.answer(Answer({"config": file}, [Text(f"Wrote {file}."), hint]))
    return ExitCode.DONE


def _trust(file: str, display: Display) -> None:
    """Trust the config that was written just now. Where that can't be remembered, it is a config all the same."""
    try:
        trust_config(file)
    except EnvironmentFailure as error:
        display.hint(f"{error.message} Programs and notices that you write into it count after: fileq trust")
