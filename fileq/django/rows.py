"""What a row asks for goes into the queue, and what became of that comes back into the row."""

from __future__ import annotations

import os
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from msgspec.structs import replace

from fileq.api.job_handle import JobHandle
from fileq.api.queue import Queue
from fileq.django.connection import open_queue
from fileq.django.fields import VersionsField
from fileq.django.files import locate_file, locate_name, name_in_storage
from fileq.django.keys import row_key
from fileq.django.uploads import change_record, new_record
from fileq.django.versions import PENDING, QUEUED, STATE, TOKEN, UPLOAD, combine_states
from fileq.errors import ErrorKind, MissingPathsError, NotFoundError
from fileq.job import JobState
from fileq.recipes.recipe import Recipe

_QUEUED: dict[str, Any] = {STATE: QUEUED}


def queue_versions(field: VersionsField, pk: Any, using: str) -> None:
    """Queue what a row asks for and is not in the queue yet. It may be done twice, and by several at once.

    Raises what opening the queue and adding raise.
    """
    row = _read_row(field, pk, using)
    record = {} if row is None else row.__dict__[field.attname]
    if not record.get(PENDING):
        return
    queue, file = open_queue(), field.source_file(row)
    if (upload := str(file.name or "")) != record[UPLOAD]:  # it was changed, or taken away, behind the model's back
        token, record = record[TOKEN], new_record(field, upload)
        change_record(field, pk, using, lambda now: record if now.get(TOKEN) == token else now)
        if not upload:
            return
    missing = [name for name in field.recipes if _is_to_be_queued(record.get(name, _QUEUED))]
    queued = _queue_recipes(queue, field, missing, file, row_key(field, using, record[TOKEN], pk))

    def put_in(now: dict[str, Any]) -> dict[str, Any]:
        if now.get(TOKEN) != record[TOKEN]:  # there is a newer upload
            return now
        known = {name: _mirror(queue, file, name, entry) for name, entry in queued.items()}
        return _complete(field, {**now, **{name: one for name, one in known.items() if "job" not in now.get(name, {})}})

    change_record(field, pk, using, put_in)


def update_versions(field: VersionsField, pk: Any, using: str, told: tuple[str, str, int] | None = None) -> None:
    """Have a row say what became of its jobs, as the queue knows them now: nothing that is told late does harm.

    `told` is the token, the recipe's name and the id of a job whose end was told, which the row may not know of yet.
    Raises what opening the queue raises, LedgerError.
    """
    row = _read_row(field, pk, using)
    if row is None:
        return
    queue, file = open_queue(), field.source_file(row)

    def look(now: dict[str, Any]) -> dict[str, Any]:
        entries = {name: now[name] for name in field.recipes if name in now}
        if told is not None and told[0] == now.get(TOKEN) and _is_to_be_queued(entries.get(told[1], {})):
            entries[told[1]] = {**_QUEUED, "job": told[2]}
        return _complete(field, {**now, **{name: _mirror(queue, file, name, one) for name, one in entries.items()}})

    if look(row.__dict__[field.attname]) != row.__dict__[field.attname]:
        change_record(field, pk, using, look)


def _read_row(field: VersionsField, pk: Any, using: str) -> Any:
    """Return a row with its upload and its record alone; None where it is gone."""
    rows = field.model._base_manager.using(using).filter(pk=pk)  # noqa: SLF001  # Django's own way
    return rows.only(field.source, field.name).first()


def _is_to_be_queued(entry: dict[str, Any]) -> bool:
    return entry.get(STATE) == QUEUED and "job" not in entry


