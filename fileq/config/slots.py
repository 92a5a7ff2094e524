"""How many jobs a worker does at a time."""

import os

from fileq.config import Config


def slot_count(asked_for: int | None, config: Config) -> int:
    """Return how many jobs run at a time: as asked for, as the config says, or one for each CPU that we may use."""
    return asked_for or config.settings.worker.workers or _cpus()


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):  # a container or taskset may leave us fewer
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
