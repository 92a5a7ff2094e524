"""What a decoder outside Python has to say: it writes that to the process's stderr, and goes on with half a picture."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDERR = 2
_LONGEST = 4096  # bytes: the first lines say enough


@contextmanager
def collect_messages() -> Iterator[list[str]]:
    """Yield a list that has, once the block has ended, the lines that were written to the process's stderr in it."""
    lines: list[str] = []
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        before = os.dup(_STDERR)
        try:
            os.dup2(file.fileno(), _STDERR)
            yield lines
        finally:
            sys.stderr.flush()
            os.dup2(before, _STDERR)
            os.close(before)
            file.seek(0)
            lines += file.read(_LONGEST).decode(errors="replace").splitlines()
