import os

from fileq.ledger.queries.health import Extent, Flow, Waiting
from tests.support.jobs import DAMAGED, NOW, SLOW, begin, enter, finish
from tests.support.publication import make


def test_the_extent_is_that_of_the_file(ledger, database):
    ledger.database.connection.execute("pragma wal_checkpoint(truncate)")
    assert ledger.vitals.extent() == Extent(os.path.getsize(database), 0)


def test_jobs_wait_by_queue_since_they_were_due_or_came_or_were_given_back(ledger):
    enter(ledger, "a", due_at=NOW - 5)
    enter(ledger, "b", due_at=NOW + 5, queue="later")
    (lost,) = enter(ledger, "c", queue="lost")
    ledger.jobs.lose(begin(ledger, lost), NOW + 7)
    (slow,) = enter(ledger, "d", queue="slow")
    ledger.jobs.wait(begin(ledger, slow), SLOW, NOW + 10, NOW)
    (failed,) = enter(ledger, "e", queue="failed")
    ledger.jobs.fail(begin(ledger, failed), DAMAGED, NOW)
    assert ledger.vitals.waiting(NOW + 4) == [Waiting("lost", NOW + 7), Waiting("fileq", NOW)]
    assert ledger.vitals.waiting(NOW + 10)[-1] == Waiting("slow", NOW + 10)
    ledger.jobs.retry([failed])
    assert Waiting("failed", None) in ledger.vitals.waiting(NOW + 10)


def test_what_came_ended_and_is_left_is_counted(ledger):
    one, two, three = enter(ledger, *"abc")
    enter(ledger, "d", due_at=NOW + 60)
    finish(ledger, begin(ledger, one), now=NOW + 1)
    ledger.jobs.fail(begin(ledger, two), DAMAGED, NOW + 2)
    assert ledger.vitals.flow(NOW - 1, NOW) == Flow(4, 2, 1)
    assert ledger.vitals.flow(NOW + 1, NOW + 60) == Flow(0, 1, 2)
    begin(ledger, three)
    assert ledger.vitals.flow(NOW + 2, NOW) == Flow(0, 0, 1)


def test_folders_are_those_of_unfinished_jobs_and_of_those_that_ended_lately(ledger):
    enter(ledger, "a", folder="/queued")
    for folder, when in (("/ended", NOW), ("/long ago", NOW - 10)):
        (job,) = enter(ledger, folder, folder=folder)
        finish(ledger, begin(ledger, job), now=when)
    assert sorted(ledger.vitals.folders(NOW - 10)) == ["/ended", "/queued"]


def test_folders_of_outputs_are_told_the_latest_first(ledger, tmp_path):
    paths = [tmp_path / f"caf\udce9-{number}" / "x" / "a.jpg" for number in range(4)]
    for number, path in enumerate(paths):
        job = make(ledger, path, source=f"/{number}")
        ledger.database.connection.execute("update jobs set finished_at = ? where id = ?", (NOW + number, job))
    assert ledger.vitals.output_folders(NOW, 2) == [str(paths[3].parent), str(paths[2].parent)]
    assert ledger.vitals.output_folders(NOW + 2, 9) == [str(paths[3].parent)]


def test_running_jobs_are_told_with_their_attempt(ledger):
    one, two = enter(ledger, *"ab")
    ledger.jobs.lose(begin(ledger, one), NOW)
    begin(ledger, one)
    assert ledger.vitals.running([one, two, 99]) == {one: 2}


def test_an_empty_ledger_knows_of_no_time(ledger):
    assert ledger.vitals.latest() is None
