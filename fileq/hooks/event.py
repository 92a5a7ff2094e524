"""What a hook's function is called with. What programs and URLs get is the same, as JSON."""

import json
from datetime import datetime

import msgspec


class HookedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a job has made. What is no picture has no size in pixels."""

    path: str
    format: str
    width: int | None
    height: int | None
    bytes: int


class HookedError(msgspec.Struct, frozen=True, kw_only=True):
    """Why a job has failed: one of the kinds of `fileq help errors`, a sentence, and what to do about it."""

    kind: str
    message: str
    hint: str


class HookedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it was when it ended: done, failed or cancelled."""

    id: int
    batch: int
    source: str
    recipe: str
    state: str
    attempts: int
    priority: int
    added_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: HookedError | None
    outputs: tuple[HookedOutput, ...]
    key: str | None


class HookedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch all of whose jobs have ended. `jobs` says how many are in which state, `key` is one that all have."""

    batch: int
    added_at: datetime
    source: str
    folder: str
    recipes: tuple[str, ...]
    jobs: dict[str, int]
    bytes_in: int
    bytes_out: int
    outputs: int
    removed: bool
    key: str | None


class HookEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a job, or of a batch. It may come twice, then with the same `id`.

    `event` is job.done, job.failed, job.cancelled or batch.ended.
    """

    id: str
    event: str
    time: datetime
    job: HookedJob | None = None
    batch: HookedBatch | None = None


def decode_event(body: str | bytes) -> HookEvent:
    """Return the event of a body in JSON."""
    return msgspec.convert(json.loads(body), HookEvent)  # msgspec's own decoder takes no names that are not UTF-8
