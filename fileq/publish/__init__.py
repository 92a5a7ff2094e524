"""The one way out: whose an output's path is, and how a finished temp file gets its final name.

Nothing partial ever stands under a final name, nothing of anybody else's is overwritten unless the recipe says so,
and an attempt that was given up for dead publishes nothing.
"""

from fileq.publish.completion import complete, restore_displaced
from fileq.publish.folders import find_source_drive_away
from fileq.publish.publication import EncodedJob, Refused, discard, publish
from fileq.publish.reservation import reserve

__all__ = [
    "EncodedJob",
    "Refused",
    "complete",
    "discard",
    "find_source_drive_away",
    "publish",
    "reserve",
    "restore_displaced",
]
