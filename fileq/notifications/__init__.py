"""Notices: what happens is told to people, in the background, with retry, and no secret ever shows.

What is told goes into the ledger's outbox (`tell`, `gather`); `deliver` sends what is due there.
"""

from fileq.notifications.check import send_now, unsent, unusable
from fileq.notifications.delivery import deliver
from fileq.notifications.events import gather
from fileq.notifications.outbox import tell

__all__ = ["deliver", "gather", "send_now", "tell", "unsent", "unusable"]
