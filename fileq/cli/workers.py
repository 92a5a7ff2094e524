"""The workers that are really there, and how many slots one of our own has."""

import os
import time

from fileq.config import Config
from fileq.ledger import Ledger
from fileq.ledger.tables.workers import WorkerRecord, is_worker_gone

NO_WORKER_HINT = "No worker is running. Start one with: fileq worker"


def live_workers(ledger: Ledger, config: Config) -> list[WorkerRecord]:
    """Return the workers whose process is there, or was heard of lately where it is on another host."""
    heartbeat = config.settings.worker.heartbeat
    return [worker for worker in ledger.workers.list_workers() if not is_worker_gone(worker, time.time(), heartbeat)]


def is_worker_alive(ledger: Ledger, config: Config) -> bool:
    """Return whether a worker is there, by a look that costs nothing where one has just said so."""
    fresh = time.time() - 2 * config.settings.worker.heartbeat
    return any(worker.heartbeat_at > fresh for worker in ledger.workers.list_workers()) or bool(
        live_workers(ledger, config)
    )


def slot_count(option: int | None, config: Config) -> int:
    """Return how many jobs run at a time: as asked for, as the config says, or one for each CPU that we may use."""
    return option or config.settings.worker.workers or _cpus()


def _cpus() -> int:
    if hasattr(os, "sched_getaffinity"):  # a container or taskset may leave us fewer
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
