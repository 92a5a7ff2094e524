"""The jobs: they are inserted, wait for a message, are cancelled, superseded, and queued again."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from fileq.job import JobState
from fileq.ledger.columns import decode_path, encode_name, encode_path, read_row, roots_of
from fileq.ledger.conditions import ENDED, IN_ROOTS, PARKED, UNFINISHED, UNSENT
from fileq.ledger.database import Connection, Database
from fileq.roots import this_hosts_roots

_END_SUPERSEDED = "finished_at = coalesce(finished_at, :now), due_at = null, needs_notice = 0"


class JobCandidate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A source that was found, the recipe it is to go through, and where its outputs go."""

    source: str
    version: str
    size: int
    mtime_ns: int
    recipe_id: int
    fingerprint: str
    folder: str
    relative: str
    inode: int | None = None
    disposition_id: int | None = None


class QueueEntry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A job that waits for a message: at once, or at `due_at`. `size` is its source's, in bytes.

    `roots` are the names of those that its files lie in, with commas.
    """

    job_id: int
    priority: int
    due_at: float | None
    size: int
    roots: str = ""


Send = Callable[[Sequence[QueueEntry]], Mapping[int, int]]
"""Sends messages for jobs, and returns the message of each; of none, where that is told later, if at all."""


class Jobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def upsert_recipe(self, name: str, fingerprint: str, recipe_json: str) -> int:
        """Keep a recipe as it is now for its jobs, and return its id."""
        with self._database.transaction() as connection:
            row = connection.execute("select id from recipes where recipe_json = ?", (recipe_json,)).fetchone()
            if row is None:
                row = connection.execute(
                    "insert into recipes (fingerprint, name, recipe_json) values (?, ?, ?) returning id",
                    (fingerprint, name, recipe_json),
                ).fetchone()
        return int(row[0])

    def insert_jobs(
        self,
        candidates: Sequence[JobCandidate],
        batch_id: int,
        now: float,
        *,
        priority: int = 0,
        due_at: float | None = None,
        key: str | None = None,
        send: Send | None = None,
    ) -> list[int | None]:
        """Insert candidates as queued jobs, and return the jobs' ids; None for each that was there before.

        `send` has messages sent for them before, which they then know: to write that down later would cost as much as
        the rest. A message for one that was there is harmless.
        """
        with self._database.transaction() as connection:
            (first,) = connection.execute("select coalesce(max(id), 0) + 1 from jobs").fetchone()
            placed = [
                (job_id, one, source, folder, roots_of(source, folder))
                for job_id, one in enumerate(candidates, first)
                for source, folder in [(encode_path(one.source), encode_path(one.folder))]
            ]
            entries = [
                QueueEntry(job_id=job_id, priority=priority, due_at=due_at, size=one.size, roots=roots)
                for job_id, one, _, _, roots in placed
            ]
            message_of = send(entries) if send is not None else {}
            inserted = connection.executemany(
                "insert into jobs (id, batch_id, source, version, size, mtime_ns, recipe_id, fingerprint, folder,"
                " relative, inode, disposition_id, state, priority, due_at, added_at, roots, message_id, key)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                ((job_id, batch_id, source, one.version, one.size, one.mtime_ns, one.recipe_id,
                  one.fingerprint, folder, encode_name(one.relative), one.inode, one.disposition_id,
                  JobState.QUEUED, priority, due_at, now, roots, message_of.get(job_id), key)
                 for job_id, one, source, folder, roots in placed),
            ).rowcount  # fmt: skip
            ids = range(first, first + len(candidates))
            if inserted == len(candidates) or not candidates:
                return list(ids)
            there = {job_id for (job_id,) in connection.execute("select id from jobs where id >= ?", (first,))}
        return [job_id if job_id in there else None for job_id in ids]

    def requeue_job(
        self,
        job_id: int,
        batch_id: int,
        now: float,
        *,
        recipe_id: int,
        priority: int = 0,
        due_at: float | None = None,
        inode: int | None = None,
        key: str | None = None,
    ) -> None:
        """Queue a job that had ended, in a new batch, with the recipe as it is now; a tombstone is a job again.

        `inode` is the source's now, and `key` what it is known by from here on; None leaves each as it was.
        """
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set batch_id = ?, state = 'queued', recipe_id = ?, priority = ?, due_at = ?, added_at = ?,"  # noqa: S608  # ours
                " tries = 0, deaths = 0, started_at = null, finished_at = null, error_kind = null,"
                " error_message = null, error_hint = null, note = '', outputs = 0, bytes_out = 0, needs_notice = 0,"
                " purged_at = null, moved_to = null, inode = coalesce(?, inode), key = coalesce(?, key)"
                f" where id = ? and {ENDED}",
                (batch_id, recipe_id, priority, due_at, now, inode, key, job_id),
            )
            _unpark(connection, job_id)

    def give_key(self, job_id: int, key: str) -> None:
        """Have a job be known by a key, where it has none."""
        with self._database.transaction() as connection:
            connection.execute("update jobs set key = ? where id = ? and key is null", (key, job_id))

    def find_waiting_paths(self, job_id: int) -> tuple[str, str] | None:
        """Return a waiting job's source and the folder of its outputs; None where it doesn't wait."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select coalesce(moved_to, source), folder from jobs where id = ? and state = 'waiting'", (job_id,)
            ).fetchone()
        return row and (decode_path(row[0]), decode_path(row[1]))

    def postpone_job(self, job_id: int, due_at: float) -> QueueEntry | None:
        """Have a waiting job wait on until then, for the same reason."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "update jobs set due_at = ? where id = ? and state = 'waiting'"
                " returning id, priority, due_at, size, roots",
                (due_at, job_id),
            ).fetchone()
        return row and read_row(QueueEntry, row)

    def find_unsent_jobs(self, queue: str, now: float, *, patience: float, limit: int) -> list[QueueEntry]:
        """Return jobs of a queue that are due and have no message, the longest due ones first.

        A slot may hold the jobs of a message that it took, and come to them soon: those are left to it for `patience`
        seconds. Where the clock was set back, nobody knows how long that was, and they are returned.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "select jobs.id, priority, due_at, size, roots from jobs join batches on batches.id = jobs.batch_id"  # noqa: S608  # ours
                f" where {UNSENT} and coalesce(due_at, 0) <= :now and queue = :queue"
                " and (taken_at is null or taken_at <= :now - :patience or taken_at > :now)"
                " order by due_at nulls first limit :limit",
                {"queue": queue, "now": now, "patience": patience, "limit": limit},
            ).fetchall()
        return [read_row(QueueEntry, row) for row in rows]

    def filter_unsent_jobs(self, job_ids: Iterable[int]) -> list[QueueEntry]:
        """Return those of these jobs that are still to be done and have no message, as it needs to know them."""
        with self._database.reading() as connection:
            rows = [
                connection.execute(
                    f"select id, priority, due_at, size, roots from jobs where id = ? and {UNSENT}",  # noqa: S608  # ours
                    (job,),
                ).fetchone()
                for job in job_ids
            ]
        return [read_row(QueueEntry, row) for row in rows if row]

    def find_startable_jobs(self, job_ids: Iterable[int]) -> list[QueueEntry]:
        """Return those of these jobs that are queued or wait, whether a message names them or not."""
        with self._database.reading() as connection:
            rows = [
                connection.execute(
                    "select id, priority, due_at, size, roots from jobs"
                    " where id = ? and state in ('queued', 'waiting')",
                    (job_id,),
                ).fetchone()
                for job_id in job_ids
            ]
        return [read_row(QueueEntry, row) for row in rows if row]

    def bring_queued_jobs_forward(
        self, job_ids: Iterable[int], now: float, *, at_once: bool = True, priority: int = 0
    ) -> list[int]:
        """Have those of these jobs that were queued for later be due now, and raise priorities; return which changed.

        With `at_once` False their time stays. 0 raises no priority.
        """
        changed = []
        with self._database.transaction() as connection:
            for job_id in job_ids:
                changed += connection.execute(
                    "update jobs set due_at = case when :at_once and state = 'queued' then null else due_at end,"
                    " priority = max(priority, coalesce(nullif(:priority, 0), priority))"
                    " where id = :job and (:at_once and state = 'queued' and due_at > :now or"
                    " :priority <> 0 and priority < :priority and state in ('queued', 'waiting')) returning id",
                    {"job": job_id, "now": now, "at_once": at_once, "priority": priority},
                ).fetchall()
        return [job_id for (job_id,) in changed]

    def filter_unfinished_jobs(self, job_ids: Iterable[int]) -> list[int]:
        """Return those of these jobs that are still queued, running or waiting."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"select id from jobs where id in (select cast(value as bigint) from json_each(?)) and {UNFINISHED}",  # noqa: S608  # ours
                (json.dumps(list(job_ids)),),
            ).fetchall()
        return [job_id for (job_id,) in rows]

    def has_unfinished_jobs(self, queue: str) -> bool:
        """Return whether anything of this queue is still queued, running or waiting that this host can do."""
        with self._database.reading() as connection:
            some = connection.execute(
                "select 1 from tallies join batches on batches.id = batch_id"
                " where queue = ? and state in ('queued', 'running', 'waiting') and jobs > 0 limit 1",
                (queue,),
            ).fetchone()
            if some is None or connection.execute(f"select 1 from jobs where {IN_ROOTS} limit 1").fetchone() is None:  # noqa: S608  # ours
                return some is not None
            possible = this_hosts_roots().combinations()
            return bool(
                connection.execute(
                    "select 1 from jobs join batches on batches.id = batch_id"  # noqa: S608  # ours
                    f" where {UNFINISHED} and queue = ? and roots in ({', '.join('?' * len(possible))}) limit 1",
                    (queue, *possible),
                ).fetchone()
            )

    def retry_jobs(self, job_ids: Iterable[int]) -> list[QueueEntry]:
        """Queue failed and cancelled jobs again, and return those that were."""
        with self._database.transaction() as connection:
            rows = [
                connection.execute(
                    "update jobs set state = 'queued', tries = 0, deaths = 0, due_at = null, started_at = null,"
                    " finished_at = null, error_kind = null, error_message = null, error_hint = null, needs_notice = 0"
                    " where id = ? and state in ('failed', 'cancelled') and purged_at is null"
                    " returning id, priority, due_at, size, roots, batch_id",
                    (job,),
                ).fetchone()
                for job in job_ids
            ]
            for row in rows:
                if row:
                    _unpark(connection, row[0])
            # Their batches are to end once more, and that is to be told.
            batches = {(row[-1],) for row in rows if row}
            connection.executemany("update batches set notified = 0 where id = ? and notified = 1", batches)
        return [read_row(QueueEntry, row[:-1]) for row in rows if row]

    def cancel_jobs(self, job_ids: Iterable[int], now: float) -> list[int]:
        """Cancel what has not ended, and return its ids; a running attempt's token is void from here on.

        One whose outputs are just getting their names is past that: they will be there in a moment.
        """
        with self._database.transaction(durable=True) as connection:
            cancelled = []
            for job in job_ids:
                row = connection.execute(
                    "update jobs set state = 'cancelled', finished_at = ?, due_at = null"
                    " where id = ? and (state in ('queued', 'waiting') or state = 'running' and not exists (select 1"
                    " from outputs where job_id = jobs.id and pending_version is not null)) returning id, attempts",
                    (now, job),
                ).fetchone()
                if row:
                    cancelled.append(job)
                    connection.execute(
                        "update attempts set finished_at = ?, outcome = 'cancelled'"
                        " where job_id = ? and number = ? and finished_at is null",
                        (now, *row),
                    )
        return cancelled

    def supersede_older_jobs(
        self, job_ids: Iterable[int], now: float, *, nameless: str = "", rivals: Iterable[tuple[int, int]] = ()
    ) -> int:
        """Supersede what has not been done of other versions of these jobs' sources, and does not run; return how many.

        Other versions are those that go through the same recipe into the same folder, or through one that would make
        files of the same names there: `rivals` are pairs of ids, of a newer recipe and of an older one of that kind.
        What has failed is superseded too where the recipe has changed meanwhile, and goes by the same name; `nameless`
        is what is none.
        """
        pairs = json.dumps([f"{newer} {older}" for newer, older in rivals])
        with self._database.transaction() as connection:
            done = connection.executemany(
                f"update jobs set state = 'superseded', {_END_SUPERSEDED} where id in (select older.id"  # noqa: S608  # ours
                " from jobs as newer join jobs as older on older.source = newer.source and older.folder = newer.folder"
                " where newer.id = :job and older.id <> newer.id and older.purged_at is null"
                " and ((older.fingerprint = newer.fingerprint"
                " or newer.recipe_id || ' ' || older.recipe_id in (select value from json_each(:rivals)))"
                " and older.state in ('queued', 'waiting', 'failed', 'cancelled')"
                " or older.state = 'failed' and (select name from recipes where id = older.recipe_id)"
                " = (select nullif(name, :nameless) from recipes where id = newer.recipe_id)))",
                [{"job": job_id, "now": now, "nameless": nameless, "rivals": pairs} for job_id in job_ids],
            )
        return done.rowcount


def refresh_roots(connection: Connection, job_ids: Iterable[int]) -> None:
    """Record which roots these jobs need, as they have another source, place of it, or folder now."""
    if not this_hosts_roots().paths:  # who has none can't have touched anything in one
        return
    for job_id in job_ids:
        paths = connection.execute("select source, folder, moved_to from jobs where id = ?", (job_id,)).fetchone()
        if paths is not None:
            roots = roots_of(*(path for path in paths if path is not None))
            connection.execute("update jobs set roots = ? where id = ? and roots <> ?", (roots, job_id, roots))


def supersede_if_newer(connection: Connection, job_id: int, now: float) -> None:
    """Supersede a job that has failed, or is to be tried again, where a newer version of its source was queued."""
    superseded = connection.execute(
        f"update jobs set state = 'superseded', {_END_SUPERSEDED} where id = :job and state in ('failed', 'waiting')"  # noqa: S608  # ours
        " and exists (select 1 from jobs as newer where newer.source = jobs.source"
        " and newer.fingerprint = jobs.fingerprint and newer.folder = jobs.folder"
        # Numbers of batches grow, whatever the clock does.
        " and (newer.batch_id, newer.id) > (jobs.batch_id, jobs.id)"
        " and newer.state <> 'superseded' and newer.purged_at is null)",
        {"job": job_id, "now": now},
    )
    if superseded.rowcount:  # its failure is nobody's business: a newer version tells how it went
        connection.execute(
            "delete from hook_calls where job_id = ? and event = 'failed' and happened_at = ? and tries = 0",
            (job_id, now),
        )


def _unpark(connection: Connection, job_id: int) -> None:
    """Have the source of a job that begins anew go, or stay, as this ends."""
    connection.execute(
        "update dispositions set retry_at = null where retry_at = ?"
        " and id = (select disposition_id from jobs where id = ?)",
        (PARKED, job_id),
    )
