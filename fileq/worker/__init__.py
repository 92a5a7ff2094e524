"""The work: slots with killable children, from a claim to its end, and what dead workers leave."""

from fileq.worker.consumer import StopReason, Worker
from fileq.worker.slot import SlotActivity

__all__ = ["SlotActivity", "StopReason", "Worker"]
