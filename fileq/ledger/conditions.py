"""Conditions on jobs and messages that several statements share, word by word, and the moment that is never due."""

UNFINISHED = "state in ('queued', 'running', 'waiting')"
"""SQLite uses the index of unfinished jobs for queries that repeat its condition word by word, and scans else."""

NAMED_JOBS = (
    "json_each(case when json_valid(cast(data as text)) then cast(data as text) else '{}' end, '$.args') as named"
)
"""The ids of the jobs that a message in the table `task` names, as `value`: none where it is no message of ours."""

NAMES_NO_UNFINISHED = (
    "json_valid(cast(data as text)) and json_extract(cast(data as text), '$.args[0]') is not null"  # noqa: S608  # ours
    " and not exists (select 1"
    " from json_each(cast(data as text), '$.args') as named join jobs on jobs.id = named.value"
    f" where {UNFINISHED})"
)
"""Whether a message of ours in the table `task` is about nothing that is to be done."""

ENDED = "state in ('done', 'failed', 'cancelled', 'superseded')"
"""What nothing more will happen to by itself."""

UNSENT = "message_id is null and state in ('queued', 'waiting')"
"""The condition of the index of jobs that no message names."""

IN_ROOTS = "roots <> '' and state in ('queued', 'running', 'waiting')"
"""The condition of the index of unfinished jobs that need roots."""

LEAVING = (
    "exists (select 1 from dispositions where dispositions.id = jobs.disposition_id"
    " and (retry_at is null or retry_at < 9e999))"
)
"""Whether a job's source is yet to go, or to be said to stay: its disposition is not parked."""

PARKED = float("inf")
"""When a disposition is tried again that has nothing to do until one of its jobs is retried."""
