"""Sources of watched folders that are to go once their jobs have ended, where to, and who sees to it just now."""

import secrets
from collections.abc import Iterable

import msgspec

from fileq.job import JobState
from fileq.ledger.columns import decode_column, decode_path, encode_path, encode_text
from fileq.ledger.conditions import PARKED
from fileq.ledger.database import Database, select_among
from fileq.ledger.tables.attempts import Fenced
from fileq.ledger.tables.jobs import refresh_roots
from fileq.ledger.tables.sources.job_sources import FoundSource
from fileq.presence import ProcessIdentity, is_elsewhere, is_running
from fileq.roots import is_here

_ENDED = (
    "not exists (select 1 from jobs where disposition_id = dispositions.id"
    " and state in ('queued', 'running', 'waiting'))"
)
_DUE = "(retry_at is null or retry_at <= ?)"


class Disposition(msgspec.Struct, frozen=True, kw_only=True):
    """A source as it was when its jobs were entered, and its jobs' states now.

    `done_to` and `failed_to` are folders; "" deletes the source, None leaves it. `target` is its new path, once that
    was chosen, `hidden` the one that it has while it is looked at for the last time, `temp` that of a copy under way.
    """

    id: int
    source: str
    version: str
    inode: int
    done_to: str | None
    failed_to: str | None
    target_path: str | None
    hidden_path: str | None
    temp_path: str | None
    tries: int
    states: frozenset[JobState]

    @property
    def to(self) -> str | None:
        """Return where the source goes, now that all its jobs have ended; "" deletes it, None leaves it."""
        if self.states == {JobState.DONE}:
            return self.done_to
        return self.failed_to if JobState.FAILED in self.states else None

    @property
    def is_settled(self) -> bool:
        """Return whether `to` is the last word: failed and cancelled jobs may be retried, and end otherwise."""
        return self.to is not None or self.states == {JobState.DONE}

    @property
    def may_go_on(self) -> bool:
        """Return whether a source that was put away, as a job failed, goes elsewhere should all be done by a retry."""
        return self.states != {JobState.DONE} and self.done_to is not None


class DispositionLease(msgspec.Struct, frozen=True):
    """The right to see a source off. Once somebody else has it, the token is void."""

    disposition_id: int
    token: int


