"""The numbers of sources in the names of their outputs: each source keeps its own."""

from fileq.ledger.columns import encode_path
from fileq.ledger.database import Database


class Counters:
    """A count of its own for each recipe and folder of outputs. Each method raises LedgerError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def number_source(self, folder: str, recipe_name: str, source: str) -> int:
        """Return the number that a source has there; one that has none gets the next."""
        with self._database.transaction() as connection:
            connection.execute(
                "insert into counters (folder, recipe_name, source, number) select :folder, :recipe_name, :source,"
                " coalesce((select max(number) from counters where folder = :folder and recipe_name = :recipe_name), 0)"
                " + 1 where true on conflict do nothing",
                {"folder": encode_path(folder), "recipe_name": recipe_name, "source": encode_path(source)},
            )
        number = self.find_number(folder, recipe_name, source)
        assert number is not None
        return number

    def find_number(self, folder: str, recipe_name: str, source: str) -> int | None:
        """Return the number that a source has there; None where it has none yet."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select number from counters where folder = ? and recipe_name = ? and source = ?",
                (encode_path(folder), recipe_name, encode_path(source)),
            ).fetchone()
        return row and int(row[0])

    def find_last_number(self, folder: str, recipe_name: str) -> int:
        """Return the highest number that is given there, 0 where none is."""
        with self._database.reading() as connection:
            row = connection.execute(
                "select max(number) from counters where folder = ? and recipe_name = ?",
                (encode_path(folder), recipe_name),
            ).fetchone()
        return int(row[0] or 0)
