"""A source under a lease: where it is now, and its last step, in which no other file can go in its place."""

import os
import time
from contextlib import ExitStack
from typing import Self

from fileq.files.directory import open_directory
from fileq.files.identity import is_same_file
from fileq.files.names import removal_name
from fileq.files.no_clobber import hide_file, restore_name
from fileq.ledger import Ledger
from fileq.ledger.tables.sources.dispositions import Disposition, DispositionLease

LEASE = 120.0
"""Seconds for which a lease holds, where its holder can't be seen, unless it is renewed."""

_RENEW = 10.0


class LeasedFile(ExitStack):
    """The file of a disposition, by its folder's handle. Every method raises OSError, and Fenced.

    `name` is what it is called now: its own name, or the hidden one that an earlier try gave it; None where it is gone,
    or another file by now. `target` is the path that was chosen for it.
    """

    def __init__(self, ledger: Ledger, lease: DispositionLease, disposition: Disposition) -> None:
        super().__init__()
        self.disposition = disposition
        self.lease = lease
        self._ledger = ledger
        folder, self._own_name = os.path.split(disposition.source)
        self.directory = self.enter_context(open_directory(folder))
        self._hidden = None if disposition.hidden_path is None else os.path.basename(disposition.hidden_path)
        self.target = disposition.target_path
        self._renewed_at = time.monotonic()
        self.name = self._find()

    def __enter__(self) -> Self:
        return self

    @property
    def is_gone(self) -> bool:
        """Whether the file is gone, or another one, by now: looked for anew."""
        return self._find() is None

    def _find(self) -> str | None:
        if self._hidden is not None and self.directory.lstat(self._hidden) is not None:
            if self.is_unchanged_at(self._hidden):
                return self._hidden
            restore_name(self.directory, self._hidden, self._own_name)  # it was hidden, and another file
        return self._own_name if self.is_unchanged_at(self._own_name) else None

    def is_unchanged_at(self, name: str) -> bool:
        """Return whether the file that was read has this name."""
        status = self.directory.lstat(name)
        return status is not None and is_same_file(status, self.disposition.inode, self.disposition.version)

    def hide(self) -> bool:
        """Give the file a hidden name, and return whether it has that now.

        Another file that somebody has put in its place just before gets its own name back.
        """
        hidden = self._hidden_name()
        if self.name is None or self.name == hidden:
            return self.name is not None
        self._ledger.dispositions.check_lease(self.lease)
        if not hide_file(self.directory, self.name, hidden, self.disposition.inode, self.disposition.version):
            return False
        self.name = hidden
        return True

    def _hidden_name(self) -> str:
        """Return the same name for each try: it is written down, so that no file is left under an unknown name."""
        if self._hidden is None:
            self._hidden = removal_name(self._ledger.name, self.disposition.inode, self.disposition.version)
            path = os.path.join(os.path.dirname(self.disposition.source), self._hidden)
            self._ledger.dispositions.announce_hidden(self.lease, path)
        return self._hidden

    def remove(self) -> None:
        """Remove the file, which is hidden, and make that last."""
        assert self.name is not None
        assert self.name == self._hidden
        self._ledger.dispositions.check_lease(self.lease)
        self.directory.unlink(self.name)
        self.directory.sync()
        self.name = None

    def restore(self) -> None:
        """Give the file its own name again where it is hidden, or one like it where another file has that."""
        if self.name is not None and self.name == self._hidden:
            self.name = restore_name(self.directory, self.name, self._own_name)
            self.directory.sync()

    def renew_lease(self) -> None:
        """Renew the lease where that was last done ten seconds ago. Raises Fenced where it is void."""
        moment = time.monotonic()
        if moment - self._renewed_at > _RENEW:
            self._renewed_at = moment
            self._ledger.dispositions.renew_lease(self.lease, self._ledger.now() + LEASE)
