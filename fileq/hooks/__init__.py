"""Hooks: a function, a program or a URL is called once a job or a batch has ended, in the background, with retries.

What is to be told is written into the ledger by the transaction that ends the job (`ledger/triggers.sql`); each worker
delivers what its config has a hook for, beside its jobs: `dispatcher.py`, `delivery.py`. What a function of a hook is
called with is a `HookEvent`.
"""

from fileq.hooks.event import HookedBatch, HookedError, HookedJob, HookedOutput, HookEvent

__all__ = ["HookEvent", "HookedBatch", "HookedError", "HookedJob", "HookedOutput"]
