"""Ledgers in each database, and looks into them past their rooms."""

from tests.support.postgres import own_schema


def ask(ledger, statement, *values):
    """Execute a statement in the ledger's SQL, and return its rows, none where it returns none."""
    with ledger.database.reading() as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def each_database(request, tmp_path):
    """A fixture's function: the address of a database that is not there yet, of the kind that the fixture asks for."""
    if request.param == "sqlite":
        yield str(tmp_path / "state" / "fileq.db")
        return
    with own_schema(request.getfixturevalue("postgres")) as address:
        yield address