def _complete(field: VersionsField, record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with the state of all its versions, and whether one is to be queued."""
    entries = [record[name] for name in field.recipes if name in record]
    if not entries:
        return record
    state = combine_states([entry[STATE] for entry in entries])
    return {**record, STATE: state, PENDING: any(_is_to_be_queued(entry) for entry in entries)}


def _queue_recipes(
    queue: Queue, field: VersionsField, names: list[str], file: Any, key: str
) -> dict[str, dict[str, Any]]:
    """Queue an upload for recipes, in one transaction; return what the row is to say of each."""
    recipes = [_version_recipe(queue, field, name, file.storage) for name in names]
    try:
        path = os.fsdecode(locate_file(file))
        if not os.path.lexists(path):  # of a file that is gone the name may be a pattern of others
            return dict.fromkeys(names, _gone(file))
        receipt = queue.add(path, recipes, key=key, priority=field.priority)
    except SuspiciousFileOperation:
        return dict.fromkeys(names, _outside(file))
    except MissingPathsError:
        return dict.fromkeys(names, _gone(file))
    jobs = {job.recipe: {**_QUEUED, "job": job.id} for job in receipt.jobs}
    return {name: jobs.get(name) or _refused(name, path) for name in names}


def _gone(file: Any) -> dict[str, Any]:
    return _failed(ErrorKind.MISSING, f"The upload {os.path.basename(file.name)} is gone.", "Upload it again.")


def _outside(file: Any) -> dict[str, Any]:
    message = f"The upload {os.path.basename(file.name)} lies outside of the folder for uploads."
    return _failed(ErrorKind.PERMISSION, message, "Upload it again.")


def _refused(name: str, path: str) -> dict[str, Any]:
    message = f"{os.path.basename(path)} is no file for {name}, by its name."
    return _failed(ErrorKind.UNSUPPORTED, message, "Upload a file of another format.")


def _version_recipe(queue: Queue, field: VersionsField, name: str, storage: Any) -> Recipe:
    """Return the recipe of a version: under its name, with its place, and giving way to files of other uploads.

    Raises NotFoundError, ConfigError, UsageError.
    """
    recipe = queue.recipe(field.recipes[name])
    out = recipe.out if field.out is None else os.path.join(locate_name(storage, ""), field.out)
    return replace(
        recipe, name=name, out=out, on_conflict="rename" if recipe.on_conflict == "fail" else recipe.on_conflict
    )


def _mirror(queue: Queue, file: Any, name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return what a row is to say of a version as its job is now. Where that is lost, it is to be queued anew."""
    if "job" not in entry:
        return entry
    job = _find_own_job(queue, entry["job"], file, name)
    if job is None:
        return entry if entry[STATE] != QUEUED else _QUEUED
    if not job.has_ended:
        return {**_QUEUED, "job": job.id}
    return _ended(job, file.storage)


def _find_own_job(queue: Queue, job_id: int, file: Any, name: str) -> JobHandle | None:
    """Return the job of an upload; None where it is gone or superseded, or another one has its number.

    That is so after the queue's database was replaced: other people's pictures must not be shown for that.
    """
    try:
        job = queue.job(job_id)
    except NotFoundError:
        return None
    try:
        is_own = job.recipe == name and bool(file) and job.source == os.path.abspath(os.fsdecode(locate_file(file)))
    except SuspiciousFileOperation:
        return None
    return job if is_own and job.state is not JobState.SUPERSEDED else None


def _ended(job: JobHandle, storage: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {STATE: str(job.state), "job": job.id}
    if job.state is JobState.DONE:
        entry["files"] = [
            {
                "name": name_in_storage(storage, output.path),
                "format": output.format,
                "width": output.width or None,
                "height": output.height or None,
                "bytes": output.bytes,
            }
            for output in job.outputs
        ]
    elif job.error is not None:
        message = _without_folders(job.error.message, job.source, storage)
        entry["error"] = {"kind": str(job.error.kind), "message": message, "hint": job.error.hint}
    return entry


def _without_folders(message: str, source: str, storage: Any) -> str:
    """Return a message that visitors may see: where on the server the files are is none of their business."""
    return message.replace(source, os.path.basename(source)).replace(os.path.join(locate_name(storage, ""), ""), "")


def _failed(kind: ErrorKind, message: str, hint: str) -> dict[str, Any]:
    return {STATE: str(JobState.FAILED), "error": {"kind": str(kind), "message": message, "hint": hint}}
