"""The files that are meant by what people name: each file itself, each folder walked, by one set of rules."""

import os
import stat
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import msgspec

from fileq.sources.expansion import NamedPath, expand_paths, relative_to, tree_base
from fileq.sources.file import SourceFile
from fileq.sources.ignored import is_ignored
from fileq.sources.patterns import SourceFilter
from fileq.sources.scope import RecipeScope

_SORTED_AT_ONCE = 10_000


class SourceQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What people name: paths and patterns, those of a list, and what is meant of all that.

    `base` is the absolute folder as seen from which the tree is kept; None is what all that is named has in common.
    """

    paths: Sequence[str]
    listed: Sequence[str] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    recursive: bool = True
    base: str | None = None


class FolderOfTree(NamedTuple):
    """A folder: its path, that as seen from the base of the tree, and whether it lies below what was named."""

    path: str
    relative: str
    nested: bool


class SourceFinder:
    """The files that a query means: iterate over it, once.

    They come sorted by name within a folder, or within each 10,000 names of a larger one: memory doesn't grow with
    their count. `problems` are folders and files that can't be read, `output_folders` those that were skipped as a
    recipe's outputs go there (by path, the name of the recipe), `ignored` counts files of patterns and lists that a
    walk passes over. `names_files` says that something beside folders was named; `named_folders` are these, by their
    absolute paths.
    """

    def __init__(self, query: SourceQuery, scope: RecipeScope) -> None:
        """Expand the paths. Raises MissingPathsError, UsageError."""
        self.problems: list[str] = []
        self.output_folders: dict[str, str] = {}
        self.ignored = 0
        self.filter = SourceFilter(query.include, query.exclude)
        self._named = expand_paths(query.paths, query.listed)
        self._by_hand = frozenset(named.path for named in self._named if named.by_hand)
        self.names_files = any(not named.is_folder for named in self._named)
        self.named_folders = [named.path for named in self._named if named.is_folder]
        self._base = tree_base(self._named, query.base)
        self._recursive = query.recursive
        self._scope = scope
        self._open_folders: dict[tuple[str, str, frozenset[str]], bool] = {}

    def __iter__(self) -> Iterator[SourceFile]:
        walked = ""
        for named in self._named:
            if not named.by_hand and ((walked and named.path.startswith(walked)) or not self._is_open(named)):
                continue
            if not named.is_folder:
                yield from self._named_file(named)
            elif self.filter.takes_all or self.filter.takes_named(self._typed(named.path)):
                yield from self._walk(named.path, named)
                walked = named.path.rstrip(os.sep) + os.sep if self._recursive else ""

    def _named_file(self, named: NamedPath) -> Iterator[SourceFile]:
        if self.filter.takes_all or self._takes_named_file(named):
            folder, name = os.path.split(named.path)
            place = FolderOfTree(folder, relative_to(folder, self._base), folder != named.root)
            source = self._source(named.path, name, place, by_hand=named.by_hand)
            if source is not None:
                yield source

    # What a pattern or a list has named

    def _is_open(self, named: NamedPath) -> bool:
        """Whether a walk from the root would come by what is named, which is no folder of outputs and not ignored."""
        folder, name = os.path.split(named.path)
        if named.path == named.root:
            return True
        if is_ignored(name) and name not in named.spelled:
            self.ignored += 1
            return False
        if not self._is_open_folder(folder, named.root, named.spelled):
            return False
        return not (named.is_folder and self._is_passed_over(folder, named.path))

    def _is_open_folder(self, folder: str, root: str, spelled: frozenset[str]) -> bool:
        key = (folder, root, spelled)
        if key not in self._open_folders:
            self._open_folders[key] = self._would_be_walked(folder, root, spelled)
        return self._open_folders[key]

    def _would_be_walked(self, folder: str, root: str, spelled: frozenset[str]) -> bool:
        if len(folder) <= len(root):
            return True
        above, name = os.path.split(folder)
        if not self._is_open_folder(above, root, spelled):
            return False
        if name in spelled:
            return True
        if is_ignored(name) or os.path.islink(folder):
            self.ignored += 1
            return False
        return not self._is_passed_over(above, folder)

    def _is_passed_over(self, above: str, path: str) -> bool:
        """Whether outputs of files in the folder `above` go to its sub-folder at `path`."""
        scope = self._scope.at(above, relative_to(above, self._base))
        for entry in self._entries(above):
            scope.note_file(entry.name)
        return self._note_output_folder(path, scope.recipe_of_subfolder(path))

    def _note_output_folder(self, path: str, recipe_name: str | None) -> bool:
        if self._scope.is_out(path):
            self.output_folders[path] = ""
        elif recipe_name is not None:
            self.output_folders[path] = recipe_name
        return path in self.output_folders

    def _takes_named_file(self, named: NamedPath) -> bool:
        typed = self._typed(named.path)
        if not self.filter.takes_named(os.path.dirname(typed)):
            return False
        return self.filter.takes_file([typed, relative_to(named.path, named.root)])

    def _typed(self, path: str) -> str:
        """Return a path as people see it: from the working folder, else from the base of the tree."""
        for above in self._views:
            if path.startswith(above):
                return path[len(above) :]
        return os.path.basename(path)

    @cached_property
    def _views(self) -> tuple[str, ...]:
        """The folders that paths are seen from, each with what follows it: asked for once, and not of each file."""
        return tuple(folder.rstrip(os.sep) + os.sep for folder in (os.getcwd(), self._base))

    # Walks

    def _walk(self, folder: str, named: NamedPath, below: str = "") -> Iterator[SourceFile]:
        """Yield the files of a folder that lies `below` the named one, and of its sub-folders."""
        folders: list[str] = []
        relative = relative_to(folder, self._base)
        place = FolderOfTree(folder, relative, nested=folder != named.root)
        scope = self._scope.at(folder, relative)
        for entry in self._entries(folder):
            if is_ignored(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
                continue
            scope.note_file(entry.name)
            if self._takes_walked(entry, below, relative):
                source = self._source(entry.path, entry.name, place, by_hand=False)
                if source is not None:
                    yield source
        for name in folders if self._recursive else ():
            path, inner = os.path.join(folder, name), os.path.join(below, name)
            if path in self._by_hand:  # it is walked by itself
                continue
            if self._note_output_folder(path, scope.recipe_of_subfolder(path)):
                continue
            if self.filter.takes_all or self.filter.takes_folder(
                [inner, relative_to(path, self._base), self._typed(path)]
            ):
                yield from self._walk(path, named, inner)

    def _takes_walked(self, entry: os.DirEntry[str], below: str, relative: str) -> bool:
        """Whether a file is meant, seen from the named folder, from the base of the tree, and from where people are.

        One that was named by hand comes by itself.
        """
        if entry.path in self._by_hand or (entry.is_symlink() and os.path.isdir(entry.path)):
            return False
        if self.filter.takes_all:
            return True
        name = entry.name
        return self.filter.takes_file(
            [os.path.join(below, name), os.path.join(relative, name), self._typed(entry.path)]
        )

    def _entries(self, folder: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                while some := sorted(islice(entries, _SORTED_AT_ONCE), key=lambda entry: entry.name):
                    yield from some
        except OSError as error:
            self.problems.append(f"{folder}: {error.strerror}")

    def _source(self, path: str, name: str, place: FolderOfTree, *, by_hand: bool) -> SourceFile | None:
        problem = "not a regular file"
        try:
            status = os.stat(path)
            if stat.S_ISREG(status.st_mode):
                return SourceFile(
                    path=path, name=name, folder=place.path, relative=place.relative, size=status.st_size,
                    mtime_ns=status.st_mtime_ns, inode=status.st_ino, named=by_hand, nested=place.nested,
                )  # fmt: skip
        except OSError as error:  # it vanished, or it is a link to nothing
            problem = str(error.strerror)
        if by_hand or self._scope.takes(name):  # sockets of programs concern nobody
            self.problems.append(f"{path}: {problem}")
        return None
