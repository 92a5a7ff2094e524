"""Where on disk a file of Django's is."""

import os
from typing import Any

from fileq.api.arguments import PathLike
from fileq.errors import UsageError


def locate_file(file: Any) -> PathLike:
    """Return the path of a file that is named by one, or that has a storage and a name, as an upload of a model has.

    Raises UsageError where there is none on this machine.
    """
    storage = getattr(file, "storage", None)
    if storage is None:
        if not isinstance(file, str | bytes | os.PathLike):
            raise UsageError(
                f"{file!r} is no path, and has no storage.", "Give a path, or an upload such as row.image."
            )
        return file
    if not file.name:
        raise UsageError("This field has no file.", "Add it once something was uploaded.")
    if not getattr(file, "_committed", True):
        raise UsageError(f"{file.name} was uploaded, and is not saved yet.", "Save the row first.")
    return locate_name(storage, file.name)


def locate_name(storage: Any, name: str) -> str:
    """Return the path of a file in a storage. Raises UsageError where the storage has no files on this machine."""
    try:
        return str(storage.path(name))
    except NotImplementedError:
        raise UsageError(
            f"{storage.__class__.__name__} keeps {name} where no path leads to it, and fileq reads files by paths.",
            "Use a storage on a disk that server and worker share, such as FileSystemStorage.",
        ) from None


def name_in_storage(storage: Any, path: str) -> str:
    """Return the name that a storage has for a path; the path itself where it lies outside of the storage."""
    root = locate_name(storage, "")
    for base, place in ((root, path), (os.path.realpath(root), os.path.realpath(path))):
        if place.startswith(os.path.join(base, "")):
            return os.path.relpath(place, base).replace(os.sep, "/")
    return path
