"""The folder that people name for all outputs."""

import os

from fileq.config.paths import absolute_path
from fileq.errors import UsageError
from fileq.recipes.formats import format_of_name

_MEDIA = ("image/", "video/", "audio/", "application/pdf")


OPTION = "--out"
_REMEDY = "Name a folder. What an output itself is called says {}, such as '{{stem}}-small.{{ext}}'."


def output_folder(out: str | None, called: str = OPTION) -> str | None:
    """Return the absolute path that `out` means, None for None; `called` is what people know it by.

    Raises UsageError where a file is there.
    """
    if out is None:
        return None
    if not out:
        raise UsageError(f"{called} '' names no folder.", f"Name one, or leave out {called}.")
    remedy = _REMEDY.format("--name" if called == OPTION else "its name")
    folder = existing = absolute_path(out)
    while not os.path.lexists(existing) and os.path.dirname(existing) != existing:
        existing = os.path.dirname(existing)
    if os.path.lexists(existing) and not os.path.isdir(existing):
        raise UsageError(f"{called} {out}: {existing} is a file, and outputs go into a folder.", remedy)
    if _is_file_name(folder) and not os.path.isdir(folder):
        raise UsageError(f"{called} {out} is the name of a file, and outputs go into a folder.", remedy)
    return folder


def _is_file_name(path: str) -> bool:
    """Return whether a path ends like that of a picture, a film, a sound or a document."""
    if format_of_name(path) is not None:
        return True
    if not os.path.splitext(path)[1]:
        return False
    import mimetypes  # noqa: PLC0415  # it takes 6 ms, and most folders have no ending

    kind, _ = mimetypes.MimeTypes().guess_type(path)  # without the files of the system, which take a while
    return kind is not None and kind.startswith(_MEDIA)
