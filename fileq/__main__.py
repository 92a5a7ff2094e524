"""The program's entry; it imports next to nothing before it knows what is asked for."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from fileq import signals

TYPE_CHECKING = False  # as type checkers know it: `import typing` takes 5 ms
if TYPE_CHECKING:
    from fileq.config.host_program import HostProgram


def main(arguments: Sequence[str] | None = None, host_program: "HostProgram | None" = None) -> None:
    """Run the command line, and end the process with its exit code.

    The arguments are those of the process where a program that has this command within its own gives no others.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    _open_closed_streams()
    if "_FILEQ_COMPLETE" in os.environ:
        from fileq.cli.completion import answer_shell  # noqa: PLC0415  # a shell asks at a TAB

        answer_shell(words)
        return
    signals.install(stops_well=_command(words) in ("worker", "watch"))
    if {"run", "worker", "--work"} & set(words):
        # Their children need as long to get ready as we do (0.1 s), so both do it at once. Should the word be a
        # file's name and not the command, the server of children ends with us, unused.
        with suppress(OSError, MemoryError):  # the worker asks again, where the error is told
            from fileq.process.forkserver import prepare  # noqa: PLC0415

            prepare()
    code = _run(words, host_program)
    signals.exit_on_signal(code)
    sys.exit(code)


def _open_closed_streams() -> None:
    """Open streams that a daemon has closed: the first file that is opened would get what is written to them."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)  # the lowest that is free
            setattr(sys, name, open(handle, "r" if number == 0 else "w", encoding="utf-8"))  # noqa: SIM115  # for good


def _command(arguments: Sequence[str]) -> str | None:
    """Return the first word that is neither an option nor an option's value."""
    words = iter(arguments)
    for word in words:
        if word in ("--config", "--database"):
            next(words, None)
        elif not word.startswith("-"):
            return word
    return None


def _run(words: Sequence[str], host_program: "HostProgram | None") -> int:
    try:
        from fileq.cli import run  # noqa: PLC0415
    except Exception as error:
        from fileq.errors import FileqError, find_shortage  # noqa: PLC0415

        # Plug-ins are loaded while the commands are: one that is broken ends here.
        said = error if isinstance(error, FileqError) and "--debug" not in words else find_shortage(error)
        if said is None:
            raise
        print(f"Error: {said}", file=sys.stderr)  # noqa: T201  # there is no display yet
        return said.exit_code
    return run(words, host_program)


if __name__ == "__main__":
    main()
