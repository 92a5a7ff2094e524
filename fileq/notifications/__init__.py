"""Notifications: what happens is told to people, in the background, with retries, and no secret ever shows.

What is to be told goes into the ledger's outbox; `deliver_notifications` sends what is due there.
"""

from fileq.notifications.delivery import deliver_notifications, describe_unsent, find_target_problems, send_now
from fileq.notifications.outbox import enqueue_event_notifications, enqueue_notification

__all__ = [
    "deliver_notifications",
    "describe_unsent",
    "enqueue_event_notifications",
    "enqueue_notification",
    "find_target_problems",
    "send_now",
]
