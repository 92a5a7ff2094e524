"""Attempts at jobs: they are claimed, and end one way or another.

Whatever ends an attempt is guarded by its token: a worker that was thought dead can't end what another has begun.
"""

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import msgspec

from fileq.job import Failure, Token
from fileq.ledger.columns import decode_name, decode_path, encode_text, read_row
from fileq.ledger.conditions import UNFINISHED
from fileq.ledger.database import Database, select_among, table_of_values
from fileq.ledger.tables.jobs import QueueEntry, supersede_if_newer
from fileq.presence import hostname
from fileq.roots import this_hosts_roots

_SLACK = 5.0
"""Seconds by which clocks of several hosts, and of one, may differ without having been set back."""


_CLAIMED = (
    "attempts, tries, deaths, priority, source, size, mtime_ns, recipe_id, folder, relative, fingerprint, inode,"
    " moved_to, exists (select 1 from batches where batches.id = batch_id and watch_id is not null)"
)
"""What a claim needs to know of a job, besides its id."""


_ENDED_COLUMNS = ("bigint", "bigint", "double precision", "double precision", "bigint", "bigint", "text")
"""The types of a token, and of what is said of an attempt that made outputs."""


class Fenced(Exception):
    """The token is void: the job was given to another attempt, or cancelled."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """A job that this worker now has, with all that is needed to do it."""

    token: Token
    worker_id: int
    tries: int
    deaths: int
    priority: int
    source: str
    size: int
    mtime_ns: int
    recipe_json: str
    folder: str
    relative: str
    fingerprint: str = ""
    watched: bool
    """Whether it came by a watched folder."""
    inode: int | None = None
    """The source's, where it came by a watched folder, into which others may put files and links."""
    moved_to: str | None = None
    """Where a watched folder has put the source since."""

    @property
    def location(self) -> str:
        """Return the path at which the source is read; it is called by `source` still."""
        return self.moved_to or self.source


class FinishedAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt whose outputs are published: how many, their bytes, and what is to be said on the job.

    `begun_at`, in seconds since the epoch: it may have been claimed a moment before, together with others.
    """

    token: Token
    begun_at: float
    outputs: int
    bytes_out: int
    note: str


class Attempts:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._recipes: dict[int, str] = {}

    def claim_jobs(
        self, job_ids: Sequence[int], worker_id: int, now: float, max_deaths: int | None = None
    ) -> list[Claim]:
        """Take queued jobs for this worker, and return them in this order, without those that it can't have now.

        Another may have one, it may not be due, or all is paused. The attempt is counted before it starts, so that a
        file that kills its process can't do so for ever. For the same reason one that was lost before is taken alone:
        who dies with several has them all lost; and one that was lost more than `max_deaths` times is not taken. Nor is
        one that needs a root which this host hasn't.
        """
        most = 0 if len(job_ids) > 1 else max_deaths
        lost = "" if most is None else f" and deaths <= {most:d}"
        among = f"id in ({', '.join('?' * len(job_ids))})"
        claim = (
            "update jobs set state = 'running', attempts = attempts + 1, tries = tries + 1, worker_id = ?,"  # noqa: S608  # ours
            " started_at = ?, finished_at = null, due_at = null,"
            " error_kind = null, error_message = null, error_hint = null"
            f" where {among} and state in ('queued', 'waiting') and (due_at is null or due_at <= ?)"
            " and (roots = '' or roots in (select value from json_each(?)))"
            f" and not exists (select 1 from meta where key = 'paused'){lost}"
            f" returning id, {_CLAIMED}"
        )
        begin = (  # what follows a claim, whether it was one or not: of a claim, there is no such attempt yet
            "insert into attempts (job_id, number, worker_id, started_at, host)"  # noqa: S608  # ours
            " select id, attempts, worker_id, started_at, ? from jobs"
            f" where {among} and state = 'running' and worker_id = ? and started_at = ? on conflict do nothing"
        )
        here = json.dumps(this_hosts_roots().combinations())
        claimed, _ = self._database.execute_together(
            (claim, (worker_id, now, *job_ids, now, here)), (begin, (hostname(), *job_ids, worker_id, now))
        )
        claims = {job_id: self._read_claim(job_id, worker_id, now, *facts) for job_id, *facts in claimed}
        return [claims[job_id] for job_id in dict.fromkeys(job_ids) if job_id in claims]

    def find_lost_jobs(self, job_ids: Sequence[int], min_deaths: int) -> set[int]:
        """Return those of these jobs that are queued, or wait for another try, and were lost so often at least."""
        query = f"select id from jobs where state in ('queued', 'waiting') and deaths >= {min_deaths:d} and id in"  # noqa: S608  # ours
        with self._database.reading() as connection:
            return {job_id for (job_id,) in select_among(connection, query, job_ids)}

    def _read_claim(self, job_id: int, worker_id: int, now: float, attempt: int, tries: int, *facts: Any) -> Claim:
        deaths, priority, source, size, mtime_ns, recipe, folder, relative, fingerprint, inode, moved, watched = facts
        return Claim(
            token=Token(job_id, attempt, now),
            worker_id=worker_id,
            tries=tries,
            deaths=deaths,
            priority=priority,
            source=decode_path(source),
            size=size,
            mtime_ns=mtime_ns,
            recipe_json=self._recipe_body(recipe),
            folder=decode_path(folder),
            relative=decode_name(relative),
            fingerprint=fingerprint,
            watched=bool(watched),
            inode=inode if watched else None,
            moved_to=None if moved is None else decode_path(moved),
        )

    def withdraw_claims(self, job_ids: Iterable[int], worker_id: int, claimed_at: float) -> None:
        """Undo what this worker has claimed of these jobs at that very moment, and not begun; each is queued again.

        An attempt's number may so be given twice: two tokens differ by the moments of their claims.
        """
        with self._database.transaction() as connection:
            for job_id in job_ids:
                withdrawn = connection.execute(
                    "update jobs set state = 'queued', attempts = attempts - 1, tries = tries - 1, started_at = null"
                    " where id = ? and state = 'running' and worker_id = ? and started_at = ? returning attempts + 1",
                    (job_id, worker_id, claimed_at),
                ).fetchone()
                if withdrawn:
                    connection.execute("delete from attempts where job_id = ? and number = ?", (job_id, *withdrawn))

    def _recipe_body(self, recipe_id: int) -> str:
        if recipe_id not in self._recipes:
            with self._database.reading() as connection:
                row = connection.execute("select recipe_json from recipes where id = ?", (recipe_id,)).fetchone()
            self._recipes[recipe_id] = row[0] if row else ""  # no recipe: the attempt says it
        return self._recipes[recipe_id]

    def check_token(self, token: Token) -> None:
        """Raise Fenced where the token is void."""
        if self.find_void_tokens([token]):
            raise Fenced

    def find_void_tokens(self, tokens: Iterable[Token]) -> set[Token]:
        """Return those of these tokens that are void."""
        left = set(tokens)
        with self._database.reading() as connection:
            query = "select id, attempts, started_at from jobs where state = 'running' and id in"
            running = {Token(*row) for row in select_among(connection, query, [token.job_id for token in left])}
        return left - running

    def finish_attempts(self, finished: Sequence[FinishedAttempt], now: float) -> set[Token]:
        """End attempts, one at least, whose outputs are published and known; return those tokens that were void.

        All by two statements: several small jobs are done together.
        """
        with self._database.transaction() as connection:
            ended = table_of_values(_ENDED_COLUMNS, len(finished))
            rows = connection.execute(
                "update jobs set state = 'done', finished_at = ?, started_at = column4, outputs = column5,"  # noqa: S608  # ours
                f" bytes_out = column6, note = column7 from {ended} as ended where id = column1 and attempts = column2"
                " and started_at = column3 and state = 'running' returning id, attempts",
                [now, *chain.from_iterable(
                    (one.token.job_id, one.token.attempt, one.token.claimed_at, one.begun_at, one.outputs,
                     one.bytes_out, encode_text(one.note))
                    for one in finished
                )],
            ).fetchall()  # fmt: skip
            ended_now = [one for one in finished if (one.token.job_id, one.token.attempt) in set(rows)]
            if ended_now:
                connection.execute(
                    "update attempts set started_at = column3, finished_at = ?, outcome = 'done', message = ''"  # noqa: S608  # ours
                    f" from {table_of_values(('bigint', 'bigint', 'double precision'), len(ended_now))} as ended"
                    " where job_id = column1 and number = column2",
                    [now, *chain.from_iterable(
                        (one.token.job_id, one.token.attempt, one.begun_at) for one in ended_now
                    )],
                )  # fmt: skip
        return {one.token for one in finished} - {one.token for one in ended_now}

    def fail_attempt(self, token: Token, failure: Failure, now: float) -> None:
        """End an attempt that was the job's last try: the job has failed. Raises Fenced."""
        self._end_badly(token, failure, now, "state = 'failed', needs_notice = 1, finished_at = ?", now)

    def cancel_attempt(self, token: Token, failure: Failure, now: float) -> None:
        """End an attempt whose watched source went, or became another: the job is cancelled. Raises Fenced."""
        self._end_badly(token, failure, now, "state = 'cancelled', finished_at = ?", now)

    def retry_attempt_later(self, token: Token, failure: Failure, due_at: float, now: float) -> QueueEntry:
        """End an attempt whose fault may pass: the job waits, to be tried again at `due_at`. Raises Fenced."""
        return self._end_badly(token, failure, now, "state = 'waiting', due_at = ?", due_at)

    def postpone_attempt(self, token: Token, failure: Failure, due_at: float, now: float) -> QueueEntry:
        """End an attempt that needs a folder that can't be used: the job waits, and that was no try. Raises Fenced."""
        return self._end_badly(token, failure, now, "state = 'waiting', tries = tries - 1, due_at = ?", due_at)

    def _end_badly(self, token: Token, failure: Failure, now: float, change: str, moment: float) -> QueueEntry:
        with self._database.transaction() as connection:
            entry = self._end(
                token, now, failure.kind, encode_text(failure.message),
                f"{change}, error_kind = ?, error_message = ?, error_hint = ?",
                (moment, failure.kind, encode_text(failure.message), encode_text(failure.hint)),
            )  # fmt: skip
            supersede_if_newer(connection, token.job_id, now)
        return entry

    def return_attempt(self, token: Token, now: float) -> QueueEntry:
        """End an attempt whose worker stops: the job is queued, and that was no try. Raises Fenced."""
        return self._end(token, now, "stopped", "", "state = 'queued', tries = tries - 1", ())

    def lose_attempt(self, token: Token, now: float) -> QueueEntry:
        """End an attempt that was ended from outside: the job is queued, a death counts, and no try. Raises Fenced."""
        change = "state = 'queued', tries = tries - 1, deaths = deaths + 1"
        return self._end(token, now, "worker died", "", change, ())

    def _end(
        self, token: Token, now: float, outcome: str, message: str, change: str, values: Sequence[object]
    ) -> QueueEntry:
        with self._database.transaction() as connection:
            row = connection.execute(
                f"update jobs set {change} where id = ? and attempts = ? and started_at = ? and state = 'running'"  # noqa: S608  # ours
                " returning id, priority, due_at, size, roots",
                (*values, token.job_id, token.attempt, token.claimed_at),
            ).fetchone()
            if row is None:
                raise Fenced
            connection.execute(
                "update attempts set finished_at = ?, outcome = ?, message = ? where job_id = ? and number = ?",
                (now, outcome, message, token.job_id, token.attempt),
            )
        return read_row(QueueEntry, row)

    def find_orphans(self) -> list[tuple[Token, int]]:
        """Return the tokens of what runs for a worker that left, each with how often the job was lost before.

        Without those that need a root which this host hasn't: it can't tell what has become of their outputs.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                f"select id, attempts, started_at, deaths, roots from jobs where {UNFINISHED} and state = 'running'"  # noqa: S608  # ours
                " and worker_id not in (select id from workers)"
            ).fetchall()
        here = this_hosts_roots()
        return [(Token(*token), deaths) for *token, deaths, roots in rows if here.has_all(roots)]

    def bring_jobs_forward(self, now: float) -> list[QueueEntry]:
        """Bring forward what waits longer than it was to, and return it as it is due now, to be sent.

        A job whose last attempt ended in the future has waited since before the clock was set back. The attempt and
        the time at which the job is due move to the new clock: once, then the attempt has ended now. One that waits
        for a time that somebody has named is queued, and is not meant.
        """
        with self._database.transaction() as connection:
            rows = connection.execute(
                "select id, attempts, ended - ? from (select id, attempts,"  # noqa: S608  # ours
                " (select finished_at from attempts where job_id = jobs.id and number = jobs.attempts) as ended"
                f" from jobs where {UNFINISHED} and state = 'waiting' and due_at > ?) as waiting where ended > ?",
                (now, now, now + _SLACK),
            ).fetchall()
            connection.executemany(
                "update attempts set started_at = started_at - ?, finished_at = ? where job_id = ? and number = ?",
                [(step, now, job, number) for job, number, step in rows],
            )
            brought = [
                connection.execute(
                    "update jobs set due_at = due_at - ? where id = ? returning id, priority, due_at, size, roots",
                    (step, job),
                ).fetchone()
                for job, _, step in rows
            ]
        return [read_row(QueueEntry, row) for row in brought]
