"""The import path of Pythons that fileq starts, without the working folder.

multiprocessing starts its servers as `python -c …`, which has the working folder first on its path: a stranger's
`socket.py` in an unpacked archive would be run. Programs of recipes are not meant by that, and get their environment as
it was.
"""

import os
from collections.abc import Mapping

_VARIABLE, _OURS = "PYTHONSAFEPATH", "fileq"


def exclude_working_folder() -> None:
    """Have every Python that this process starts leave the working folder out of its path."""
    os.environ.setdefault(_VARIABLE, _OURS)


def environment_without_safe_path(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what `exclude_working_folder` has put there."""
    return {name: value for name, value in environ.items() if (name, value) != (_VARIABLE, _OURS)}
