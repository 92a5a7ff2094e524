"""The size of a ledger's file."""

import os

from fileq.ledger.database import DatabaseSize


def test_the_extent_is_that_of_the_file(ledger, database):
    ledger.database.connection.execute("pragma wal_checkpoint(truncate)")
    assert ledger.database.measure() == DatabaseSize(os.path.getsize(database), 0)
