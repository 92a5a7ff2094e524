"""Looks into a ledger past its rooms, in whatever database it is."""


def ask(ledger, statement, *values):
    """Execute a statement in the ledger's SQL, and return its rows, none where it returns none."""
    with ledger.database.reading() as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []
