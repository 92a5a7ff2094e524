"""Single facts about the ledger itself."""

from fileq.ledger.database import Database


class Meta:
    def __init__(self, database: Database) -> None:
        self._database = database

    def find_value(self, key: str) -> str | None:
        with self._database.reading() as connection:
            row = connection.execute("select value from meta where key = ?", (key,)).fetchone()
        return row and str(row[0])

    def find_swept_boot(self, host: str) -> str | None:
        """Return the boot of a host in which what it had left was looked for last; None where that never was."""
        return self.find_value(f"swept:{host}")

    def record_swept_boot(self, host: str, boot: str) -> None:
        """Record in which boot of a host what it had left was looked for last."""
        with self._database.transaction() as connection:
            connection.execute(
                "insert into meta values (?, ?) on conflict (key) do update set value = excluded.value",
                (f"swept:{host}", boot),
            )
