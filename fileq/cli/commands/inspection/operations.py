"""fileq operations: what a recipe's steps can be, with their parameters and an example that runs."""

from typing import Annotated, Any

import msgspec
import typer

from fileq import operations as all_operations
from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import session_of
from fileq.config.problems import suggest_names
from fileq.display import Answer, Column, Facts, Table, Text, Tone
from fileq.display.answer import Block
from fileq.errors import ExitCode, NotFoundError
from fileq.operations.base import op_name
from fileq.operations.reference import OperationReference, ParameterReference, describe_operation

app = new_app()


@app.command(epilog="Example: fileq operations resize")
def operations(
    context: typer.Context,
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Explain this operation.", show_default=False)
    ] = None,
    json: options.Json = False,
) -> ExitCode:
    """List the operations, or explain one.

    Steps of recipes and --op can use them.
    """
    display = session_of(context).display(json=json)
    known = {op_name(operation): operation for operation in all_operations.ALL}
    if name is None:
        found = [describe_operation(operation) for operation in known.values()]
        rows = [(one.name, one.description) for one in found]
        table = Table([Column("operation"), Column("what it does", kind="prose")], rows)
        display.answer(Answer([_document(one) for one in found], [table, Text(), Text("More: fileq operations NAME")]))
        return ExitCode.DONE
    if name not in known:
        raise NotFoundError(f"There is no operation {name}.", suggest_names(name, known))
    operation = describe_operation(known[name])
    display.answer(Answer(_document(operation), _blocks(operation)))
    return ExitCode.DONE


def _document(operation: OperationReference) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(operation)
    return document


def _blocks(operation: OperationReference) -> list[Block]:
    """Return the operation's name and sentence, its parameters, what else is to be known, and the example."""
    parameters: list[Block] = [Text(), Facts([(one.name, _about(one)) for one in operation.parameters])]
    return [
        Text(operation.name, Tone.TITLE),
        Text(operation.description),
        *(parameters if operation.parameters else []),
        *([Text(), *map(Text, operation.notes)] if operation.notes else []),
        Text(),
        Text(f"In a recipe:  {operation.example}"),
        Text(f"In one line:  {operation.command}"),
    ]


def _about(parameter: ParameterReference) -> str:
    need = "; it must be given" if parameter.required else ""
    return f"{parameter.description} [{parameter.type}{need}]".strip()
