"""Notices: what happens is told to people, in the background, with retry, and no secret ever shows.

What is told goes into the ledger's outbox (`tell`, `gather`); `deliver` sends what is due there.
"""

from fileq.upkeep.notices.checking import send_now, unsent, unusable
from fileq.upkeep.notices.delivering import deliver
from fileq.upkeep.notices.gathering import gather
from fileq.upkeep.notices.telling import tell

__all__ = ["deliver", "gather", "send_now", "tell", "unsent", "unusable"]
