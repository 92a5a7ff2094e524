"""What a shell is told at a TAB: words that may come next, or that files or folders may.

The shell's script (see scripts.py) starts fileq with SHELL_VARIABLE in its environment, and with the words up to the
cursor as arguments. The first line of the answer says whether files or folders fit too; each further line is a word, a
tab, and what it is about.
"""

import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress

SHELL_VARIABLE = "_FILEQ_COMPLETE"
"""The environment variable that asks for words; its value is the shell's name."""

_SPECIAL_IN_BASH = frozenset(" '\"\\()&;|<>$`*?[]{}#!~")


def answer_shell(words: Sequence[str]) -> None:
    """Write what may come after `words`, of which the last is begun, to stdout; nothing where anything goes wrong."""
    shell = os.environ[SHELL_VARIABLE]
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]  # it is a stream
    with suppress(Exception), open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stderr = nowhere
        print(_answer(list(words), shell))  # noqa: T201  # there is no display
    sys.stderr = sys.__stderr__


def _answer(words: list[str], shell: str) -> str:
    from fileq.cli.completion.line import read_line
    from fileq.cli.completion.values import Completion, complete

    words = _without_bash_quirks(words) if shell == "bash" else words
    line = read_line(words[:-1], words[-1] if words else "")
    found = complete(line)
    # Bash breaks words at an equals sign, and replaces what is behind it alone.
    prefix = "" if shell == "bash" else line.prefix
    begun = line.incomplete
    fitting = [one for one in found.words if one.word.startswith(begun)]
    if shell == "bash":
        fitting = [Completion(_quoted(one.word)) for one in fitting]
    lines = [f"{prefix}{one.word}\t{' '.join(one.about.split())}" for one in fitting]
    return "\n".join([found.paths, *lines])


def _quoted(word: str) -> str:
    return "".join(f"\\{one}" if one in _SPECIAL_IN_BASH else one for one in word)


def _without_bash_quirks(words: list[str]) -> list[str]:
    """Return the words as they were meant: unquoted, and in one piece where Bash has cut --recipe=web at the sign."""
    whole: list[str] = []
    for word in words:
        if whole and whole[-1].startswith("--") and word == "=":
            whole[-1] += "="
        elif whole and whole[-1].startswith("--") and whole[-1].endswith("="):
            whole[-1] += _unquoted(word)
        else:
            whole.append(_unquoted(word))
    return whole


def _unquoted(word: str) -> str:
    try:
        parts = shlex.split(word)
    except ValueError:  # a quotation mark that is open still
        return word.lstrip("'\"")
    return parts[0] if len(parts) == 1 else word
