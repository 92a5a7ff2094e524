"""Which files of a tree are meant: --include and --exclude, by the rules of .gitignore.

Beside them: the ending of a name counts in capital and small letters alike, and braces are expanded as a shell does.
"""

import os
import re
from collections.abc import Iterable, Sequence

from fileq.braces import expand_braces
from fileq.errors import UsageError


class SourceFilter:
    """The patterns of one command. With none, every file is meant, and nothing is imported."""

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        """Raises UsageError where one is no pattern."""
        self._include = _Patterns("--include", include) if include else None
        self._exclude = _Patterns("--exclude", exclude) if exclude else None

    @property
    def takes_all(self) -> bool:
        """Whether there are no patterns."""
        return self._include is None and self._exclude is None

    def takes_file(self, paths: Iterable[str]) -> bool:
        """Return whether a file is meant that has these relative paths, each as seen from another folder."""
        paths = set(paths)
        if self._include is not None and not self._include.match_any(paths):
            return False
        return self._exclude is None or not self._exclude.match_any(paths)

    def takes_folder(self, paths: Iterable[str]) -> bool:
        """Return whether what lies in a folder with these relative paths may be meant."""
        return self._exclude is None or not self._exclude.match_any({f"{path}/" for path in paths if path})

    def takes_named(self, path: str) -> bool:
        """Return whether a folder that is named itself may be meant, with this path as people see it.

        A pattern of wildcards alone is about what is in the folder.
        """
        return self._exclude is None or not self._exclude.match_named(path)

    def unused(self) -> list[str]:
        """Return what to say of each pattern that has matched nothing up to now."""
        used = [patterns for patterns in (self._include, self._exclude) if patterns is not None]
        return [f"{patterns.option} {text!r} matched nothing." for patterns in used for text in patterns.unused]


class _Patterns:
    def __init__(self, option: str, texts: Sequence[str]) -> None:
        from pathspec import GitIgnoreSpec  # noqa: PLC0415  # most commands have no patterns, and it takes 80 ms

        self.option = option
        try:
            lines = {text: [_line(one) for one in expand_braces(text)] for text in texts}
            ordered = [line for text in texts for line in lines[text]]
            self._spec = GitIgnoreSpec.from_lines(ordered)
            self._of_named = GitIgnoreSpec.from_lines(_about_named(ordered))
            self.unused = {text: GitIgnoreSpec.from_lines(map(_positive, lines[text])) for text in texts}
        except ValueError as error:
            hint = "The rules are those of .gitignore: a name, *.jpg, private/, or **/drafts/*.png."
            raise UsageError(f"{option} {_wrong(texts)} is no pattern.", hint) from error

    def match_any(self, paths: set[str]) -> bool:
        """Return whether any of the paths is matched, and remember which patterns have been of use."""
        folded = [_fold_endings(path) for path in paths]
        for text in [text for text, spec in self.unused.items() if any(map(spec.match_file, folded))]:
            del self.unused[text]
        return any(map(self._spec.match_file, folded))

    def match_named(self, path: str) -> bool:
        """Return whether a named folder is matched with all that it holds."""
        found = bool(path) and self._of_named.match_file(f"{_fold_endings(path)}/")
        if found:
            self.match_any({f"{path}/", f"{path}/_"})
        return found


def _about_named(lines: Sequence[str]) -> list[str]:
    """Return the lines that a folder may be left out by as a whole: private/** is about private as well."""
    literal = [line for line in lines if line.strip("*?/")]
    if any(line.startswith("!") for line in lines):
        return literal
    return [re.sub(r"/\*\*?$", "", line) for line in literal]


def _line(pattern: str) -> str:
    """Return the pattern as a line of .gitignore, where # and spaces at the end would mean something else."""
    pattern = _fold_endings(_from_working_folder(pattern))
    if pattern.startswith("#"):
        pattern = f"\\{pattern}"
    bare = pattern.rstrip(" ")
    return bare + "\\ " * (len(pattern) - len(bare))


def _from_working_folder(pattern: str) -> str:
    """Return a pattern that people wrote like a path, absolute or with ./, as seen from the working folder."""
    here = os.getcwd().rstrip(os.sep) + os.sep
    return "/" + pattern.removeprefix("./").removeprefix(here) if pattern.startswith(("./", here)) else pattern


def _positive(line: str) -> str:
    return line.removeprefix("!")


def _fold_endings(path: str) -> str:
    """Return the path with the ending of each part in small letters, and on one line."""
    parts = (part.rpartition(".") for part in path.replace("\n", "_").split("/"))
    return "/".join(f"{stem}{dot}{ending.lower() if dot else ending}" for stem, dot, ending in parts)


def _wrong(texts: Sequence[str]) -> str:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415  # see above

    for text in texts:
        try:
            GitIgnoreSpec.from_lines([_line(text)])
        except ValueError:
            return repr(text)
    return repr(texts[-1])
