"""Sources as walks and watchers find them, of files that stand somewhere."""

import os

from fileq.sources import SourceFile


def source_at(path, top=None):
    """The file at `path`, found below the folder `top`: else in the folder that it lies in."""
    status = os.stat(path)
    folder, name = os.path.split(str(path))
    relative = os.path.relpath(folder, top).replace(".", "", 1) if top else ""
    return SourceFile(
        path=str(path), name=name, folder=folder, relative=relative, size=status.st_size, mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
    )  # fmt: skip
