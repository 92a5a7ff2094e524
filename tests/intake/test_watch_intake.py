"""What comes into a watched folder is queued once, whatever happens to it afterwards."""

import os

import pytest

from fileq import queue
from fileq.errors import LedgerError
from fileq.intake import IntakeOutcome
from fileq.job import JobState
from fileq.ledger.tables.attempts import Claim
from tests.support.jobs import DAMAGED, GONE, NOW, SLOW, begin, claim_one, finish
from tests.support.sources import source_at
from tests.support.watch_intake import do, intake_of, jobs, take, write


def test_what_comes_is_queued_once_with_a_message(ledger, inbox):
    path = write(inbox / "a.jpg")
    assert take(ledger, path) == [IntakeOutcome.QUEUED]
    assert take(ledger, path) == [IntakeOutcome.KNOWN]
    assert len(jobs(ledger)) == 1
    assert ledger.messages.has_messages("fileq")


def test_its_jobs_know_that_they_came_by_a_watch(ledger, inbox):
    take(ledger, write(inbox / "a.jpg"))
    claim = claim_one(ledger, 1, 1, NOW)
    assert isinstance(claim, Claim)
    assert claim.watched


def test_what_no_recipe_matches_is_left(ledger, inbox):
    assert take(ledger, write(inbox / "a.txt")) == [IntakeOutcome.UNMATCHED]
    assert not intake_of(ledger).find_new([source_at(inbox / "a.txt")])


def test_a_burst_is_one_batch_and_a_later_one_another(ledger, inbox):
    way = intake_of(ledger)
    for number, now in enumerate((NOW, NOW + 5, NOW + 14, NOW + 30)):
        take(ledger, write(inbox / f"{number}.jpg"), way=way, now=now)
    assert [job.batch_id for job in jobs(ledger)][::-1] == [1, 1, 1, 2]


def test_a_burst_whose_first_file_a_quick_worker_has_done_ends_once_more(ledger, inbox):
    way, ended = intake_of(ledger), []
    for number in (1, 2):
        take(ledger, write(inbox / f"{number}.jpg"), way=way, now=NOW + number)
        finish(ledger, begin(ledger, number))
        ended.append([one.batch_id for one in ledger.pending_events.take_ended_batches(queue.MAIN)])
    assert ended == [[1], [1]]


def test_what_could_not_be_written_is_queued_in_a_batch_that_there_is(ledger, inbox, monkeypatch):
    path, way = write(inbox / "a.jpg"), intake_of(ledger)

    def fail(*_, **__):
        raise LedgerError("The disk is full.", "Make room.")

    with monkeypatch.context() as full:
        full.setattr(queue, "send", fail)
        with pytest.raises(LedgerError):
            take(ledger, path, way=way)
    assert take(ledger, path, way=way, now=NOW + 1) == [IntakeOutcome.QUEUED]
    assert ledger.batches.find_queue(1) == queue.MAIN
    assert ledger.folders.find_folder(str(inbox)) is not None


def test_nothing_new_opens_no_batch(ledger, inbox):
    path, way = write(inbox / "a.jpg"), intake_of(ledger)
    assert [way.take_in([source_at(path)], NOW).batch_id for _ in range(2)] == [1, None]
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
    ledger.attempts.fail_attempt(begin(ledger, 1), DAMAGED, NOW)
    assert not intake_of(ledger).find_new([source_at(path)])
    assert take(ledger, path) == [IntakeOutcome.KNOWN]


def test_what_a_person_cancelled_stays_cancelled(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    ledger.jobs.cancel_jobs([1], NOW)
    assert take(ledger, path) == [IntakeOutcome.KNOWN]


def test_what_a_person_cancelled_while_it_waited_stays_cancelled(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    ledger.attempts.retry_attempt_later(begin(ledger, 1), SLOW, NOW + 10, NOW)
    ledger.jobs.cancel_jobs([1], NOW)
    assert not intake_of(ledger).find_new([source_at(path)])
    assert take(ledger, path) == [IntakeOutcome.KNOWN]


def test_what_had_vanished_and_is_back_is_queued_again(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    ledger.attempts.cancel_attempt(begin(ledger, 1), GONE, NOW)
    assert intake_of(ledger).find_new([source_at(path)])
    assert take(ledger, path) == [IntakeOutcome.QUEUED]
    assert [job.state for job in jobs(ledger)] == [JobState.QUEUED]


def test_only_the_very_file_that_came_is_opened_and_what_is_back_is_that_file_then(ledger, inbox):
    path = write(inbox / "a.jpg", mtime=1)
    take(ledger, path)
    claim = claim_one(ledger, 1, 1, NOW)
    assert claim.inode == os.stat(path).st_ino
    ledger.attempts.cancel_attempt(claim.token, GONE, NOW)
    kept = path.rename(inbox / ".kept")
    write(path, mtime=1)
    take(ledger, path)
    assert claim_one(ledger, 1, 1, NOW).inode == os.stat(path).st_ino != os.stat(kept).st_ino


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
    assert not intake_of(ledger).find_new([source_at(path)])


def test_content_that_came_back_after_another_is_new(ledger, inbox):
    path = write(inbox / "a.jpg", b"one")
    for time, content in enumerate((b"one", b"two", b"one")):
        write(path, content, mtime=time + 1)
        assert take(ledger, path, now=NOW + time) == [IntakeOutcome.QUEUED]
        do(ledger, path)


def test_the_tree_is_kept_below_out(ledger, inbox, tmp_path):
    path = write(inbox / "trips" / "a.jpg")
    intake_of(ledger, out=str(tmp_path / "out")).take_in([source_at(path, inbox)], NOW)
    assert jobs(ledger)[0].folder == str(tmp_path / "out" / "trips")


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"new\nline.jpg", b"-rf.jpg", b"x" * 251 + b".jpg"])
def test_odd_names_are_known_again(ledger, inbox, name):
    path = os.path.join(os.fsencode(inbox), name)
    with open(path, "wb") as file:
        file.write(b"pixels")
    assert take(ledger, os.fsdecode(path)) == [IntakeOutcome.QUEUED]
    assert take(ledger, os.fsdecode(path)) == [IntakeOutcome.KNOWN]
