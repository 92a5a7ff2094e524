"""What was promised, or can't be taken back, is on disk by then: a loss of power undoes only what nobody relies on."""

import os
import sqlite3

import pytest

from fileq.control import cancel_jobs, retry_jobs
from fileq.disposition import dispose
from fileq.files.directory import Directory
from fileq.files.identity import version_of
from fileq.intake import AddRequest, add_files
from fileq.intake.watch_intake import DispositionPolicy, WatchIntake
from fileq.ledger import Ledger
from fileq.publish import publish_jobs
from tests.support.jobs import ENDINGS, NOW, SOMEBODY, begin, enter, finish, recipe
from tests.support.old_outputs import output, run_cleanup
from tests.support.publication import claim, reserved, written
from tests.support.sources import source_at


class Disk:
    """Whether all that a ledger has committed is on disk: SQLite syncs its log at a commit where it is told to."""

    def __init__(self, connection):
        self.has_all = True
        self.commits = 0
        self._syncs = self._wrote = False
        connection.set_trace_callback(self._see)

    def _see(self, statement):
        word = statement.split()[0].lower()
        if statement.startswith("pragma synchronous"):
            self._syncs = statement.endswith("full")
        elif word in ("insert", "update", "delete"):
            self._wrote = True
        elif word in ("commit", "rollback"):
            if word == "commit" and self._wrote:
                self.has_all = self._syncs
                self.commits += 1
            self._wrote = False


@pytest.fixture
def disk(ledger):
    return Disk(ledger.database.connection)


@pytest.fixture
def steps(monkeypatch, disk):
    """Of each file that gets another name or none: the name, and whether the ledger was on disk by then."""
    seen = []

    def watched(works):
        def step(path, *rest, **keys):
            seen.append((os.path.basename(path), disk.has_all))
            return works(path, *rest, **keys)

        return step

    def rename(directory, name, *rest):
        seen.append((name, disk.has_all))
        works(directory, name, *rest)

    works = Directory.rename
    monkeypatch.setattr(Directory, "rename", rename)
    for name in ("link", "unlink"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    return seen


def lease(ledger):
    disposition_id = ledger.dispositions.upsert_disposition("/photos/a.jpg", "1000-1", 7, "/done", None)
    (job,) = enter(ledger, disposition_id=disposition_id)
    finish(ledger, begin(ledger, job))
    return ledger.dispositions.take_lease(disposition_id, SOMEBODY, NOW, NOW + 60)


def arrive(ledger, photo):
    WatchIntake(ledger, 1, [recipe()], policy=DispositionPolicy()).take_in([source_at(photo)], NOW)


def try_again(ledger, _photo):
    (job,) = enter(ledger)
    ENDINGS["fail"](ledger, begin(ledger, job))
    assert retry_jobs(ledger, [job], NOW) == [job]


LAST = {
    "what add has queued": lambda ledger, photo: add_files(
        ledger, AddRequest(paths=[str(photo)], recipes=[recipe()]), now=NOW
    ),
    "what came into a watched folder": arrive,
    "what is to be tried again": try_again,
    "what was cancelled": lambda ledger, _: cancel_jobs(ledger, enter(ledger), NOW),
    "how the jobs of a source ended, once it may go": lambda ledger, _: lease(ledger),
    "where a source goes": lambda ledger, _: ledger.dispositions.choose_target(lease(ledger), "/done/a.jpg"),
    "the hidden name of a source": lambda ledger, _: ledger.dispositions.announce_hidden(lease(ledger), "/photos/.a"),
    "the name of a copy under way": lambda ledger, _: ledger.dispositions.announce_temp(lease(ledger), "/done/.a"),
}


@pytest.mark.parametrize("what", LAST)
def test_it_is_on_disk_when_the_call_returns(ledger, disk, photo, what):
    LAST[what](ledger, photo)
    assert disk.commits
    assert disk.has_all


def test_a_file_gets_its_final_name_once_the_disk_says_whose_it_is(ledger, steps, tmp_path):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, tmp_path / "a.jpg", tmp_path / "b.jpg"))
    steps.clear()
    assert publish_jobs(ledger, [finished]) == {}
    assert len(steps) >= 2
    assert all(was_on_disk for _, was_on_disk in steps)


def test_an_output_is_hidden_once_the_disk_says_that_it_goes(ledger, steps, tmp_path):
    output(ledger, tmp_path / "a.jpg")
    steps.clear()
    run_cleanup(ledger)
    assert steps[0] == ("a.jpg", True)


@pytest.mark.parametrize("done_to", ["moved", ""])
def test_an_original_goes_once_the_disk_says_how_its_jobs_ended(ledger, steps, tmp_path, done_to):
    source = tmp_path / "inbox" / "a.jpg"
    source.parent.mkdir()
    source.write_text("original")
    status = os.stat(source)
    disposition_id = ledger.dispositions.upsert_disposition(
        str(source), version_of(status), status.st_ino, done_to and str(tmp_path / done_to), None
    )
    (job,) = enter(ledger, str(source), disposition_id=disposition_id)
    claimed = claim(ledger, job=job)
    assert publish_jobs(ledger, [written(claimed, reserved(ledger, claimed, tmp_path / "out" / "a.jpg"))]) == {}
    steps.clear()
    assert dispose(ledger) == []
    assert not source.exists()
    assert all(was_on_disk for _, was_on_disk in steps)


def test_a_new_ledger_is_on_disk_once_it_is_open(database, monkeypatch):
    disks, connect = [], sqlite3.connect

    def watched(*arguments, **keys):
        connection = connect(*arguments, **keys)
        disks.append(Disk(connection))
        return connection

    monkeypatch.setattr(sqlite3, "connect", watched)
    Ledger(database).close()
    assert [(disk.commits, disk.has_all) for disk in disks] == [(1, True)]
