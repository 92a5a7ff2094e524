"""Temp files that could not be removed when their attempt ended: they are known until they are gone."""

from collections.abc import Iterable

from fileq.ledger.columns import decode_path, encode_path
from fileq.ledger.database import Database


class LeftoverTemps:
    def __init__(self, database: Database) -> None:
        self._database = database

    def insert_temps(self, paths: Iterable[str], now: float) -> None:
        """Remember these; those that are known stay known since when they were."""
        with self._database.transaction() as connection:
            connection.executemany(
                "insert into leftover_temps values (?, ?) on conflict do nothing",
                [(encode_path(path), now) for path in paths],
            )

    def delete_temps(self, paths: Iterable[str]) -> None:
        """Forget these."""
        with self._database.transaction() as connection:
            connection.executemany(
                "delete from leftover_temps where path = ?", [(encode_path(path),) for path in paths]
            )

    def list_temps(self) -> dict[str, float]:
        """Return the paths, each with when it was found, in seconds since the epoch."""
        with self._database.reading() as connection:
            rows = connection.execute("select path, found_at from leftover_temps").fetchall()
        return {decode_path(path): found_at for path, found_at in rows}
