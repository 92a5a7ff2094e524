"""The schema of a ledger that is to be copied: that of now."""

from fileq.errors import LedgerError, NotFoundError
from fileq.ledger import migrations


def check_version(version: int | None, path: str) -> None:
    """Raise LedgerError where a ledger's schema is not that of now, NotFoundError where there is no ledger."""
    newest = migrations.SCHEMA_VERSION
    if version is None:
        raise NotFoundError(f"There is no ledger in {path}.", "Name one with --database.")
    if version > newest:
        raise LedgerError(
            f"The database {path} was made by a newer fileq (schema {version}, known here: {newest}).", "Update fileq."
        )
    if version < newest:
        raise LedgerError(
            f"The database {path} was made by an older fileq (schema {version}, needed here: {newest}).",
            "Bring it up to date first, by any other command, such as: fileq status",
        )
