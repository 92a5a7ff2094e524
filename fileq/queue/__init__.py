"""The queue: what a message says, and how it is sent. Sending needs neither Huey nor what processes jobs."""

from fileq.queue.outbox import MAIN, PROCESS, send

__all__ = ["MAIN", "PROCESS", "send"]
