"""Sources of watched folders that are to go once their jobs have ended, and where to."""

from collections.abc import Iterable

import msgspec

from fileq.job import JobState
from fileq.ledger.database import Database
from fileq.ledger.files import restored, stored


class Departure(msgspec.Struct, frozen=True):
    """A source as it was when its jobs were entered, and its jobs' states now.

    `done_to` and `failed_to` are folders; "" deletes the source, None leaves it. `target` is its new path, once
    that was chosen.
    """

    id: int
    source: str
    version: str
    inode: int
    done_to: str | None
    failed_to: str | None
    target: str | None
    states: frozenset[JobState]

    @property
    def to(self) -> str | None:
        """Where it goes, now that all its jobs have ended."""
        if self.states == {JobState.DONE}:
            return self.done_to
        return self.failed_to if JobState.FAILED in self.states else None


class Departures:
    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, source: str, version: str, inode: int, done_to: str | None, failed_to: str | None) -> int:
        """The departure of this version of a source, which its jobs are then to name."""
        with self._database.transaction() as connection:
            (departure,) = connection.execute(
                "insert into departures (source, version, inode, done_to, failed_to) values (?, ?, ?, ?, ?)"
                " on conflict (source, version) do update set done_to = excluded.done_to,"
                " failed_to = excluded.failed_to, inode = excluded.inode returning id",
                (stored(source), version, inode, _stored(done_to), _stored(failed_to)),
            ).fetchone()
        return int(departure)

    def bind(self, jobs: Iterable[int], departure: int) -> None:
        with self._database.transaction() as connection:
            connection.executemany("update jobs set departure = ? where id = ?", [(departure, job) for job in jobs])

    def ready(self, jobs: Iterable[int] | None = None) -> list[Departure]:
        """The departures all of whose jobs have ended: of these jobs, or all there are."""
        with self._database.reading() as connection:
            if jobs is None:
                ids = connection.execute(
                    "select id from departures where not exists (select 1 from jobs where departure = departures.id"
                    " and state in ('queued', 'running', 'waiting'))"
                ).fetchall()
            else:
                ids = [
                    row
                    for job in jobs
                    for row in connection.execute(
                        "select departure from jobs where id = ? and departure is not null", (job,)
                    )
                ]
            found = [self._departure(departure) for (departure,) in dict.fromkeys(ids)]
        return [one for one in found if one is not None and all(state.is_final for state in one.states)]

    def _departure(self, departure: int) -> Departure | None:
        with self._database.reading() as connection:
            row = connection.execute(
                "select source, version, inode, done_to, failed_to, target from departures where id = ?", (departure,)
            ).fetchone()
            states = connection.execute("select distinct state from jobs where departure = ?", (departure,)).fetchall()
        if row is None:
            return None
        source, version, inode, done_to, failed_to, target = row
        return Departure(
            departure, restored(source), version, inode, _restored(done_to), _restored(failed_to), _restored(target),
            frozenset(JobState(state) for (state,) in states),
        )  # fmt: skip

    def jobs(self, departure: int) -> list[int]:
        with self._database.reading() as connection:
            return [job for (job,) in connection.execute("select id from jobs where departure = ?", (departure,))]

    def choose(self, departure: int, target: str) -> bool:
        """Write down where it goes, before it moves; False where another goes there already."""
        with self._database.transaction(durable=True) as connection:
            taken = connection.execute(
                "select 1 from departures where target = ? and id <> ?", (stored(target), departure)
            ).fetchone()
            if taken is None:
                connection.execute("update departures set target = ? where id = ?", (stored(target), departure))
        return taken is None

    def over(self, departure: int) -> None:
        """It has gone, or it is to stay."""
        with self._database.transaction() as connection:
            connection.execute("update jobs set departure = null where departure = ?", (departure,))
            connection.execute("delete from departures where id = ?", (departure,))


def _stored(path: str | None) -> str | bytes | None:
    return path if path is None else stored(path)


def _restored(value: str | bytes | None) -> str | None:
    return value if value is None else restored(value)
