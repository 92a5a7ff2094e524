"""The names that walks, patterns, lists and watchers pass over."""

import fnmatch
import re

IGNORED = (
    ".*", "*.part", "*.partial", "*.crdownload", "*.download", "*.tmp", "*.filepart", "*~", "~$*",
    "thumbs.db", "desktop.ini", "__macosx", "lost+found", "system volume information", "$recycle.bin",
    "@eadir", "@recycle", "@recently-snapshot", "@__thumb", "#recycle", "#snapshot",  # of network drives
    "*.photoslibrary", "*.lrdata", "*.lrcat-data", "node_modules",  # full of what a program keeps for itself
)  # fmt: skip
"""Names, in lower case: hidden files, downloads under way, what systems and programs leave behind."""

_matches_ignored = re.compile("|".join(map(fnmatch.translate, IGNORED))).match


def is_ignored(name: str) -> bool:
    """Return whether walks and watchers pass over a file or folder of this name."""
    return _matches_ignored(name.lower()) is not None
