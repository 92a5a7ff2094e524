"""A program or a function is called, so that nothing of it is left: by an argument list, never a shell."""

import re
import sys
from collections.abc import Mapping
from typing import Any

from fileq.config.settings import VARIABLE
from fileq.errors import ErrorKind, JobError
from fileq.escapes import escape_controls
from fileq.hooks.call_error import CallError
from fileq.operations.programs.runner import run_program

FIELDS = ("id", "event", "job", "batch", "key", "source", "recipe", "state", "error")
_FIELD = re.compile(rf"\$\{{(\w+)\}}|\{{({'|'.join(FIELDS)})\}}")
_MAX_REASON = 300


def function_command(name: str, *options: str) -> list[str]:
    """Return the command that calls a function in a Python of its own, without the working folder on its path."""
    return [sys.executable, "-P", "-m", "fileq.hooks.call_function", name, *options]


def expand_arguments(command: tuple[str, ...], event: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    """Return a program and its arguments with an event's fields, and the variables' values. Raises CallError."""
    fields = event_fields(event)

    def filled(match: re.Match[str]) -> str:
        return fields[match[2]] if match[2] else require_variable(match[1], environ)

    # In one pass, so that a name of a file that looks like a field stays as it is.
    return [_FIELD.sub(filled, argument) for argument in command]


def event_fields(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of an event as texts, "" for what it hasn't got: a batch is no job."""
    job, batch = event.get("job") or {}, event.get("batch") or {}
    values = {
        "id": event["id"],
        "event": event["event"],
        "job": job.get("id"),
        "batch": job.get("batch", batch.get("batch")),
        "key": job.get("key", batch.get("key")),
        "source": job.get("source", batch.get("source")),
        "recipe": job.get("recipe"),
        "state": job.get("state"),
        "error": (job.get("error") or {}).get("message"),
    }
    return {name: "" if value is None else str(value).replace("\0", "") for name, value in values.items()}


def run_hook(
    argv: list[str], name: str, event: Mapping[str, Any], body: bytes, timeout: float, environ: Mapping[str, str]
) -> None:
    """Run a program with an event on its stdin, and the id, event, job, batch and key in FILEQ_HOOK_… variables.

    `name` is what people call it. Raises CallError.
    """
    fields = event_fields(event)
    told = {f"FILEQ_HOOK_{field.upper()}": fields[field] for field in ("id", "event", "job", "batch", "key")}
    try:
        run_program(argv, timeout, stdin=body, environ={**environ, **told})
    except JobError as error:
        raise CallError(describe_failure(error, argv[0], name, timeout)) from None


def describe_failure(error: JobError, program: str, name: str, timeout: float) -> str:
    """Return why a program failed, in one line: of what it said last, the end."""
    if error.kind is ErrorKind.TIMEOUT:
        return f"{name} took longer than {timeout:g} s"
    reason = error.message.replace(program, name, 1)
    head, _, said = reason.partition(": ")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return escape_controls(f"{head}: {lines[-1][-_MAX_REASON:]}" if lines else head).strip(" .")


def require_variable(name: str, environ: Mapping[str, str]) -> str:
    """Return the value of a variable. Raises CallError where the environment has none."""
    if not environ.get(name):
        raise CallError(f"the environment has no {name}; set it where the worker is started")
    return environ[name]


def fill_variables(text: str, environ: Mapping[str, str]) -> str:
    """Return a text with the values of its variables. Raises CallError."""
    return VARIABLE.sub(lambda match: require_variable(match[1], environ), text)
