"""An external program as a step: ffmpeg, exiftool, oxipng and the like."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, ClassVar

import msgspec

from fileq.errors import ErrorKind, JobError
from fileq.operations.base import Operation, op_name, parse_given, path_in
from fileq.units import Duration

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLACE = re.compile(r"\{(source|output)\}")


class Command(Operation, frozen=True, kw_only=True):
    """Runs a program on the file. It is a recipe's only step, or the last step of an output.

    argv: the program and its arguments, a list; {source} is the file to read, {output} the one to write.
      A path like "./tool.sh" is seen from the config's folder
    timeout: how long it may take, "30s" (as long as the job may)

    Both lie in a private folder, {source} as a copy with the file's own name: no program can change an original.
    No shell is involved: write every argument as one text, without quoting.

    { op = "command", argv = ["oxipng", "-o", "4", "{source}", "--out", "{output}"], timeout = "2m" }
    """

    works_on_files: ClassVar[bool] = True

    argv: tuple[str, ...]
    timeout: Duration | None = None

    if TYPE_CHECKING:  # what a program may give

        def __init__(self, *, argv: Sequence[str], timeout: Duration | str | None = None) -> None: ...

    def __post_init__(self) -> None:
        parse_given(self, Duration, "timeout")
        if not self.argv or not self.argv[0]:
            raise ValueError('argv needs a program, like ["oxipng", "{source}", "--out", "{output}"]')
        arguments = " ".join(self.argv[1:])
        for place in ("{source}", "{output}"):
            if place not in arguments:
                raise ValueError(f"argv needs {place} among its arguments; fileq puts the path there")
        if any("\0" in argument for argument in self.argv):
            raise ValueError("argv can't hold a NUL character")
        if self.timeout is not None and self.timeout <= 0:
            raise ValueError('timeout is longer than nothing, like "30s"')

    def located(self, folder: str) -> Command:
        program, *arguments = self.argv
        if os.sep in program or program.startswith("~"):
            program = path_in(folder, program)  # else it is found by PATH
        return msgspec.structs.replace(self, argv=(program, *(_located(one, folder) for one in arguments)))

    def run(self, source: str, output: str, *, known_as: str | None = None) -> None:
        from fileq.operations.programs.runner import (  # a config is read without subprocess as well
            OUTPUT_VARIABLE,
            run_program,
        )

        paths = {"source": source, "output": output}
        # In one pass, so that a path that contains "{output}" stays as it is.
        argv = [self.argv[0], *(_PLACE.sub(lambda match: paths[match[1]], argument) for argument in self.argv[1:])]
        said = run_program(argv, self.timeout, environ={**os.environ, OUTPUT_VARIABLE: known_as or output})
        if not os.path.exists(output) or os.path.getsize(output) == 0:
            message = f"{self.argv[0]} made no output{f': {said}' if said else '.'}"
            raise JobError(ErrorKind.COMMAND, message, "Check its argv in the recipe.")


def _located(argument: str, folder: str) -> str:
    """Return the absolute path of a file that an argument names beside the config, as `./` says; else the argument."""
    if argument.startswith(("./", "../")) and os.path.isfile(path := path_in(folder, argument)):
        return path
    return argument


def argv_of(step: Operation) -> tuple[str, ...]:
    """Return the program that a step runs, with its arguments; of a plug-in's step without any the operation's name."""
    return tuple(getattr(step, "argv", ())) or (op_name(step),)
