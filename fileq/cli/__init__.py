"""The command line; `run` is the one place where errors become messages and exit codes."""

import itertools
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import typer
from typer.exceptions import TyperException

from fileq import signals
from fileq.cli import typer_patch
from fileq.cli.app import root_app
from fileq.cli.session import Session
from fileq.errors import ExitCode, FileqError, find_lack_of_memory, find_shortage

if TYPE_CHECKING:
    from fileq.config.host_program import HostProgram

_ON_LINES = re.compile(r"\s*\n\s*")
"""Typer writes choices below each other."""


def run(arguments: Sequence[str] | None = None, host_program: "HostProgram | None" = None) -> int:
    """Run the command that the arguments name, else those of the process. Returns the exit code; raises nothing."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding has no letters for must not stop us.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    session = Session(words, host_program)
    try:
        return _invoke(words, session)
    except BrokenPipeError:
        return _discard_stdout()
    except KeyboardInterrupt:
        session.display().clear_progress()
        code = signals.interrupted_code()
        if code:
            session.display().reason("Stopped.")
        return code
    except Exception as error:  # noqa: BLE001  # the boundary: every error ends here as a message and an exit code
        _show_traceback(session)
        return _report_error(error, session, words)


def _invoke(arguments: list[str], session: Session) -> int:
    group = typer.main.get_command(root_app)
    typer_patch.patch_command(group)
    try:
        with group.make_context(" ".join(session.program), arguments or ["--help"], obj=session) as context:
            answer = group.invoke(context)
            sys.stdout.flush()
    except typer.Exit as end:
        return end.exit_code
    return int(answer or ExitCode.DONE)


def _report_error(error: Exception, session: Session, arguments: Sequence[str]) -> int:
    """Show what went wrong with the command that the arguments name. Returns the exit code."""
    display = session.display()
    match find_shortage(error) or error:
        case FileqError() as known:
            hint = _hint_at_dashes(arguments) if known.exit_code is ExitCode.USAGE else ""
            display.error(known.message, hint or session.complete_commands(known.hint))
            return known.exit_code
        case TyperException() as wrong:
            context = getattr(wrong, "ctx", None)
            display.error(
                _sentence(_ON_LINES.sub(" ", wrong.format_message())),
                _hint_at_dashes(arguments)
                or _hint_at_option(wrong)
                or (f"See: {context.command_path} --help" if context else ""),
            )
            return wrong.exit_code
        case OverflowError():  # what SQLite says to more than 64 bits
            display.error("A number is too large for fileq.", "Check what you typed.")
            return ExitCode.USAGE
        case OSError() as failure:
            where = f" {os.fsdecode(failure.filename)}" if isinstance(failure.filename, str | bytes) else ""
            display.error(f"The system says: {failure.strerror or failure}{':' if where else ''}{where}.")
            return ExitCode.ENVIRONMENT
        case _ if lack := find_lack_of_memory():
            display.error(lack.message, lack.hint)
            return lack.exit_code
        case _:
            display.error(
                f"Something went wrong inside fileq: {type(error).__name__}: {error}.",
                "Run it again with --debug, and report what it shows.",
            )
            return ExitCode.FAILED


def _hint_at_dashes(arguments: Sequence[str]) -> str:
    """Return what to write for a file whose name was read as an option; "" where there is none."""
    options = itertools.takewhile(lambda argument: argument != "--", arguments)
    file = next((one for one in options if len(one) > 1 and one.startswith("-") and os.path.lexists(one)), None)
    return f"For the file {file} write ./{file}, or put -- before it: a dash begins an option." if file else ""


def _hint_at_option(error: TyperException) -> str:
    """Return how an option is written that there is not; "" where that is not the error, or nobody can tell."""
    name = getattr(error, "option_name", "")
    if not name or not getattr(error, "message", "").startswith("No such option"):
        return ""
    from fileq.cli.unknown_words import option_hint

    return option_hint(name)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _show_traceback(session: Session) -> None:
    if session.debug:
        import traceback

        session.display().clear_progress()
        traceback.print_exc()


def _discard_stdout() -> int:
    """Write to nowhere from now on: the reader had enough, and Python must not complain when it flushes at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError):  # a stream of a test has no descriptor
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return ExitCode.DONE
