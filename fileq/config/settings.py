"""What a config can say, and the defaults. Recipes are described in fileq.recipes.recipe."""

from typing import Annotated

import msgspec

from fileq.recipes.recipe import Recipe
from fileq.units import ByteSize, Duration

Positive = Annotated[int, msgspec.Meta(ge=1)]


class QueueSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[queue]"""

    database: str | None = None  # a path; None: fileq.db in the user's state folder


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[worker]"""

    workers: Annotated[int, msgspec.Meta(ge=0)] = 0  # 0: one for each CPU
    timeout: Duration = Duration(300)  # a job's longest attempt
    memory: ByteSize = ByteSize(2 * 2**30)  # what one job may use
    max_pixels: Positive = 300_000_000
    attempts: Positive = 3  # tries in all, for faults that may pass
    retry_delay: Duration = Duration(10)  # doubled at each try
    heartbeat: Duration = Duration(5)  # a worker that is silent for six of these is gone


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is in force: the built-in defaults with the config's own on top."""

    default: tuple[str, ...] = ("web",)  # the recipes of `add` and `run` without -r
    queue: QueueSettings = QueueSettings()
    worker: WorkerSettings = WorkerSettings()
    recipes: dict[str, Recipe] = {}  # the built-in ones too, each name with its recipe
