"""The forgetting of finished jobs that a person names; what they made stays on disk, and is known for fileq's own."""

from collections.abc import Sequence

from fileq.config.settings import ScheduleSettings
from fileq.ledger import Ledger
from fileq.retention.purge import Purge

_AT_ONCE = 500


def forget_jobs(ledger: Ledger, job_ids: Sequence[int], now: float, schedule: ScheduleSettings) -> int:
    """Have finished jobs be listed and counted no more, and return how many were; those that have not ended stay.

    Of those without which a file would be made twice, or an output taken for an original, a tombstone stays. Raises
    LedgerError.
    """
    purge = Purge(ledger, float("inf"), now, lambda: False, schedule)
    return sum(purge.purge_these(job_ids[start : start + _AT_ONCE]) for start in range(0, len(job_ids), _AT_ONCE))
