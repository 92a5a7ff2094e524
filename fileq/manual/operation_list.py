"""All operations, those of plug-ins too, each with its parameters and an example."""

from fileq import operations
from fileq.operations.reference import OperationReference, ParameterReference, describe_operation


def operation_list() -> str:
    """Return a section of Markdown for each operation."""
    return "\n\n".join(_section(describe_operation(operation)) for operation in operations.ALL)


def _section(operation: OperationReference) -> str:
    parameters = "\n".join(_describe(parameter) for parameter in operation.parameters)
    example = f"```toml\nsteps = [ {operation.example} ]\n```"
    command = f"```sh\n{operation.command}\n```"
    parts = [f"## {operation.name}", operation.description, parameters, *operation.notes, example, command]
    return "\n\n".join(filter(None, parts))


def _describe(parameter: ParameterReference) -> str:
    need = "; it must be given" if parameter.required else ""
    return f"- `{parameter.name}` ({parameter.type}{need}): {parameter.description}"
