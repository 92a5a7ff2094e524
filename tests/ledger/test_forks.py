"""Forks of a process that has a ledger open."""

import os
import sqlite3
import sys

import pytest

from fileq.ledger import open_ledger
from tests.support.forks import in_child


def open_files():
    """The names of the files that this process has open."""
    names = []
    for handle in os.listdir("/proc/self/fd"):
        try:
            names.append(os.readlink(f"/proc/self/fd/{handle}"))
        except FileNotFoundError:  # the handle of the list itself
            continue
    return names


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists a process's open files in /proc")
def test_a_child_gets_no_handle_of_any_ledger_s_file(tmp_path):
    path = str(tmp_path / "fileq.db")

    def look():
        assert not [name for name in open_files() if name.startswith(path)]
        ledger.batches.is_paused()
        assert path in open_files()

    with open_ledger(path) as ledger:
        assert path in open_files()
        assert in_child(look)
        ledger.batches.is_paused()
        assert path in open_files()


def test_a_ledger_that_is_closed_is_not_opened_again_by_a_fork(tmp_path):
    with open_ledger(str(tmp_path / "fileq.db")) as ledger:
        pass

    def use():
        with pytest.raises(sqlite3.ProgrammingError, match="closed"), ledger.transaction():
            pass

    assert in_child(use)
    use()
