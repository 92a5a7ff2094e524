"""Whose an output's name is, or will be, where several sources could have it."""

import msgspec

from fileq.job import JobState
from fileq.ledger.columns import decode_path, encode_path
from fileq.ledger.database import Database


class NameOwner(msgspec.Struct, frozen=True, kw_only=True):
    """A path of an output, and whose it is."""

    path: str
    source: str
    recipe_name: str
    state: JobState


class OutputNames:
    """What the ledger knows of the sources that could want one name. Each method raises LedgerError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_owners(self, *paths: str) -> list[NameOwner]:
        """Return whose these paths are, and those that differ from them by small and capital letters alone.

        Some disks have no two such files.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, source, recipes.name, state from outputs"  # noqa: S608  # ours
                " join jobs on jobs.id = outputs.job_id"
                " join recipes on recipes.id = jobs.recipe_id"
                f" where lower(path) in ({', '.join(['lower(?)'] * len(paths))})"
                " and (removed_at is null or temp_path is not null)",
                [encode_path(path) for path in paths],
            ).fetchall()
        return [
            NameOwner(path=decode_path(path), source=decode_path(source), recipe_name=name, state=JobState(state))
            for path, source, name, state in rows
        ]

    def find_siblings(self, stem: str, folder: str, recipe_name: str) -> list[str]:
        """Return the sources whose paths begin with `stem` and a dot, in the order in which they came first.

        They are those that go through a recipe of this name into the same folder.
        """
        first, end = (encode_path(f"{stem}{sign}") for sign in "./")  # a dot is the last letter before a slash
        with self._database.reading() as connection:
            rows = connection.execute(
                "select source from jobs join recipes on recipes.id = recipe_id"
                " where source >= ? and source < ? and folder = ? and recipes.name = ?"
                " and state <> 'cancelled' order by jobs.id",
                (first, end, encode_path(folder), recipe_name),
            ).fetchall()
        return list(dict.fromkeys(decode_path(row[0]) for row in rows))
