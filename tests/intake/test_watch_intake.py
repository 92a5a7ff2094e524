"""What comes into a watched folder is queued once, whatever happens to it afterwards."""

import os

import pytest

from fileq.intake import IntakeOutcome
from fileq.job import JobState
from fileq.ledger.tables.jobs import Claim
from tests.support.arrivals import arrival, do, jobs, reception, take, write
from tests.support.jobs import DAMAGED, NOW, SLOW, begin


def test_what_comes_is_queued_once_with_a_message(ledger, inbox):
    path = write(inbox / "a.jpg")
    assert take(ledger, path) == [IntakeOutcome.QUEUED]
    assert take(ledger, path) == [IntakeOutcome.KNOWN]
    assert len(jobs(ledger)) == 1
    assert ledger.messages.has_messages("fileq")


def test_its_jobs_know_that_they_came_by_a_watch(ledger, inbox):
    take(ledger, write(inbox / "a.jpg"))
    claim = ledger.jobs.claim_job(1, 1, NOW)
    assert isinstance(claim, Claim)
    assert claim.watched


def test_what_no_recipe_matches_is_left(ledger, inbox):
    assert take(ledger, write(inbox / "a.txt")) == [IntakeOutcome.UNMATCHED]
    assert not reception(ledger).news([arrival(inbox / "a.txt")])


def test_a_burst_is_one_batch_and_a_later_one_another(ledger, inbox):
    way = reception(ledger)
    for number, now in enumerate((NOW, NOW + 5, NOW + 14, NOW + 30)):
        take(ledger, write(inbox / f"{number}.jpg"), way=way, now=now)
    assert [job.batch for job in jobs(ledger)][::-1] == [1, 1, 1, 2]


def test_nothing_new_opens_no_batch(ledger, inbox):
    path, way = write(inbox / "a.jpg"), reception(ledger)
    assert [way.take([arrival(path)], NOW).batch for _ in range(2)] == [1, None]
    take(ledger, path, now=NOW + 100)
    assert not ledger.batches.has_jobs(2)


def test_outputs_that_were_removed_do_not_come_back(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    os.unlink(do(ledger, path))
    assert take(ledger, path) == [IntakeOutcome.KNOWN]


def test_what_failed_is_not_tried_again_at_every_scan(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    ledger.jobs.fail_attempt(begin(ledger, 1), DAMAGED, NOW)
    assert not reception(ledger).news([arrival(path)])
    assert take(ledger, path) == [IntakeOutcome.KNOWN]


def test_what_a_person_cancelled_stays_cancelled(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    ledger.jobs.cancel_jobs([1], NOW)
    assert take(ledger, path) == [IntakeOutcome.KNOWN]


def test_what_had_vanished_and_is_back_is_queued_again(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    ledger.jobs.cancel_attempt(begin(ledger, 1), SLOW, NOW)
    assert reception(ledger).news([arrival(path)])
    assert take(ledger, path) == [IntakeOutcome.QUEUED]
    assert [job.state for job in jobs(ledger)] == [JobState.QUEUED]


def test_only_the_very_file_that_came_is_opened_and_what_is_back_is_that_file_then(ledger, inbox):
    path = write(inbox / "a.jpg", mtime=1)
    take(ledger, path)
    claim = ledger.jobs.claim_job(1, 1, NOW)
    assert claim.inode == os.stat(path).st_ino
    ledger.jobs.cancel_attempt(claim.token, SLOW, NOW)
    kept = path.rename(inbox / ".kept")
    write(path, mtime=1)
    take(ledger, path)
    assert ledger.jobs.claim_job(1, 1, NOW).inode == os.stat(path).st_ino != os.stat(kept).st_ino


def test_other_content_of_the_same_size_is_new(ledger, inbox):
    path = write(inbox / "a.jpg", b"one")
    take(ledger, path)
    do(ledger, path)
    write(path, b"two", mtime=1)
    assert take(ledger, path) == [IntakeOutcome.QUEUED]


def test_a_touched_file_is_not_new_and_known_from_then_on(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    do(ledger, path)
    os.utime(path, (5, 5))
    assert take(ledger, path) == [IntakeOutcome.KNOWN]
    assert not reception(ledger).news([arrival(path)])


def test_content_that_came_back_after_another_is_new(ledger, inbox):
    path = write(inbox / "a.jpg", b"one")
    for time, content in enumerate((b"one", b"two", b"one")):
        write(path, content, mtime=time + 1)
        assert take(ledger, path, now=NOW + time) == [IntakeOutcome.QUEUED]
        do(ledger, path)


def test_the_tree_is_kept_below_out(ledger, inbox, tmp_path):
    path = write(inbox / "trips" / "a.jpg")
    reception(ledger, out=str(tmp_path / "out")).take([arrival(path, inbox)], NOW)
    assert jobs(ledger)[0].folder == str(tmp_path / "out" / "trips")


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"new\nline.jpg", b"-rf.jpg", b"x" * 251 + b".jpg"])
def test_odd_names_are_known_again(ledger, inbox, name):
    path = os.path.join(os.fsencode(inbox), name)
    with open(path, "wb") as file:
        file.write(b"pixels")
    assert take(ledger, os.fsdecode(path)) == [IntakeOutcome.QUEUED]
    assert take(ledger, os.fsdecode(path)) == [IntakeOutcome.KNOWN]
