"""What has happened and nobody was told yet: batches that have ended, and jobs that have failed."""

from collections.abc import Sequence

import msgspec

from fileq.errors import ErrorKind
from fileq.job import JobState
from fileq.ledger.columns import decode_path, read_error_kind
from fileq.ledger.database import Database

_ENDED = (
    "select id, watch_id is null and handed_over = 0 and queue = ? from batches where notified = 0 and not exists"
    " (select 1 from tallies where batch_id = batches.id and state in ('queued', 'running', 'waiting') and jobs > 0)"
)


class EndedBatch(msgspec.Struct, frozen=True):
    """A batch with no job left to do. `unwatched`: it was queued for later, and nobody has seen its end."""

    batch_id: int
    unwatched: bool


class UnreportedFailures(msgspec.Struct, frozen=True):
    """The failed jobs that nobody was told of. `since` is when the oldest failed, in seconds since the epoch;
    `goes_on` says whether a batch of theirs has more to do."""

    since: float
    goes_on: bool


class CauseCount(msgspec.Struct, frozen=True):
    """So many jobs failed for this cause; the remedy is that of one of them."""

    kind: ErrorKind
    jobs: int
    remedy: str


class FailureExample(msgspec.Struct, frozen=True):
    """A job that failed, and what it said."""

    source: str
    message: str


class PendingEvents:
    def __init__(self, database: Database) -> None:
        self._database = database

    def has_events(self) -> bool:
        """Return whether there may be anything to tell: a look that costs nothing."""
        with self._database.reading() as connection:
            batch = connection.execute(f"{_ENDED} limit 1", ("",)).fetchone()
            job = connection.execute("select 1 from jobs where needs_notice = 1 limit 1").fetchone()
        return batch is not None or job is not None

    def take_ended_batches(self, queue: str) -> list[EndedBatch]:
        """Return the batches that have ended since, and count them as told; those of `queue` may be unwatched."""
        with self._database.transaction() as connection:
            rows = connection.execute(f"{_ENDED} order by id", (queue,)).fetchall()
            connection.executemany("update batches set notified = 1 where id = ?", [(batch,) for batch, _ in rows])
        return [EndedBatch(batch, bool(unwatched)) for batch, unwatched in rows]

    def find_unreported_failures(self) -> UnreportedFailures | None:
        """Return since when jobs have failed that nobody was told of; None where there are none."""
        with self._database.reading() as connection:
            (since,) = connection.execute("select min(finished_at) from jobs where needs_notice = 1").fetchone()
            goes_on = connection.execute(
                "select 1 from (select distinct batch_id from jobs where needs_notice = 1) as theirs"
                " join tallies on tallies.batch_id = theirs.batch_id"
                " where state in ('queued', 'running', 'waiting') and jobs > 0 limit 1"
            ).fetchone()
        return None if since is None else UnreportedFailures(since, goes_on is not None)

    def count_causes(self, batch_ids: Sequence[int]) -> list[CauseCount]:
        """Return why jobs of these batches failed, the most frequent cause first."""
        sums: dict[ErrorKind, CauseCount] = {}
        with self._database.reading() as connection:
            for batch in batch_ids:
                for kind, jobs, remedy in connection.execute(
                    "select error_kind, count(*), max(error_hint) from jobs where batch_id = ? and state = ?"
                    " group by error_kind",
                    (batch, JobState.FAILED),
                ):
                    known = sums.get(kind, CauseCount(read_error_kind(kind), 0, remedy))
                    sums[kind] = msgspec.structs.replace(known, jobs=known.jobs + jobs)
        return sorted(sums.values(), key=lambda cause: (-cause.jobs, cause.kind))

    def count_unreported_causes(self) -> list[CauseCount]:
        """Return why jobs failed that nobody was told of, the most frequent cause first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select error_kind, count(*), max(error_hint) from jobs where needs_notice = 1"
                " group by error_kind order by count(*) desc, error_kind"
            ).fetchall()
        return [CauseCount(read_error_kind(kind), jobs, remedy) for kind, jobs, remedy in rows]

    def list_unreported_failures(self, limit: int) -> list[FailureExample]:
        """Return the first of the failed jobs that nobody was told of."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select source, error_message from jobs where needs_notice = 1 order by batch_id, finished_at limit ?",
                (limit,),
            ).fetchall()
        return [FailureExample(decode_path(source), message) for source, message in rows]

    def mark_failures_notified(self, batch_ids: Sequence[int] | None = None) -> None:
        """Record that somebody was told of the failed jobs: those of these batches, or all."""
        with self._database.transaction() as connection:
            if batch_ids is None:
                connection.execute("update jobs set needs_notice = 0 where needs_notice = 1")
            else:
                connection.executemany(
                    "update jobs set needs_notice = 0 where needs_notice = 1 and batch_id = ?",
                    [(batch,) for batch in batch_ids],
                )
