"""The one way in: what is new goes into the ledger, and its messages into the queue.

`add` takes what people name; a Reception takes what comes into a watched folder.
"""

from fileq.intake.named import Receipt, Request, add, candidates
from fileq.intake.watched import Arrival, Became, Policy, Reception

__all__ = ["Arrival", "Became", "Policy", "Receipt", "Reception", "Request", "add", "candidates"]
