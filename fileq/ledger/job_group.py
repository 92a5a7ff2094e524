"""Which jobs a question is about: those of a batch, those that one command follows, or all."""

import json
from collections.abc import Iterable


class JobGroup:
    """The jobs of a batch, if there is one, and others by their ids: what one command was asked for."""

    def __init__(self, batch_id: int | None, job_ids: Iterable[int]) -> None:
        self.batch_id = batch_id
        self.job_ids = frozenset(job_ids)
        self.ids_json = json.dumps(sorted(self.job_ids))


Scope = int | JobGroup | None
"""A batch by its number, a group, or all jobs."""


def scope_sql(scope: Scope) -> tuple[str, list[object]]:
    """Return the SQL condition on the table of jobs, and its values."""
    if scope is None:
        return "true", []
    if isinstance(scope, JobGroup):
        chosen = "batch_id = ? or jobs.id in (select cast(value as bigint) from json_each(?))"
        return f"({chosen})", [scope.batch_id, scope.ids_json]
    return "batch_id = ?", [scope]


def is_within(scope: Scope, job_id: int, batch_id: int) -> bool:
    """Return whether a job of this batch is meant."""
    if isinstance(scope, JobGroup):
        return batch_id == scope.batch_id or job_id in scope.job_ids
    return scope in (None, batch_id)
