"""What happens to jobs: they are entered, claimed, and ended one way or another.

Whatever ends an attempt is guarded by its token: a worker that was thought dead can't end what another has begun.
"""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from fileq.job import Failure, Token
from fileq.ledger.columns import decode_path, encode_path, encode_text, read_row
from fileq.ledger.database import PARKED, UNFINISHED, UNSENT, Database


class Fenced(Exception):
    """The token is void: the job was given to another attempt, or cancelled."""


class JobCandidate(msgspec.Struct, frozen=True, kw_only=True):
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


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A job that this worker now has, with all that is needed to do it. `recipe` is JSON."""

    token: Token
    tries: int
    deaths: int
    priority: int
    source: str
    size: int
    mtime_ns: int
    recipe_json: str
    folder: str
    relative: str
    watched: bool
    """Whether it came by a watched folder."""
    inode: int | None = None
    """The source's, where it came by a watched folder, into which others may put files and links."""


class QueueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A job that waits for a message: at once, or at `due_at`. `size` is its source's, in bytes."""

    job_id: int
    priority: int
    due_at: float | None
    size: int


class Jobs:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._recipes: dict[int, str] = {}

    def upsert_recipe(self, name: str, fingerprint: str, recipe_json: str) -> int:
        """The id of a recipe as it is now, to be kept with its jobs."""
        with self._database.transaction() as connection:
            row = connection.execute("select id from recipes where recipe_json = ?", (recipe_json,)).fetchone()
            if row is None:
                row = connection.execute(
                    "insert into recipes (fingerprint, name, recipe_json) values (?, ?, ?) returning id",
                    (fingerprint, name, recipe_json),
                ).fetchone()
        return int(row[0])

    def insert_job(
        self,
        candidate: JobCandidate,
        batch_id: int,
        now: float,
        *,
        priority: int = 0,
        due_at: float | None = None,
    ) -> int | None:
        """Enter a candidate, and answer its job's id; None where such a job was there before."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "insert into jobs (batch_id, source, version, size, mtime_ns, recipe_id, fingerprint, folder, relative,"
                " inode, disposition_id, state, priority, due_at, added_at)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?)"
                " on conflict do nothing returning id",
                (batch_id, encode_path(candidate.source), candidate.version, candidate.size, candidate.mtime_ns,
                 candidate.recipe_id, candidate.fingerprint, encode_path(candidate.folder),
                 encode_path(candidate.relative), candidate.inode, candidate.disposition_id, priority, due_at, now),
            ).fetchone()  # fmt: skip
        return row and int(row[0])

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
    ) -> None:
        """Queue a job that had ended, in a new batch, with the recipe as it is now; a forgotten one is a job again.

        `inode` is the source's now; None leaves it as it was.
        """
        with self._database.transaction() as connection:
            connection.execute(
                "update jobs set batch_id = ?, state = 'queued', recipe_id = ?, priority = ?, due_at = ?, added_at = ?,"
                " tries = 0, deaths = 0, started_at = null, finished_at = null, error_kind = null,"
                " error_message = null, error_hint = null, note = '', outputs = 0, bytes_out = 0, needs_notice = 0,"
                " purged_at = null, inode = coalesce(?, inode)"
                " where id = ? and state in ('done', 'failed', 'cancelled')",
                (batch_id, recipe_id, priority, due_at, now, inode, job_id),
            )
            _unpark(connection, job_id)

    def claim_job(self, job_id: int, worker_id: int, now: float) -> Claim | None:
        """Take a queued job for this worker; None where another has it, it isn't to be done now, or all is paused.

        The attempt is counted before it starts, so that a file that kills its process can't do so for ever.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "update jobs set state = 'running', attempts = attempts + 1, tries = tries + 1, worker_id = ?,"
                " started_at = ?, finished_at = null, due_at = null,"
                " error_kind = null, error_message = null, error_hint = null"
                " where id = ? and state in ('queued', 'waiting') and (due_at is null or due_at <= ?)"
                " and not exists (select 1 from meta where key = 'paused')"
                " returning attempts, tries, deaths, priority, source, size, mtime_ns,"
                " recipe_id, folder, relative, inode,"
                " exists (select 1 from batches where batches.id = batch_id and watch_id is not null)",
                (worker_id, now, job_id, now),
            ).fetchone()
            if row is None:
                return None
            attempt, tries, deaths, priority, source, size, mtime_ns, recipe, folder, relative, inode, watched = row
            connection.execute(
                "insert into attempts (job_id, number, worker_id, started_at) values (?, ?, ?, ?)",
                (job_id, attempt, worker_id, now),
            )
            body = self._recipe_body(connection, recipe)
        return Claim(
            token=Token(job_id, attempt),
            tries=tries,
            deaths=deaths,
            priority=priority,
            source=decode_path(source),
            size=size,
            mtime_ns=mtime_ns,
            recipe_json=body,
            folder=decode_path(folder),
            relative=decode_path(relative),
            watched=bool(watched),
            inode=inode if watched else None,
        )

    def find_waiting_paths(self, job_id: int) -> tuple[str, str] | None:
        """Return a waiting job's source and the folder of its outputs; None where it doesn't wait."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select source, folder from jobs where id = ? and state = 'waiting'", (job_id,)
            ).fetchone()
        return row and (decode_path(row[0]), decode_path(row[1]))

    def postpone_job(self, job_id: int, due_at: float) -> QueueEntry | None:
        """Have a waiting job wait on until then, for the same reason."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "update jobs set due_at = ? where id = ? and state = 'waiting' returning id, priority, due_at, size",
                (due_at, job_id),
            ).fetchone()
        return row and read_row(QueueEntry, row)

    def _recipe_body(self, connection: sqlite3.Connection, recipe_id: int) -> str:
        if recipe_id not in self._recipes:
            row = connection.execute("select recipe_json from recipes where id = ?", (recipe_id,)).fetchone()
            self._recipes[recipe_id] = row[0] if row else ""  # no recipe: the attempt says it
        return self._recipes[recipe_id]

    def check_token(self, token: Token) -> None:
        """Raise Fenced where the token is void."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select 1 from jobs where id = ? and attempts = ? and state = 'running'", (token.job_id, token.attempt)
            ).fetchone()
        if row is None:
            raise Fenced

    def finish_attempt(self, token: Token, now: float, *, outputs: int, bytes_out: int, note: str) -> None:
        """The outputs are published and known: the job is done."""
        self._end(
            token, now, "done", "", "state = 'done', finished_at = ?, outputs = ?, bytes_out = ?, note = ?",
            (now, outputs, bytes_out, encode_text(note)),
        )  # fmt: skip

    def fail_attempt(self, token: Token, failure: Failure, now: float) -> None:
        """This was the job's last try."""
        self._end_badly(token, failure, now, "state = 'failed', needs_notice = 1, finished_at = ?", now)

    def cancel_attempt(self, token: Token, failure: Failure, now: float) -> None:
        """The source of a watched folder went, or became another, before it was done: nobody waits for this job."""
        self._end_badly(token, failure, now, "state = 'cancelled', finished_at = ?", now)

    def retry_attempt_later(self, token: Token, failure: Failure, due_at: float, now: float) -> QueueEntry:
        """The fault may pass: the job is to be tried again at `due_at`."""
        return self._end_badly(token, failure, now, "state = 'waiting', due_at = ?", due_at)

    def put_off_attempt(self, token: Token, failure: Failure, due_at: float, now: float) -> QueueEntry:
        """A folder that it needs can't be used: the job waits until then, and that was no try."""
        return self._end_badly(token, failure, now, "state = 'waiting', tries = tries - 1, due_at = ?", due_at)

    def _end_badly(self, token: Token, failure: Failure, now: float, change: str, moment: float) -> QueueEntry:
        return self._end(
            token, now, failure.kind, encode_text(failure.message),
            f"{change}, error_kind = ?, error_message = ?, error_hint = ?",
            (moment, failure.kind, encode_text(failure.message), encode_text(failure.hint)),
        )  # fmt: skip

    def return_attempt(self, token: Token, now: float) -> QueueEntry:
        """The worker stops before the attempt has ended: it doesn't count as a try."""
        return self._end(token, now, "stopped", "", "state = 'queued', tries = tries - 1", ())

    def lose_attempt(self, token: Token, now: float) -> QueueEntry:
        """The attempt was ended from outside, or its worker died: that is no fault of the job, and no try."""
        change = "state = 'queued', tries = tries - 1, deaths = deaths + 1"
        return self._end(token, now, "worker died", "", change, ())

    def _end(
        self, token: Token, now: float, outcome: str, message: str, change: str, values: Sequence[object]
    ) -> QueueEntry:
        with self._database.transaction() as connection:
            row = connection.execute(
                f"update jobs set {change} where id = ? and attempts = ? and state = 'running'"  # noqa: S608  # ours
                " returning id, priority, due_at, size",
                (*values, token.job_id, token.attempt),
            ).fetchone()
            if row is None:
                raise Fenced
            connection.execute(
                "update attempts set finished_at = ?, outcome = ?, message = ? where job_id = ? and number = ?",
                (now, outcome, message, token.job_id, token.attempt),
            )
        return read_row(QueueEntry, row)

    def find_orphans(self) -> list[tuple[Token, int]]:
        """What runs for a worker that is no longer entered, each with how often it was lost before."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"select id, attempts, deaths from jobs where {UNFINISHED} and state = 'running'"  # noqa: S608  # ours
                " and worker_id not in (select id from workers)"
            ).fetchall()
        return [(Token(job, attempt), deaths) for job, attempt, deaths in rows]

    def find_unsent_jobs(self, queue: str, now: float, *, patience: float, limit: int) -> list[QueueEntry]:
        """Return jobs of a queue that are due and have no message, the longest due ones first.

        A slot may hold the jobs of a message that it took, and come to them soon: those are left to it for `patience`
        seconds. Where the clock was set back, nobody knows how long that was, and they are returned.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "select jobs.id, priority, due_at, size from jobs join batches on batches.id = jobs.batch_id"  # noqa: S608  # ours
                f" where {UNSENT} and coalesce(due_at, 0) <= :now and queue = :queue"
                " and (taken_at is null or taken_at <= :now - :patience or taken_at > :now)"
                " order by due_at limit :limit",
                {"queue": queue, "now": now, "patience": patience, "limit": limit},
            ).fetchall()
        return [read_row(QueueEntry, row) for row in rows]

    def filter_unsent_jobs(self, job_ids: Iterable[int]) -> list[QueueEntry]:
        """Return those of these jobs that are still to be done and have no message, as it needs to know them."""
        with self._database.reading() as connection:
            rows = [
                connection.execute(
                    f"select id, priority, due_at, size from jobs where id = ? and {UNSENT}",  # noqa: S608  # ours
                    (job,),
                ).fetchone()
                for job in job_ids
            ]
        return [read_row(QueueEntry, row) for row in rows if row]

    def has_unfinished_jobs(self, queue: str) -> bool:
        """Whether anything of this queue is still queued, running or waiting."""
        with self._database.reading() as connection:
            return bool(
                connection.execute(
                    "select 1 from tallies join batches on batches.id = batch_id"
                    " where queue = ? and state in ('queued', 'running', 'waiting') and jobs > 0 limit 1",
                    (queue,),
                ).fetchone()
            )

    def retry_jobs(self, job_ids: Iterable[int]) -> list[QueueEntry]:
        """Queue failed and cancelled jobs again; answer those that were."""
        with self._database.transaction() as connection:
            rows = [
                connection.execute(
                    "update jobs set state = 'queued', tries = 0, deaths = 0, due_at = null, started_at = null,"
                    " finished_at = null, error_kind = null, error_message = null, error_hint = null, needs_notice = 0"
                    " where id = ? and state in ('failed', 'cancelled') and purged_at is null"
                    " returning id, priority, due_at, size, batch_id",
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
        """Cancel what has not ended; a running attempt's token is void from here on."""
        with self._database.transaction(durable=True) as connection:
            cancelled = []
            for job in job_ids:
                row = connection.execute(
                    "update jobs set state = 'cancelled', finished_at = ?, due_at = null"
                    " where id = ? and state in ('queued', 'waiting', 'running') returning id, attempts",
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


def _unpark(connection: sqlite3.Connection, job_id: int) -> None:
    """Have the source of a job that begins anew go, or stay, as this ends."""
    connection.execute(
        "update dispositions set retry_at = null where retry_at = ?"
        " and id = (select disposition_id from jobs where id = ?)",
        (PARKED, job_id),
    )
