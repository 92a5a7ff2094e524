"""The one way in: what is new goes into the ledger, and its messages into the queue.

`add` takes what people name; a WatchIntake takes what comes into a watched folder.
"""

from fileq.intake.add_request import AddRequest, AddResult, add_files, candidates
from fileq.intake.watch_intake import Arrival, DispositionPolicy, IntakeOutcome, WatchIntake

__all__ = [
    "AddRequest",
    "AddResult",
    "Arrival",
    "DispositionPolicy",
    "IntakeOutcome",
    "WatchIntake",
    "add_files",
    "candidates",
]
