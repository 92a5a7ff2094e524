"""What was done in a stretch of time: from `since` on, and before `until`. Nothing here changes anything.

A job counts by when it ended. Bytes and outputs are those of done jobs. Purged jobs don't count.
"""

import msgspec

from fileq.errors import ErrorKind
from fileq.job import JobState
from fileq.ledger.columns import decode_path, read_error_kind, read_row
from fileq.ledger.database import Database

QUARTER = 900
"""Seconds. Jobs are summed up by the quarter of an hour: clocks of all zones are whole quarters apart."""

_ENDED = "finished_at >= ? and finished_at < ? and state in ('done', 'failed') and purged_at is null"

_TOOK = "case when {0}.finished_at > {0}.started_at then {0}.finished_at - {0}.started_at else 0 end"

# Of a job that was tried again, all tries of this stretch.
_SECONDS = (
    f"case when attempts = 1 then {_TOOK.format('jobs')} else"  # noqa: S608  # ours
    f" (select coalesce(sum({_TOOK.format('tried')}), 0) from attempts as tried"
    " where tried.job_id = jobs.id and tried.started_at >= jobs.added_at"
    " and tried.finished_at >= ? and tried.finished_at < ?) end"
)


class WorkTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Jobs of one recipe that ended in one quarter of an hour, which began at `start`, in one of the final states."""

    start: int
    recipe_name: str
    state: JobState
    jobs: int
    bytes_in: int
    bytes_out: int
    outputs: int
    seconds: float


class FormatTotal(msgspec.Struct, frozen=True):
    format: str
    outputs: int
    bytes: int


class FailedJob(msgspec.Struct, frozen=True):
    """A job that failed."""

    job_id: int = msgspec.field(name="job")  # as `report --json` calls it
    source: str
    message: str


class FailureCause(msgspec.Struct, frozen=True, kw_only=True):
    """How many jobs failed for one cause, what would fix the newest of them, and which that is."""

    kind: ErrorKind
    count: int
    hint: str
    example: FailedJob


class WatchTotal(msgspec.Struct, frozen=True):
    """A watched folder, and how many jobs came by it and ended."""

    path: str
    jobs: int
    failed: int


class HostTotal(msgspec.Struct, frozen=True):
    """A host, how many jobs its workers have ended, and how many of them failed. `seconds` is the time of all slots."""

    host: str
    jobs: int
    failed: int
    seconds: float


class RemovalTotal(msgspec.Struct, frozen=True):
    """What retention removed. `kept_changed` is what it kept at its last cleaning, as somebody had changed it.

    A sum would count the same files every night.
    """

    outputs: int
    bytes: int
    kept_changed: int


class SourceRecord(msgspec.Struct, frozen=True):
    """A source, as it was when it was read."""

    path: str
    bytes: int
    mtime_ns: int


class OutputRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An output, and the version of its file (see fileq.files.identity.version_of)."""

    path: str
    version: str
    format: str
    width: int
    height: int
    bytes: int


