"""What a worker that ends with its queue waits for, and what it does about jobs that nobody comes to."""

import time
from collections.abc import Collection

from fileq import control, queue
from fileq.ledger import Ledger
from fileq.worker.recovery import recover

_SEND_INTERVAL = 1.0
_RECOVERY_INTERVAL = 5.0
"""Seconds. Others may have taken jobs of this queue, and die with them: nobody else may be there to see that."""


class QueueDrain:
    """The end of a queue, and of the jobs that its worker has adopted. `moment` is monotonic, in seconds."""

    def __init__(self, ledger: Ledger, name: str, heartbeat: float) -> None:
        self._ledger = ledger
        self._queue = name
        self._heartbeat = heartbeat
        self._adopted: list[int] = []
        self._sent_at = self._recovered_at = time.monotonic()

    def adopt(self, job_ids: Collection[int]) -> None:
        """Wait for the end of these jobs too, wherever they run, and do those that others leave."""
        self._adopted += job_ids

    def has_work_left(self) -> bool:
        """Return whether a job of the queue, or an adopted one, has not ended yet."""
        if self._ledger.jobs.has_unfinished_jobs(self._queue):
            return True
        self._adopted = self._ledger.jobs.filter_unfinished_jobs(self._adopted) if self._adopted else []
        return bool(self._adopted)

    def pick_up_lost_jobs(self, moment: float) -> None:
        """Send again what no message names, and what others had and left; to be called while there is nothing to do."""
        if moment - self._sent_at < _SEND_INTERVAL:
            return
        self._sent_at = moment
        control.bring_waiting_jobs_forward(self._ledger, self._ledger.now())
        control.resend_jobs(self._ledger, self._queue, self._ledger.now(), patience=0.0)
        if moment - self._recovered_at >= _RECOVERY_INTERVAL:
            self._recovered_at = moment
            recover(self._ledger, self._ledger.now(), self._heartbeat)
        if self._adopted:
            queue.adopt_due_jobs(self._ledger, self._queue, self._adopted, self._ledger.now())
