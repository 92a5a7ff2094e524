"""What a VersionsField shows of a row: a version for each recipe, with its state, and its file once it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fileq.django.files import locate_name

if TYPE_CHECKING:
    from fileq.api.job_handle import JobHandle
    from fileq.django.fields import VersionsField

UNTOLD, QUEUED, DONE = "none", "queued", "done"
"""States beside those of jobs that have ended: nothing was asked for yet, or it is on its way."""


UPLOAD, TOKEN, STATE, PENDING = RECORD_KEYS = ("upload", "token", "state", "pending")
"""What a row's record says beside its versions: the upload's name, what its jobs are known by, the state of all, and
whether something is not in the queue yet."""


class VersionError(NamedTuple):
    """Why a version was not made: one of the kinds of `fileq help errors`, a sentence, and what to do about it."""

    kind: str
    message: str
    hint: str


class VersionFile:
    """A file that was made."""

    def __init__(self, storage: Any, record: Mapping[str, Any]) -> None:
        self._storage = storage
        self.name: str = record["name"]
        self.format: str = record["format"]
        self.width: int | None = record["width"]
        self.height: int | None = record["height"]
        self.bytes: int = record["bytes"]

    def __repr__(self) -> str:
        return f"<VersionFile: {self.name}>"

    @property
    def url(self) -> str | None:
        """Its address, by the storage; None where the recipe has put it elsewhere."""
        return None if os.path.isabs(self.name) else str(self._storage.url(self.name))

    @property
    def path(self) -> str:
        """Its path."""
        return self.name if os.path.isabs(self.name) else locate_name(self._storage, self.name)


class Version:
    """What a recipe makes of an upload: `files`, once its state is done. `url` and the like are those of the first."""

    def __init__(self, name: str, storage: Any, record: Mapping[str, Any]) -> None:
        self.name = name
        self.state: str = record.get("state", UNTOLD)
        self.files = tuple(VersionFile(storage, file) for file in record.get("files", ()))
        self.error = VersionError(**record["error"]) if record.get("error") else None
        self.job_id: int | None = record.get("job")

    def __str__(self) -> str:
        return self.state

    def __repr__(self) -> str:
        return f"<Version: {self.name} {self.state}>"

    @property
    def is_ready(self) -> bool:
        """Whether its files are there."""
        return self.state == DONE

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state not in (UNTOLD, QUEUED)

    @property
    def job(self) -> JobHandle | None:
        """Its job, as the queue knows it; None where there is none yet. Raises NotFoundError where it is purged."""
        from fileq.django.connection import open_queue  # noqa: PLC0415  # pages need no queue

        return None if self.job_id is None else open_queue().job(self.job_id)

    @property
    def url(self) -> str | None:
        """The address of its file; None until that is there."""
        return self.files[0].url if self.files else None

    @property
    def path(self) -> str | None:
        """The path of its file; None until that is there."""
        return self.files[0].path if self.files else None

    @property
    def width(self) -> int | None:
        """The width of its picture in pixels; None until that is there."""
        return self.files[0].width if self.files else None

    @property
    def height(self) -> int | None:
        """The height of its picture in pixels; None until that is there."""
        return self.files[0].height if self.files else None

    def as_dict(self) -> dict[str, Any]:
        """Return what a page's script needs, for JSON."""
        return {
            "state": self.state,
            "url": self.url,
            "width": self.width,
            "height": self.height,
            "error": None if self.error is None else self.error._asdict(),
        }


class Versions(Mapping[str, Version]):
    """The versions of a row's upload, by the names of their recipes: `photo.versions.web`, `photo.versions["web"]`."""

    def __init__(self, field: VersionsField, record: Mapping[str, Any], storage: Any) -> None:
        self._field = field
        self.record = record
        """What the column holds."""
        self._storage = storage

    def __getitem__(self, name: str) -> Version:
        if name not in self._field.recipes:
            raise KeyError(name)
        return Version(name, self._storage, self.record.get(name, {}))

    def __getattr__(self, name: str) -> Version:
        if name.startswith("_") or name not in self._field.recipes:
            raise AttributeError(f"There is no version {name!r}; there are: {', '.join(self._field.recipes)}.")
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._field.recipes)

    def __len__(self) -> int:
        return len(self._field.recipes)

    def __str__(self) -> str:
        return ", ".join(f"{name}: {version}" for name, version in self.items())

    def __repr__(self) -> str:
        return f"<Versions: {self}>"

    @property
    def state(self) -> str:
        """The state of all: queued while one is on its way, then failed or cancelled where one is, else done."""
        return combine_states([version.state for version in self.values()])

    @property
    def are_ready(self) -> bool:
        """Whether all are done."""
        return self.state == DONE

    @property
    def have_ended(self) -> bool:
        """Whether nothing more happens by itself."""
        return all(version.has_ended for version in self.values())

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """Return what a page's script needs, for JSON."""
        return {name: version.as_dict() for name, version in self.items()}


def combine_states(states: list[str]) -> str:
    """Return the state of several versions together."""
    return next((state for state in (QUEUED, "failed", "cancelled", UNTOLD) if state in states), DONE)
