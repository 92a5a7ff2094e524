"""How it stands with watched folders: what the live view shows."""

from collections.abc import Sequence

import msgspec

from fileq.display.progress import Progress


class Awaited(msgspec.Struct, frozen=True):
    """A file that is waited for, why, and for how many seconds."""

    path: str
    reason: str
    seconds: float


class Watched(msgspec.Struct, frozen=True):
    """One folder. `waiting` is how many files are waited for, `awaited` are some of them."""

    path: str
    state: str
    problem: str
    queued: int
    waiting: int
    awaited: Sequence[Awaited]


class Watching(msgspec.Struct, frozen=True):
    """All folders, and how the work goes where it is done here too."""

    folders: Sequence[Watched]
    progress: Progress | None = None
