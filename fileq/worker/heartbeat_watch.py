"""For how long this process itself has seen no heartbeat of each worker, whatever the clock on the wall does."""

import time
from collections.abc import Callable, Iterable

from fileq.ledger.tables.workers import WorkerRecord

_LONGEST_GAP = 120.0
"""Seconds between two looks that count as silence. Looks come each minute: in a longer gap we slept or were stopped,
and with us, as it may be, the worker."""


class HeartbeatWatch:
    """What one process has seen of the workers, look by look. `clock` is in seconds, and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[int, tuple[float, float]] = {}  # by worker: its heartbeat, and the seconds without another
        self._looked_at = clock()

    def look(self, workers: Iterable[WorkerRecord]) -> dict[int, float]:
        """Return, by a worker's id, the seconds for which its heartbeat has been the same; 0 at the first look."""
        now = self._clock()
        passed, self._looked_at = min(now - self._looked_at, _LONGEST_GAP), now
        seen: dict[int, tuple[float, float]] = {}
        for worker in workers:
            beat_at, silence = self._seen.get(worker.id, (None, 0.0))
            seen[worker.id] = (worker.beat_at, silence + passed if beat_at == worker.beat_at else 0.0)
        self._seen = seen
        return {worker_id: silence for worker_id, (_, silence) in seen.items()}
