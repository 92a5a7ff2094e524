"""All rows of a ledger, from one database to another: written, read back, and compared."""

from collections.abc import Callable, Iterable, Iterator

from fileq.errors import LedgerError
from fileq.ledger.copy.protocol import CopySource, CopyTarget, Row
from fileq.ledger.copy.table_shape import list_tables


class _TableSum:
    """How many rows went by, and a sum of what they hold, which knows no order."""

    def __init__(self) -> None:
        self.rows = 0
        self.contents = 0

    def follow(self, batches: Iterable[list[Row]]) -> Iterator[list[Row]]:
        """Yield the batches of rows as they come."""
        for batch in batches:
            self.rows += len(batch)
            self.contents = (self.contents + sum(map(hash, batch))) % 2**64
            yield batch


def copy_rows(old: CopySource, new: CopyTarget, report: Callable[[int, int], None]) -> dict[str, int]:
    """Copy all tables, and compare them; return how many rows each has. Raises LedgerError where they differ."""
    tables = list_tables()
    total = 2 * sum(old.count_rows(table) for table in tables)
    done = 0

    def reported(batches: Iterable[list[Row]]) -> Iterator[list[Row]]:
        nonlocal done
        for batch in batches:
            yield batch
            done += len(batch)
            report(done, total)

    sums = {table.name: _TableSum() for table in tables}
    for table in tables:
        new.write_rows(table, sums[table.name].follow(reported(old.read_rows(table))))
    new.complete()
    for table in tables:
        written, found = sums[table.name], _TableSum()
        for _ in found.follow(reported(new.read_rows(table))):
            pass
        if (found.rows, found.contents) != (written.rows, written.contents):
            raise LedgerError(
                f"The copy of the table {table.name} differs: {found.rows:,} rows for {written.rows:,}."
                " The copy was not kept.",
                "The ledger is as it was. Look whether it is whole: fileq doctor",
            )
    return {name: table_sum.rows for name, table_sum in sums.items()}
