"""The request that `add` and `run` make of the intake: the paths, wherever they are named, and what to do with them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fileq.cli.options import QueueingOptions, SelectionOptions
from fileq.cli.output_folder import output_folder
from fileq.cli.recipe_options import RecipeOptions
from fileq.cli.recipe_selection import select_recipes
from fileq.cli.session import Session
from fileq.cli.times import parse_due_time
from fileq.cli.views.jobs import result_document
from fileq.display import Answer, Display
from fileq.errors import EnvironmentFailure, MissingPathsError, NotFoundError, UsageError
from fileq.intake import AddRequest, AddResult, RepeatRule


def build_request(
    session: Session,
    selection: SelectionOptions,
    recipe_options: RecipeOptions,
    queueing: QueueingOptions,
    now: float,
) -> AddRequest:
    """Return the request that the options mean, at the time `now`. Raises UsageError and NotFoundError."""
    files_from = selection.files_from
    listed = read_path_list(files_from, null=selection.null) if files_from else ()
    named = [*(selection.paths or ()), *listed]
    if not named and not files_from:
        raise UsageError("Which files? There is no PATH.", "Name files or folders, for example: fileq add photos/")
    return AddRequest(
        paths=named,
        recipes=select_recipes(session, recipe_options, saves=not queueing.dry_run),
        out=output_folder(recipe_options.out),
        include=tuple(selection.include or ()),
        exclude=tuple(selection.exclude or ()),
        recursive=selection.recursive,
        priority=queueing.priority,
        due_at=None if queueing.at is None else parse_due_time(queueing.at, now),
        repeat=RepeatRule.ALWAYS if queueing.force else RepeatRule.UNLESS_UP_TO_DATE,
    )


@contextmanager
def report_missing_paths(display: Display) -> Iterator[None]:
    """Answer with a result that has the missing paths, for those who read JSON. People read the error."""
    try:
        yield
    except MissingPathsError as error:
        display.answer(Answer(result_document(AddResult(missing=error.paths)), []))
        raise


def read_path_list(file: str, *, null: bool) -> list[str]:
    """Return the paths in a file, one a line or each ended by a NUL byte; `-` is stdin. They may hold any bytes.

    Raises NotFoundError, EnvironmentFailure.
    """
    content = _content(file)
    return [os.fsdecode(path) for path in content.split(b"\0" if null else b"\n") if path]


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        with open(file, "rb") as content:
            return content.read()
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no file {file} (--files-from).", "Check its name.") from error
    except OSError as error:
        raise EnvironmentFailure(f"{file} can't be read: {error.strerror}.", "Check its permissions.") from error
