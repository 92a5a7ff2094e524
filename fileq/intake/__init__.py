"""The one way in: what is new goes into the ledger, and its messages into the queue.

`add_files` takes what people name; a WatchIntake, in `watch_intake`, takes what comes into a watched folder.
"""

from fileq.intake.add_request import AddRequest, AddResult, add_files, foresee_jobs
from fileq.intake.enrollment import IntakeOutcome, IntakePlan, JobRequest, RepeatRule

__all__ = [
    "AddRequest",
    "AddResult",
    "IntakeOutcome",
    "IntakePlan",
    "JobRequest",
    "RepeatRule",
    "add_files",
    "foresee_jobs",
]