class BeforeAndAfter(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipe made of a source: the largest of its outputs."""

    job_id: int
    recipe_name: str
    finished_at: float
    before: SourceRecord
    after: OutputRecord


class History:
    def __init__(self, database: Database) -> None:
        self._database = database

    def total_work(self, since: float, until: float) -> list[WorkTotal]:
        """Return what ended, summed up by quarter of an hour, recipe and final state."""
        with self._database.reading() as connection:
            names = dict(connection.execute("select id, name from recipes"))
            rows = connection.execute(
                "select cast(finished_at / ? as integer) as quarter, recipe_id, state, count(*), sum(size),"  # noqa: S608  # ours
                f" sum(bytes_out), sum(outputs), sum({_SECONDS}) from jobs where {_ENDED}"
                " group by quarter, recipe_id, state order by quarter",
                (QUARTER, since, until, since, until),
            ).fetchall()
        return [
            read_row(WorkTotal, (quarter * QUARTER, names[recipe], JobState(state), *sums))
            for quarter, recipe, state, *sums in rows
        ]

    def count_sources(self, since: float, until: float) -> int:
        """Return how many different sources jobs had that ended."""
        with self._database.reading() as connection:
            (count,) = connection.execute(
                f"select count(distinct source) from jobs where {_ENDED}",  # noqa: S608  # ours
                (since, until),
            ).fetchone()
        return int(count)

    def total_formats(self, since: float, until: float) -> list[FormatTotal]:
        """Return the outputs of done jobs by their format, the most frequent first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select format, count(*), sum(outputs.bytes) from jobs join outputs on outputs.job_id = jobs.id"  # noqa: S608  # ours
                f" where {_ENDED} and state = 'done' and format is not null"
                " group by format order by 2 desc, format",
                (since, until),
            ).fetchall()
        return [FormatTotal(*row) for row in rows]

    def list_causes(self, since: float, until: float) -> list[FailureCause]:
        """Return why jobs failed, the most frequent cause first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select error_kind, among, error_hint, id, source, error_message from jobs join"  # noqa: S608  # ours
                " (select max(id) as newest, count(*) as among from jobs"
                f" where {_ENDED} and state = 'failed' group by error_kind) as newest_ones on newest = id"
                " order by among desc, error_kind",
                (since, until),
            ).fetchall()
        return [
            FailureCause(
                kind=read_error_kind(kind), count=count, hint=hint, example=FailedJob(job, decode_path(source), message)
            )
            for kind, count, hint, job, source, message in rows
        ]

    def total_watches(self, since: float, until: float) -> list[WatchTotal]:
        """Return all watched folders, also those by which nothing came."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, coalesce(sum(among), 0), coalesce(sum(failed), 0) from watches left join"  # noqa: S608  # ours
                " (select watch_id, count(*) as among, sum(case state when 'failed' then 1 else"
                " 0 end) as failed from jobs"
                f" join batches on batches.id = batch_id where {_ENDED} and watch_id is not null"
                " group by watch_id) as come"
                " on watch_id = watches.id group by watches.id, path order by path",
                (since, until),
            ).fetchall()
        return [WatchTotal(decode_path(path), *sums) for path, *sums in rows]

    def total_hosts(self, since: float, until: float) -> list[HostTotal]:
        """Return what each host has done, by its name."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select host, count(*), sum(case when state = 'failed' then 1 else 0 end),"  # noqa: S608  # ours
                f" sum({_TOOK.format('jobs')}) from jobs join attempts on job_id = jobs.id and number = jobs.attempts"
                f" where {_ENDED.replace('finished_at', 'jobs.finished_at')} and host <> ''"
                " group by host order by host",
                (since, until),
            ).fetchall()
        return [HostTotal(host, jobs, failed, round(seconds, 3)) for host, jobs, failed, seconds in rows]

    def total_removals(self, since: float, until: float) -> RemovalTotal:
        with self._database.reading() as connection:
            sums = connection.execute(
                "select coalesce(sum(outputs), 0), coalesce(sum(bytes), 0) from cleanings where"
                " cleaned_at >= ? and cleaned_at < ?",
                (since, until),
            ).fetchone()
            last = connection.execute(
                "select kept_changed from cleanings where cleaned_at >= ? and cleaned_at < ? order by"
                " cleaned_at desc, id desc limit 1",
                (since, until),
            ).fetchone()
        return RemovalTotal(*sums, *(last or (0,)))

    def count_vanished_outputs(self, since: float, until: float) -> int:
        """Return how many outputs were found to be gone, by no doing of ours."""
        with self._database.reading() as connection:
            (count,) = connection.execute(
                "select count(*) from outputs where vanished_at >= ? and vanished_at < ?", (since, until)
            ).fetchone()
        return int(count)

    def sample_jobs(self, since: float, until: float, most: int) -> dict[str, list[int]]:
        """Return, by recipe, about `most` done jobs that made something, evenly taken in the order they ended."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select name, id from (select recipes.name as name, jobs.id as id,"  # noqa: S608  # ours
                " row_number() over (partition by recipes.name order by finished_at, jobs.id) as place,"
                " count(*) over (partition by recipes.name) as among"
                f" from jobs join recipes on recipes.id = jobs.recipe_id where {_ENDED} and state = 'done'"
                " and outputs > 0) as done where place % (among / ? + 1) = 0 order by name, place",
                (since, until, most),
            )
            samples: dict[str, list[int]] = {}
            for name, job in rows:
                samples.setdefault(name, []).append(job)
        return samples

    def find_before_and_after(self, job_id: int) -> BeforeAndAfter | None:
        """Return a done job's source and its largest output; None where either is gone, as far as is known."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select jobs.id, recipes.name, finished_at, source, size, mtime_ns, path,"
                " published_version, format, width,"
                " height, bytes from jobs join recipes on recipes.id = jobs.recipe_id"
                " join outputs on outputs.job_id = jobs.id"
                " where jobs.id = ? and state = 'done' and published_version is not null and removed_at is null"
                " and vanished_at is null order by width * height desc, path limit 1",
                (job_id,),
            ).fetchone()
        if row is None:
            return None
        number, recipe, finished_at, source, size, mtime_ns, path, *output = row
        return BeforeAndAfter(
            job_id=number,
            recipe_name=recipe,
            finished_at=finished_at,
            before=SourceRecord(decode_path(source), size, mtime_ns),
            after=read_row(OutputRecord, (decode_path(path), *output)),
        )
