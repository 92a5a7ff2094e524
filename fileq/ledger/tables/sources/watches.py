"""The watched folders: who watches each, and what they say of it."""

from enum import StrEnum
from typing import Annotated

import msgspec

from fileq.ledger.columns import decode_column, decode_path, encode_path
from fileq.ledger.database import Database
from fileq.presence import ProcessIdentity, is_gone

_Count = Annotated[int, msgspec.Meta(ge=0)]
_Moment = Annotated[float, msgspec.Meta(ge=0, le=250e9)]
"""Seconds, up to the last that a date can show."""


class WatchState(StrEnum):
    """How a folder is watched right now."""

    CATCHING_UP = "catching up"
    EVENTS = "events"
    POLLING = "polling"
    OFFLINE = "offline"
    STOPPED = "stopped"


class WaitingFile(msgspec.Struct, frozen=True):
    """A file that is not complete yet, why, and since how many seconds."""

    path: str
    reason: str
    seconds: _Moment


class WatchStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status of a watched folder: what its watcher writes down, and `status` and the live view show.

    `state` is a WatchState, or "" where nothing is written down yet. `queued` and `missed` count files since the
    watcher began: what was queued, and what of it only a scan had found. `waiting` counts the files of which `longest`
    has some. `last_scan_at` is in seconds since the epoch; `watches` is how many of the system's watches are in use;
    `left_alone` counts links that are no sources, by their kind.
    """

    path: str = ""
    state: str = ""
    problem: str = ""
    queued: _Count = 0
    waiting: _Count = 0
    longest: tuple[WaitingFile, ...] = ()
    missed: _Count = 0
    rebuilt: _Count = 0
    last_scan_at: _Moment | None = None
    last_scan_seconds: _Moment | None = None
    folders: _Count = 0
    watches: _Count | None = None
    left_alone: dict[str, _Count] = {}

    @property
    def is_stopped(self) -> bool:
        """Return whether the watcher said that it stops."""
        return self.state == WatchState.STOPPED


_UNKNOWN = WatchStatus(problem="what its watcher wrote down can't be read")


class WatchRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A watched folder, and the process that watches it or did last. `said` is JSON, `said_at` seconds since 1970."""

    id: int
    path: str
    process: ProcessIdentity
    status_json: str
    status_at: float

    @property
    def status(self) -> WatchStatus:
        return decode_column(self.status_json, WatchStatus) or _UNKNOWN


class Watches:
    def __init__(self, database: Database) -> None:
        self._database = database

    def upsert_watch(self, path: str, process: ProcessIdentity, now: float) -> int:
        """Record that this process watches the folder from now on, and return the watch's id."""
        with self._database.transaction() as connection:
            (watch,) = connection.execute(
                "insert into watches (path, host, pid, process_started, status_json, status_at)"
                " values (?, ?, ?, ?, '{}', ?)"
                " on conflict (path) do update set host = excluded.host, pid = excluded.pid,"
                " process_started = excluded.process_started, status_json = '{}', status_at ="
                " excluded.status_at returning id",
                (encode_path(path), process.host, process.pid, process.started, now),
            ).fetchone()
        return int(watch)

    def record_status(self, watch_id: int, status_json: str, now: float) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "update watches set status_json = ?, status_at = ? where id = ?", (status_json, now, watch_id)
            )

    def list_watches(self) -> list[WatchRecord]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "select id, path, host, pid, process_started, status_json, status_at from watches order by path"
            ).fetchall()
        return [
            WatchRecord(
                id=watch,
                path=decode_path(path),
                process=ProcessIdentity(host, pid, started),
                status_json=said,
                status_at=said_at,
            )
            for watch, path, host, pid, started, said, said_at in rows
        ]

    def find_watch(self, path: str) -> WatchRecord | None:
        return next((watch for watch in self.list_watches() if watch.path == path), None)


_SILENT = 90.0
"""Seconds after which a watcher that can't be seen from here is gone: it says something at least every 30."""


def is_watcher_gone(watch: WatchRecord, now: float) -> bool:
    """Whether the process that watched a folder last is no longer there."""
    return is_gone(watch.process, silence=now - watch.status_at, patience=_SILENT)
