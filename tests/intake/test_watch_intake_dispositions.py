"""A source of a watched folder that is to go says so before its jobs can begin, and goes once they have ended."""

import pytest

from fileq.disposition import dispose
from fileq.intake import IntakeOutcome
from fileq.intake.watch_intake import DispositionPolicy
from fileq.job import JobState
from fileq.presence import this_process
from tests.support.jobs import DAMAGED, GONE, NOW, begin, finish
from tests.support.sources import source_at
from tests.support.watch_intake import THUMB, WEB, do, intake_of, jobs, take, write


def test_a_source_that_is_to_be_moved_says_so_before_its_job_can_begin(ledger, inbox, tmp_path):
    path = write(inbox / "trips" / "a.jpg")
    way = intake_of(ledger, policy=DispositionPolicy(str(tmp_path / "done"), ""))
    way.take_in([source_at(path, inbox)], NOW)
    finish(ledger, begin(ledger, 1))
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW, [1])
    assert (disposition.source, disposition.done_to, disposition.failed_to) == (str(path), f"{tmp_path}/done/trips", "")


def test_a_source_that_is_done_and_comes_back_is_to_be_moved_again(ledger, inbox, tmp_path):
    path = write(inbox / "a.jpg")
    way = intake_of(ledger, policy=DispositionPolicy(str(tmp_path / "done")))
    way.take_in([source_at(path)], NOW)
    do(ledger, path)
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    ledger.dispositions.close_disposition(ledger.dispositions.take_lease(disposition.id, this_process(), NOW, NOW + 1))
    assert way.find_new([source_at(path)])
    assert way.take_in([source_at(path)], NOW).disposable == [1]
    assert len(ledger.dispositions.find_ready_dispositions(NOW)) == 1
    assert not way.find_new([source_at(path)])


def test_all_sources_that_are_done_and_come_back_are_to_be_moved_again(ledger, inbox, tmp_path):
    paths = [write(inbox / name) for name in ("a.jpg", "b.jpg")]
    take(ledger, *paths)
    for path in paths:
        do(ledger, path)
    way = intake_of(ledger, policy=DispositionPolicy(str(tmp_path / "done")))
    assert sorted(way.take_in([source_at(path) for path in paths], NOW).disposable) == [1, 2]


def test_a_source_that_is_to_stay_is_seen_off_by_nobody(ledger, inbox):
    take(ledger, write(inbox / "a.jpg"))
    finish(ledger, begin(ledger, 1))
    assert ledger.dispositions.find_ready_dispositions(NOW) == []


@pytest.mark.parametrize("other", JobState)
def test_a_source_of_which_a_job_has_failed_goes_once_the_others_have_ended(other):
    assert DispositionPolicy(None, "/failed").disposes_of(frozenset([JobState.FAILED, other])) == other.is_final
    assert not DispositionPolicy("/done", None).disposes_of(frozenset([JobState.FAILED, other]))


def test_a_source_that_stayed_goes_once_its_watch_says_where_failures_go(ledger, inbox, tmp_path):
    photo = write(inbox / "a.jpg")
    take(ledger, photo, way=intake_of(ledger, policy=DispositionPolicy(str(tmp_path / "done"))))
    (job,) = jobs(ledger, JobState.QUEUED)
    ledger.attempts.fail_attempt(begin(ledger, job.id), DAMAGED, NOW)
    dispose(ledger)
    assert photo.exists()
    way = intake_of(ledger, policy=DispositionPolicy(str(tmp_path / "done"), str(tmp_path / "failed")))
    dispose(ledger, way.take_in([source_at(photo)], NOW).disposable)
    assert (tmp_path / "failed" / "a.jpg").exists()


def test_a_source_that_is_to_go_waits_for_what_was_queued_before(ledger, inbox, tmp_path):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    way = intake_of(ledger, WEB, THUMB, policy=DispositionPolicy(str(tmp_path / "done")))
    assert take(ledger, path, way=way) == [IntakeOutcome.QUEUED]
    finish(ledger, begin(ledger, 2))
    assert ledger.dispositions.find_ready_dispositions(NOW) == []
    finish(ledger, begin(ledger, 1))
    assert len(ledger.dispositions.find_ready_dispositions(NOW)) == 1


def test_a_source_that_is_to_go_waits_for_what_is_queued_in_the_same_moment(ledger, inbox, tmp_path, monkeypatch):
    path, history = write(inbox / "a.jpg"), ledger.prior_jobs.list_jobs_of_source

    def another_is_faster(source):
        known = history(source)
        monkeypatch.undo()
        take(ledger, path)
        return known

    monkeypatch.setattr(ledger.prior_jobs, "list_jobs_of_source", another_is_faster)
    take(ledger, path, way=intake_of(ledger, policy=DispositionPolicy(str(tmp_path / "done"))))
    assert len(jobs(ledger)) == 1
    finish(ledger, begin(ledger, 1))
    assert len(ledger.dispositions.find_ready_dispositions(NOW, [1])) == 1


def test_a_source_that_had_vanished_and_is_back_goes_once_it_is_done(ledger, inbox, tmp_path):
    path = write(inbox / "a.jpg")
    way = intake_of(ledger, policy=DispositionPolicy(str(tmp_path / "done")))
    take(ledger, path, way=way)
    ledger.attempts.cancel_attempt(begin(ledger, 1), GONE, NOW)
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    ledger.dispositions.close_disposition(ledger.dispositions.take_lease(disposition.id, this_process(), NOW, NOW + 1))
    assert take(ledger, path, way=way) == [IntakeOutcome.QUEUED]
    finish(ledger, begin(ledger, 1))
    assert len(ledger.dispositions.find_ready_dispositions(NOW)) == 1
