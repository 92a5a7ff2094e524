"""Whose an output's name is, or will be, where several sources could have it."""

from fileq.job import JobState
from fileq.ledger.columns import decode_path, encode_path
from fileq.ledger.database import Database


class OutputNames:
    """What the ledger knows of the sources that could want one name. Each method raises LedgerError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_owners(self, path: str) -> list[tuple[str, str, str, JobState]]:
        """Return whose a path is, or one that differs by small and capital letters alone: no two can be on some disks.

        Each with the output's path, the source, the recipe's name, and the state of the job.
        """
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, source, recipes.name, state from outputs join jobs on jobs.id = outputs.job_id"
                " join recipes on recipes.id = jobs.recipe_id where lower(path) = lower(?)"
                " and (removed_at is null or temp_path is not null)",
                (encode_path(path),),
            ).fetchall()
        return [(decode_path(found), decode_path(source), name, JobState(state)) for found, source, name, state in rows]

    def find_siblings(self, stem: str, folder: str, recipe_name: str) -> list[str]:
        """Return the sources whose paths begin with `stem` and a dot, in the order in which they came first.

        They are those that go through a recipe of this name into the same folder.
        """
        first, end = (encode_path(f"{stem}{sign}") for sign in "./")  # a dot is the last letter before a slash
        with self._database.reading() as connection:
            rows = connection.execute(
                "select source, min(jobs.id) from jobs join recipes on recipes.id = recipe_id"
                " where source >= ? and source < ? and folder = ? and recipes.name = ?"
                " and state <> 'cancelled' group by source order by 2",
                (first, end, encode_path(folder), recipe_name),
            ).fetchall()
        return [decode_path(row[0]) for row in rows]
