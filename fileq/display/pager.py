"""The user's pager, for pages that are longer than the terminal: $PAGER, else less."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

_DEFAULT = "less"
_OPTIONS = {"LESS": "FRX", "LV": "-c"}  # what git gives them: colours are shown, and what fits needs no key


def show_page(text: str, stream: IO[str], rows: int, environ: Mapping[str, str] = os.environ) -> None:
    """Write the text to a terminal of so many rows; by the pager where it is longer and somebody is there to turn."""
    command = shlex.split(environ.get("PAGER", _DEFAULT))
    is_seen = stream.isatty() and sys.stdin is not None and sys.stdin.isatty()
    if not is_seen or text.count("\n") < rows or not command or shutil.which(command[0]) is None:
        stream.write(text)
        return
    stream.flush()
    pager = subprocess.Popen(command, stdin=subprocess.PIPE, env={**_OPTIONS, **environ})
    assert pager.stdin is not None
    with suppress(BrokenPipeError):  # the reader has left
        pager.stdin.write(text.encode("utf-8", "backslashreplace"))
    with suppress(BrokenPipeError):
        pager.stdin.close()
    while True:
        try:
            pager.wait()
        except KeyboardInterrupt:  # it is the pager's: less stops a search by it
            continue
        return
