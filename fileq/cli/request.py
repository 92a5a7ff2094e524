"""The request that `add` and `run` make of the intake: the paths, wherever they are named, and what to do with them."""

import codecs
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from fileq.cli.options import QueueingOptions, SelectionOptions
from fileq.cli.options.recipe import RecipeOptions
from fileq.cli.options.recipe_selection import select_recipes
from fileq.cli.session import Session
from fileq.cli.views.jobs import result_document
from fileq.cli.views.places import relative_paths_in
from fileq.config.paths import absolute_path
from fileq.display import Answer, Display
from fileq.errors import EnvironmentFailure, ExitCode, MissingPathsError, NotFoundError, UsageError
from fileq.intake import AddRequest, AddResult, RepeatRule
from fileq.intake.due_time import parse_due_time
from fileq.intake.output_folder import output_folder
from fileq.job import check_key, check_priority
from fileq.ledger import Ledger
from fileq.sources.expansion import expand_paths


def build_request(
    session: Session,
    selection: SelectionOptions,
    recipe_options: RecipeOptions,
    queueing: QueueingOptions,
) -> AddRequest:
    """Return the request that the options mean. Raises UsageError and NotFoundError."""
    files_from = selection.files_from
    listed = read_path_list(files_from, null=selection.null) if files_from else ()
    if not selection.paths and not files_from:
        raise UsageError("Which files? No PATH was given.", "Name files or folders, for example: fileq add photos/")
    saves = recipe_options.save_as is not None and not queueing.dry_run and _are_there(selection, listed)
    return AddRequest(
        paths=selection.paths or (),
        listed=listed,
        recipes=select_recipes(session, recipe_options, saves=saves),
        out=output_folder(recipe_options.out),
        base=None if selection.base is None else absolute_path(selection.base),
        include=tuple(selection.include or ()),
        exclude=tuple(selection.exclude or ()),
        recursive=selection.recursive,
        priority=check_priority(queueing.priority, "--priority"),
        due_at=_due_time(queueing, time.time()),
        key=None if queueing.key is None else check_key(queueing.key),
        repeat=RepeatRule.ALWAYS if queueing.force else RepeatRule.UNLESS_UP_TO_DATE,
    )


def on_ledger_time(request: AddRequest, queueing: QueueingOptions, ledger: Ledger) -> AddRequest:
    """Return the request with its time by the ledger's clock, which this host's may differ from. Raises UsageError."""
    return msgspec.structs.replace(request, due_at=_due_time(queueing, ledger.now()))


def _due_time(queueing: QueueingOptions, now: float) -> float | None:
    return None if queueing.at is None else parse_due_time(queueing.at, now)


def _are_there(selection: SelectionOptions, listed: Sequence[str]) -> bool:
    """Whether all paths that are named exist: else the command fails, and nothing is saved."""
    try:
        expand_paths(selection.paths or (), listed)
    except MissingPathsError:
        return False
    return True


_MOST_PLACES = 5


@contextmanager
def report_missing_paths(display: Display, ledger: Ledger) -> Iterator[None]:
    """Answer with a result that has the missing paths, for those who read JSON. People read the error.

    It says where a watched folder has put those that it took away.
    """
    try:
        yield
    except MissingPathsError as error:
        display.answer(Answer(result_document(AddResult(missing=error.paths)), []))
        for path in error.paths[:_MOST_PLACES]:
            place = ledger.job_sources.find_place(absolute_path(path))
            if place is not None:
                error.hint += f" The watch has put {path} to {place}."
        raise


def read_path_list(file: str, *, null: bool) -> list[str]:
    """Return the paths in a file, one a line or each ended by a NUL byte; `-` is stdin. They may hold any bytes.

    Raises NotFoundError, UsageError, EnvironmentFailure.
    """
    content = _content(file)
    if null:
        return [os.fsdecode(path) for path in content.split(b"\0") if path]
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as PowerShell writes lists
        content = content.decode("utf-16", "replace").encode()
    if b"\0" in content:
        raise UsageError(
            f"The list of {'stdin' if file == '-' else file} (--files-from) has names that end with a NUL byte, and no"
            " lines.",
            "Say so with -0.",
        )
    lines = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
    return [os.fsdecode(_without_carriage_return(line)) for line in lines if line.strip(b"\r")]


def _without_carriage_return(line: bytes) -> bytes:
    """Return a line as editors on Windows end them, without that; where a file has such a name, it is meant."""
    return line if not line.endswith(b"\r") or os.path.lexists(line) else line[:-1]


def worst_exit_code(result: AddResult, code: ExitCode) -> ExitCode:
    """Return the exit code of a command that would end with `code`, were all that was named taken."""
    return ExitCode.FAILED if code is ExitCode.DONE and result.problems else code


def show_notices(display: Display, result: AddResult) -> None:
    """Say what could not be read, and what was skipped."""
    for problem in result.problems:
        display.reason(f"Skipped: {relative_paths_in(problem)}")
    for notice in result.notices:
        display.hint(relative_paths_in(notice))


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        with open(file, "rb") as content:
            return content.read()
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no file {file} (--files-from).", "Check its name.") from error
    except IsADirectoryError as error:
        raise UsageError(
            f"{file} (--files-from) is a folder, not a list of files.", f"Name the folder itself: {file}"
        ) from error
    except OSError as error:
        raise EnvironmentFailure(f"{file} can't be read: {error.strerror}.", "Check its permissions.") from error
