"""The file that people mean, before anything is known of it but its status."""

import msgspec

from fileq.files.identity import format_version


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A regular file that was found.

    `folder` is the one that it lies in, `relative` is that below the base of the tree, "" at its top. `named` says that
    the file was named itself, and not found in a folder, by a pattern or in a list; `nested`, that it was found in a
    sub-folder of what was named.
    """

    path: str
    name: str
    folder: str
    relative: str
    size: int
    mtime_ns: int
    inode: int
    named: bool = False
    nested: bool = False

    @property
    def version(self) -> str:
        """Return what changes when the file's content does."""
        return format_version(self.size, self.mtime_ns)