class Dispositions:
    """What changes a disposition under way takes a Lease, and raises Fenced where that is void."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def upsert_disposition(
        self, source: str, version: str, inode: int, done_to: str | None, failed_to: str | None
    ) -> int:
        """Enter what becomes of this version of a source, and return its id, which its jobs are then to name."""
        with self._database.transaction() as connection:
            (disposition_id,) = connection.execute(
                "insert into dispositions (source, version, inode, done_to, failed_to) values (?, ?, ?, ?, ?)"
                " on conflict (source, version) do update set done_to = excluded.done_to,"
                " failed_to = excluded.failed_to, inode = excluded.inode, retry_at = null returning id",
                (encode_path(source), version, inode, _stored(done_to), _stored(failed_to)),
            ).fetchone()
        return int(disposition_id)

    def attach_jobs(self, job_ids: Iterable[int], disposition_id: int) -> None:
        """Have the source wait for these jobs too."""
        with self._database.transaction() as connection:
            connection.executemany(
                "update jobs set disposition_id = ? where id = ?", [(disposition_id, job_id) for job_id in job_ids]
            )

    def find_ready_dispositions(self, now: float, job_ids: Iterable[int] | None = None) -> list[Disposition]:
        """Return the dispositions all of whose jobs have ended: those of these jobs, or all that are due.

        Without those of files that this host can't reach, as it has no such root.
        """
        with self._database.reading() as connection:
            if job_ids is None:
                ids = connection.execute(
                    f"select id from dispositions where {_DUE} and {_ENDED}",  # noqa: S608  # ours
                    (now,),
                ).fetchall()
            else:
                query = "select disposition_id from jobs where disposition_id is not null and id in"
                ids = list(select_among(connection, query, list(job_ids)))
            found = [self.find_disposition(disposition_id) for (disposition_id,) in dict.fromkeys(ids)]
        ready = (one for one in found if one is not None and all(state.is_final for state in one.states))
        return [one for one in ready if all(is_here(path) for path in (one.source, one.done_to, one.failed_to) if path)]

    def find_disposition(self, disposition_id: int) -> Disposition | None:
        """Return a disposition with its jobs' states as they are now; None where there is none."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select source, version, inode, done_to, failed_to, target_path, hidden_path,"
                " temp_path, tries from dispositions"
                " where id = ?",
                (disposition_id,),
            ).fetchone()
            states = connection.execute(
                "select distinct state from jobs where disposition_id = ?", (disposition_id,)
            ).fetchall()
        if row is None:
            return None
        all_states = frozenset(JobState(state) for (state,) in states)
        source, version, inode, done_to, failed_to, target, hidden, temp, tries = row
        return Disposition(
            id=disposition_id,
            source=decode_path(source),
            version=version,
            inode=inode,
            done_to=_restored(done_to),
            failed_to=_restored(failed_to),
            target_path=_restored(target),
            hidden_path=_restored(hidden),
            temp_path=_restored(temp),
            tries=tries,
            # Another job stands for one that is superseded, unless there is none.
            states=all_states - {JobState.SUPERSEDED} or all_states,
        )

    def find_job_ids(self, disposition_id: int) -> list[int]:
        """Return the ids of the jobs that the source waited for."""
        with self._database.reading() as connection:
            rows = connection.execute("select id from jobs where disposition_id = ?", (disposition_id,))
            return [job_id for (job_id,) in rows]

    def find_digests(self, disposition_id: int) -> set[str]:
        """Return the digests of what the jobs of a source have read, as far as they are known."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select distinct digest from jobs where disposition_id = ? and state = 'done' and digest is not null",
                (disposition_id,),
            )
            return {digest for (digest,) in rows}

    def take_lease(
        self, disposition_id: int, holder: ProcessIdentity, now: float, until: float
    ) -> DispositionLease | None:
        """Take the right to see a source off; None where another process has it and may still act on it.

        What `holder` has itself, from an earlier try, it may take anew.

        It is on disk when this returns, and with it all that was written before: how the source's jobs ended.
        """
        with self._database.transaction(durable=True) as connection:
            row = connection.execute(
                f"select holder_json, held_until from dispositions where id = ? and {_ENDED}",  # noqa: S608  # ours
                (disposition_id,),
            ).fetchone()
            if row is None or (row[0] is not None and _is_held(row[0], row[1], holder, now)):
                return None
            token = secrets.randbits(62)  # ids are given again, and a token that counts from 1 could be too
            connection.execute(
                "update dispositions set token = ?, holder_json = ?, held_until = ? where id = ?",
                (token, msgspec.json.encode(holder).decode(), until, disposition_id),
            )
        return DispositionLease(disposition_id, token)

    def renew_lease(self, lease: DispositionLease, until: float) -> None:
        """Have a lease end later. Raises Fenced."""
        self._change(lease, "held_until = ?", until)

    def check_lease(self, lease: DispositionLease) -> None:
        """Raise Fenced where a lease is void."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select 1 from dispositions where id = ? and token = ?", (lease.disposition_id, lease.token)
            ).fetchone()
        if row is None:
            raise Fenced

    def choose_target(self, lease: DispositionLease, target: str) -> bool:
        """Write down where the source goes, before it moves; False where another goes there already."""
        with self._database.transaction(durable=True) as connection:
            taken = connection.execute(
                "select 1 from dispositions where target_path = ? and id <> ?",
                (encode_path(target), lease.disposition_id),
            ).fetchone()
            if taken is None:
                self._change(lease, "target_path = ?", encode_path(target))
        return taken is None

    def announce_hidden(self, lease: DispositionLease, hidden_path: str) -> None:
        """Write down the name that the source is about to get while it is looked at for the last time."""
        with self._database.transaction(durable=True):
            self._change(lease, "hidden_path = ?", encode_path(hidden_path))

    def announce_temp(self, lease: DispositionLease, temp_path: str | None) -> None:
        """Write down the path of a copy that is about to be made; None where it is one no more."""
        with self._database.transaction(durable=True):
            self._change(lease, "temp_path = ?", _stored(temp_path))

    def postpone_disposition(self, lease: DispositionLease, retry_at: float, problem: str) -> None:
        """Give the right back: the source could not go, and is to be tried again."""
        change = "holder_json = null, held_until = null, tries = tries + 1, retry_at = ?, problem = ?"
        self._change(lease, change, retry_at, encode_text(problem))

    def park_disposition(self, lease: DispositionLease) -> None:
        """Give the right back: the source stays for now, and is due once one of its jobs is retried.

        Where that has happened meanwhile, it is due at once: whoever ended the job could not have the lease.
        """
        with self._database.transaction():
            disposition = self.find_disposition(lease.disposition_id)
            is_due = disposition is None or disposition.is_settled or not all(map(_is_final, disposition.states))
            change = "holder_json = null, held_until = null, tries = 0, retry_at = ?, problem = null"
            self._change(lease, change, None if is_due else PARKED)

    def release_lease(self, lease: DispositionLease) -> None:
        """Give the right back, with nothing done."""
        self._change(lease, "holder_json = null, held_until = null")

    def record_moved(self, lease: DispositionLease, moved: FoundSource) -> None:
        """Record where the source is now: there its jobs read it, and others about it. Raises Fenced."""
        with self._database.transaction() as connection:
            self.check_lease(lease)
            change = "update jobs set moved_to = ?, inode = case when inode is null then null else ? end"
            values = (encode_path(moved.path), moved.inode)
            moved_jobs = connection.execute(
                f"{change} where disposition_id = ? returning id", (*values, lease.disposition_id)
            ).fetchall()
            moved_jobs += connection.execute(
                f"{change} where moved_to is null and (source, version) ="  # noqa: S608  # ours
                " (select source, version from dispositions where id = ?) returning id",
                (*values, lease.disposition_id),
            ).fetchall()
            refresh_roots(connection, (job_id for (job_id,) in moved_jobs))

    def continue_disposition(self, lease: DispositionLease, moved: FoundSource) -> None:
        """Give the right back: the source was put away as a job failed, and goes on from there should all be done."""
        with self._database.transaction():
            change = "source = ?, version = ?, inode = ?, failed_to = null, target_path = null, hidden_path = null"
            self._change(lease, change, encode_path(moved.path), moved.version, moved.inode)
            self.park_disposition(lease)

    def close_disposition(self, lease: DispositionLease) -> None:
        """Delete a disposition whose source has gone, or is to stay. Raises Fenced."""
        with self._database.transaction() as connection:
            self.check_lease(lease)
            connection.execute(
                "update jobs set disposition_id = null where disposition_id = ?", (lease.disposition_id,)
            )
            connection.execute("delete from dispositions where id = ?", (lease.disposition_id,))

    def find_problems(self) -> list[tuple[str, str]]:
        """Return the sources that could not go up to now, each with the reason."""
        with self._database.reading() as connection:
            rows = connection.execute("select source, problem from dispositions where problem is not null order by id")
            return [(decode_path(source), problem) for source, problem in rows]

    def _change(self, lease: DispositionLease, change: str, *values: object) -> None:
        with self._database.transaction() as connection:
            changed = connection.execute(
                f"update dispositions set {change} where id = ? and token = ?",  # noqa: S608  # ours
                (*values, lease.disposition_id, lease.token),
            ).rowcount
        if not changed:
            raise Fenced


_HANGING = 6 * 3600.0
"""Seconds after which a process that runs, and does not renew its lease, is not waited for any more."""


def _is_final(state: JobState) -> bool:
    return state.is_final


def _is_held(holder_json: str, held_until: float, asker: ProcessIdentity, now: float) -> bool:
    holder = decode_column(holder_json, ProcessIdentity)
    if holder is None or holder == asker:
        return False
    if is_elsewhere(holder):
        return held_until > now
    return is_running(holder) and held_until + _HANGING > now


def _stored(path: str | None) -> str | bytes | None:
    return path if path is None else encode_path(path)


def _restored(value: str | bytes | None) -> str | None:
    return value if value is None else decode_path(value)
