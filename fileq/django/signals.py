"""What a project is told."""

from django.dispatch import Signal

job_ended = Signal()
"""A job has ended: it is done, failed or cancelled. It is sent in a process beside the worker's.

`sender` is the model where the job is of a VersionsField, else None. Receivers are called with `job`, a
`fileq.hooks.HookedJob`; its `state` and `key`; `instance`, the row as it is now, or None where it is gone or the job is
of no row; and `event_id`, which is the same when the same end is told again.
"""
