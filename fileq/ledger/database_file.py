"""Whether the database's file is still the one that was opened: SQLite writes on into one that nobody finds."""

import os

from fileq.errors import DatabaseReplaced, LedgerError


class DatabaseFile:
    """The file at `path` as it is opened now. Raises LedgerError where it isn't there."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None
        self._identity = self._look()
        self.is_lost = False
        """Whether it was away, or another one, when it was last looked at."""

    def check(self) -> None:
        """Look whether it is there still. Raises LedgerError where it isn't, DatabaseReplaced where another one is."""
        found = self._look()
        self.is_lost = found != self._identity
        if self.is_lost:
            raise DatabaseReplaced(
                f"The database {self._path} was replaced by another file while it was in use.",
                "Start fileq again: it then uses the file that is there now.",
            )

    def _look(self) -> tuple[int, int] | None:
        """Its device and inode; those that are known where it can't be looked at."""
        try:
            status = os.stat(self._path)
        except (FileNotFoundError, NotADirectoryError) as error:
            self.is_lost = True
            raise LedgerError(
                f"The database {self._path} was removed or moved while it was in use.",
                "Put it back, or stop fileq and start it again: it then begins a new one.",
            ) from error
        except OSError:  # what is wrong with the drive, SQLite says
            return self._identity
        return status.st_dev, status.st_ino
