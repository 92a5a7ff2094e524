"""The folder of --out."""

import os

from fileq.config.paths import absolute_path
from fileq.errors import UsageError
from fileq.recipes.formats import format_of_name

_REMEDY = "Name a folder. The name of an output is --name '{stem}-small.{ext}'."


_MEDIA = ("image/", "video/", "audio/", "application/pdf")


def output_folder(out: str | None) -> str | None:
    """Return the absolute path that --out means, None where it isn't given. Raises UsageError where a file is there."""
    if out is None:
        return None
    if not out:
        raise UsageError("--out '' names no folder.", "Name one, or leave out --out.")
    folder = existing = absolute_path(out)
    while not os.path.lexists(existing) and os.path.dirname(existing) != existing:
        existing = os.path.dirname(existing)
    if os.path.lexists(existing) and not os.path.isdir(existing):
        raise UsageError(f"--out {out}: {existing} is a file, and outputs go into a folder.", _REMEDY)
    if _is_file_name(folder) and not os.path.isdir(folder):
        raise UsageError(f"--out {out} is the name of a file, and outputs go into a folder.", _REMEDY)
    return folder


def _is_file_name(path: str) -> bool:
    """Return whether a path ends like that of a picture, a film, a sound or a document."""
    if format_of_name(path) is not None:
        return True
    if not os.path.splitext(path)[1]:
        return False
    import mimetypes  # it takes 6 ms, and most folders have no ending

    kind, _ = mimetypes.MimeTypes().guess_type(path)  # without the files of the system, which take a while
    return kind is not None and kind.startswith(_MEDIA)
