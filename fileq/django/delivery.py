"""The end of a job is told: first to the row, then to the receivers of the signal."""

from typing import Any

from django.db import close_old_connections

from fileq.django.keys import RowReference, find_row
from fileq.django.rows import update_versions
from fileq.django.signals import job_ended
from fileq.hooks.event import HookedJob, HookEvent


def deliver_end(event: HookEvent) -> None:
    """Bring the row up to date whose job it is, and send the signal. All receivers are called, whatever one raises.

    Raises what the first receiver that went wrong has raised: then all are called again later.
    """
    assert event.job is not None
    close_old_connections()
    try:
        _send(event.id, event.job)
    finally:
        close_old_connections()


def _send(event_id: str, job: HookedJob) -> None:
    row = find_row(job.key)
    instance = None
    if row is not None:
        update_versions(row.field, row.pk, row.using, (row.token, job.recipe, job.id))
        instance = _load(row)
    answers = job_ended.send_robust(
        sender=None if row is None else row.field.model,
        job=job,
        key=job.key,
        state=job.state,
        instance=instance,
        event_id=event_id,
    )
    for _, answer in answers:
        if isinstance(answer, Exception):
            raise answer


def _load(row: RowReference) -> Any:
    return row.field.model._base_manager.using(row.using).filter(pk=row.pk).first()  # noqa: SLF001  # Django's own way
