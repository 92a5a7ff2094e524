"""The one way out: whose an output's path is, and how a finished temp file gets its final name.

Nothing partial ever stands under a final name, nothing of anybody else's is overwritten unless the recipe says so,
and an attempt that was given up for dead publishes nothing.
"""

from fileq.publish.publication import (
    EncodedJob,
    Refusal,
    complete_attempt,
    discard_temps,
    publish_jobs,
    restore_displaced_files,
)
from fileq.publish.reservation import find_source_drive_away, reserve_outputs

__all__ = [
    "EncodedJob",
    "Refusal",
    "complete_attempt",
    "discard_temps",
    "find_source_drive_away",
    "publish_jobs",
    "reserve_outputs",
    "restore_displaced_files",
]
