"""The watched folders: who watches each, and what they say of it."""

import msgspec

from fileq.ledger.database import Database
from fileq.ledger.files import restored, stored


class WatchRecord(msgspec.Struct, frozen=True):
    """A watched folder, and the process that watches it or did last. `said` is JSON, `said_at` seconds since 1970."""

    id: int
    path: str
    host: str
    pid: int
    process_started: float
    said: str
    said_at: float


class Watches:
    def __init__(self, database: Database) -> None:
        self._database = database

    def enter(self, path: str, host: str, pid: int, process_started: float, now: float) -> int:
        """This process watches the folder from now on."""
        with self._database.transaction() as connection:
            (watch,) = connection.execute(
                "insert into watches (path, host, pid, process_started, said, said_at) values (?, ?, ?, ?, '{}', ?)"
                " on conflict (path) do update set host = excluded.host, pid = excluded.pid,"
                " process_started = excluded.process_started, said = '{}', said_at = excluded.said_at returning id",
                (stored(path), host, pid, process_started, now),
            ).fetchone()
        return int(watch)

    def say(self, watch: int, said: str, now: float) -> None:
        with self._database.transaction() as connection:
            connection.execute("update watches set said = ?, said_at = ? where id = ?", (said, now, watch))

    def all(self) -> list[WatchRecord]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "select id, path, host, pid, process_started, said, said_at from watches order by path"
            ).fetchall()
        return [WatchRecord(watch, restored(path), *rest) for watch, path, *rest in rows]

    def at(self, path: str) -> WatchRecord | None:
        return next((watch for watch in self.all() if watch.path == path), None)
