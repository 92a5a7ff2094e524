"""Which job a path belongs to, and which file fileq published there."""

from collections.abc import Sequence
from dataclasses import dataclass

from fileq.job import JobState, Made
from fileq.ledger.database import Database
from fileq.ledger.files import restored, stored


@dataclass(frozen=True, slots=True)
class Owner:
    """The job that a path belongs to. `versions` are those that its own file there can have."""

    job: int
    source: str
    recipe: str
    state: JobState
    versions: frozenset[str]


@dataclass(frozen=True, slots=True)
class Published:
    """A file under its final name."""

    made: Made
    version: str
    inode: int


class Outputs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def owner(self, path: str) -> Owner | None:
        with self._database.reading() as connection:
            row = connection.execute(
                "select jobs.id, source, recipes.name, state, coming, stands"
                " from outputs join jobs on jobs.id = outputs.job join recipes on recipes.id = jobs.recipe"
                " where path = ?",
                (stored(path),),
            ).fetchone()
        if row is None:
            return None
        job, source, recipe, state, coming, stands = row
        return Owner(job, restored(source), recipe, JobState(state), frozenset({coming, stands} - {None}))

    def is_a_source(self, path: str) -> bool:
        """Whether some job has this path as its source."""
        with self._database.reading() as connection:
            row = connection.execute("select 1 from jobs where source = ? limit 1", (stored(path),)).fetchone()
        return row is not None

    def reserve(self, path: str, job: int, temp: str) -> None:
        """The path is this job's from now on, and its file comes into being at `temp`."""
        with self._database.transaction() as connection:
            connection.execute(
                "insert into outputs (path, job, temp) values (?, ?, ?)"
                " on conflict (path) do update set job = excluded.job, temp = excluded.temp",
                (stored(path), job, stored(temp)),
            )

    def publishing(self, path: str, job: int, version: str) -> None:
        """A file of this version is about to get its final name. After a crash we know it by that."""
        with self._database.transaction() as connection:
            connection.execute(
                "update outputs set coming = ? where path = ? and job = ?", (version, stored(path), job)
            )

    def published(self, job: int, outputs: Sequence[Published], now: float) -> None:
        with self._database.transaction() as connection:
            connection.executemany(
                "update outputs set temp = null, coming = null, stands = ?, inode = ?, bytes = ?, format = ?,"
                " width = ?, height = ?, published_at = ? where path = ? and job = ?",
                [
                    (output.version, output.inode, output.made.bytes, output.made.format, output.made.width,
                     output.made.height, now, stored(output.made.path), job)
                    for output in outputs
                ],
            )  # fmt: skip

    def temps(self, job: int) -> list[str]:
        """The temp files that an unfinished attempt at a job may have left."""
        with self._database.reading() as connection:
            rows = connection.execute("select temp from outputs where job = ? and temp is not null", (job,)).fetchall()
        return [restored(temp) for (temp,) in rows]

    def release(self, job: int) -> None:
        """The job's attempt is over: paths that nothing was published under are free again."""
        with self._database.transaction() as connection:
            connection.execute(
                "delete from outputs where job = ? and temp is not null and stands is null and coming is null", (job,)
            )
            connection.execute("update outputs set temp = null where job = ? and temp is not null", (job,))

    def paths(self, job: int) -> list[str]:
        """Where the outputs of a job are to stand."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path from outputs where job = ? and stands is not null", (job,)
            ).fetchall()
        return [restored(path) for (path,) in rows]
