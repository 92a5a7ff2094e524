"""How long jobs took that ended in a stretch of time. Nothing here changes anything."""

from collections.abc import Sequence

import msgspec

from fileq.ledger.columns import read_row
from fileq.ledger.database import Database

_LATEST = 20_000
"""So many jobs tell how long they take: with all that a quarter of an hour may hold, it were seconds."""


class RecipeDurations(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs of one recipe that ended in one state, done or failed, and the seconds that their last tries took.

    `within` is how many took no longer than each bound that was asked for.
    """

    recipe_name: str
    state: str
    jobs: int
    seconds: float
    within: tuple[int, ...]


class Durations:
    def __init__(self, database: Database) -> None:
        self._database = database

    def total_durations(self, since: float, bounds: Sequence[float]) -> list[RecipeDurations]:
        """Return what ended after `since`, in seconds since the epoch, by recipe and state: of the last 20,000 jobs.

        Purged ones don't count.
        """
        counts = "".join(", sum(case when took <= ? then 1 else 0 end)" for _ in bounds)
        with self._database.reading() as connection:
            rows = connection.execute(
                f"select recipes.name, state, count(*), sum(took){counts} from"  # noqa: S608  # ours
                " (select recipe_id, state, max(0, finished_at - started_at) as took from jobs"
                " where finished_at > ? and started_at is not null and purged_at is null"
                " and (state = 'done' or state = 'failed') order by finished_at desc limit ?) as ended"
                " join recipes on recipes.id = recipe_id group by recipes.name, state order by recipes.name, state",
                (*bounds, since, _LATEST),
            ).fetchall()
        return [
            read_row(RecipeDurations, (name, state, jobs, seconds, tuple(map(int, within))))
            for name, state, jobs, seconds, *within in rows
        ]
