"""Retention: old outputs are removed where they are still the files that fileq wrote, and old jobs purged.

A file that somebody changed stays, and so does every source, all that fileq did not write, and whatever a symbolic
link leads to, also when somebody swaps files and folders for links meanwhile.
"""

from fileq.retention.cleanup import clean
from fileq.retention.result import CleanupResult, PathList
from fileq.retention.undo import UndoResult, undo_batch

__all__ = ["CleanupResult", "PathList", "UndoResult", "clean", "undo_batch"]
