"""A file is known again by another name, and what fileq made is known wherever it goes."""

import os
import shutil

import pytest

from fileq.intake import AddRequest, IntakeOutcome, add_files
from fileq.job import JobState
from tests.support.jobs import NOW, begin, recipe
from tests.support.sources import source_at
from tests.support.watch_intake import THUMB, WEB, do, intake_of, jobs, take, write


def test_a_file_that_is_renamed_in_the_tree_is_not_new(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    do(ledger, path)
    renamed = inbox / "sub" / "b.jpg"
    renamed.parent.mkdir()
    path.rename(renamed)
    assert take(ledger, renamed) == [IntakeOutcome.KNOWN]
    assert [job.source for job in jobs(ledger)] == [str(renamed)]
    assert not intake_of(ledger).find_new([source_at(renamed)])


def test_a_file_that_was_added_elsewhere_and_is_renamed_into_a_watched_folder_is_new(ledger, inbox, tmp_path):
    path = write(inbox / "a.jpg")
    add_files(ledger, AddRequest(paths=[str(path)], recipes=[WEB], out=str(tmp_path / "other")), now=NOW)
    do(ledger, path)
    assert take(ledger, path.rename(inbox / "b.jpg")) == [IntakeOutcome.QUEUED]


def test_a_file_that_is_renamed_before_it_is_processed_is_queued_under_its_new_name_alone(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    renamed = path.rename(inbox / "b.jpg")
    assert take(ledger, renamed) == [IntakeOutcome.QUEUED]
    assert {job.source: job.state for job in jobs(ledger)} == {
        str(path): JobState.CANCELLED, str(renamed): JobState.QUEUED,
    }  # fmt: skip


def test_a_file_that_is_renamed_while_it_is_processed_is_looked_at_again_later(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    begin(ledger, 1)
    assert take(ledger, path.rename(inbox / "b.jpg")) == [IntakeOutcome.BUSY]


def test_a_worker_that_begins_a_job_while_its_source_is_renamed_is_waited_for(ledger, inbox, monkeypatch):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    renamed = path.rename(inbox / "b.jpg")
    withdraw = ledger.prior_jobs.cancel_unstarted_job
    monkeypatch.setattr(
        ledger.prior_jobs, "cancel_unstarted_job", lambda *given: (begin(ledger, 1), withdraw(*given))[1]
    )
    assert take(ledger, renamed) == [IntakeOutcome.BUSY]
    assert [job.state for job in jobs(ledger)] == [JobState.RUNNING]


def test_of_several_jobs_about_a_renamed_file_the_one_that_was_done_counts(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    path = path.rename(inbox / "b.jpg")
    take(ledger, path)
    do(ledger, path)
    assert take(ledger, path.rename(inbox / "c.jpg")) == [IntakeOutcome.KNOWN]


def test_of_several_jobs_about_a_renamed_file_the_one_that_runs_counts_most(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    do(ledger, path)
    link = inbox / "b.jpg"
    os.link(path, link)
    take(ledger, link)
    begin(ledger, 2)
    path.unlink()
    assert take(ledger, link.rename(inbox / "c.jpg")) == [IntakeOutcome.BUSY]


def test_of_several_jobs_about_a_renamed_file_one_that_ended_counts_more_than_one_that_has_not_begun(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    do(ledger, path)
    link = inbox / "b.jpg"
    os.link(path, link)
    take(ledger, link)
    path.unlink()
    assert take(ledger, link.rename(inbox / "c.jpg")) == [IntakeOutcome.KNOWN]


def test_all_jobs_of_a_file_that_is_renamed_before_they_begin_are_withdrawn(ledger, inbox):
    path, way = write(inbox / "a.jpg"), intake_of(ledger, WEB, THUMB)
    take(ledger, path, way=way)
    renamed = path.rename(inbox / "b.jpg")
    assert take(ledger, renamed, way=way) == [IntakeOutcome.QUEUED]
    assert [(job.source, job.state) for job in jobs(ledger)] == [
        *[(str(renamed), JobState.QUEUED)] * 2,
        *[(str(path), JobState.CANCELLED)] * 2,
    ]


def test_a_second_link_to_a_file_is_a_file_of_its_own(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    do(ledger, path)
    os.link(path, inbox / "b.jpg")
    assert take(ledger, inbox / "b.jpg") == [IntakeOutcome.QUEUED]


def test_what_fileq_made_is_no_source_of_the_same_recipe_wherever_it_is_moved(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    made = do(ledger, path)
    assert take(ledger, made) == [IntakeOutcome.OWN_OUTPUT]
    moved = shutil.move(made, inbox / "elsewhere.jpg")
    assert take(ledger, moved) == [IntakeOutcome.OWN_OUTPUT]
    assert not intake_of(ledger).find_new([source_at(moved)])


def test_an_output_that_was_overwritten_by_a_person_is_theirs(ledger, inbox):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    made = do(ledger, path)
    with open(made, "wb") as file:
        file.write(b"something else")
    assert take(ledger, made) == [IntakeOutcome.QUEUED]


def test_an_output_may_go_through_another_recipe_but_not_round_in_a_circle(ledger, inbox, tmp_path):
    path = write(inbox / "a.jpg")
    take(ledger, path)
    first = do(ledger, path)
    there = intake_of(ledger, THUMB)
    assert take(ledger, first, way=there) == [IntakeOutcome.QUEUED]
    second = do(ledger, first, tmp_path / "thumbs" / "a.jpg")
    assert take(ledger, second) == [IntakeOutcome.OWN_OUTPUT]
    assert take(ledger, second, way=there) == [IntakeOutcome.OWN_OUTPUT]


@pytest.mark.timeout(10)
def test_outputs_that_were_made_of_each_other_by_and_by_are_followed_round_once(ledger, inbox, tmp_path):
    path, there = write(inbox / "a.jpg"), intake_of(ledger, THUMB)
    take(ledger, path)
    first = do(ledger, path)
    take(ledger, first, way=there)
    do(ledger, first, path)
    assert take(ledger, path, way=intake_of(ledger, recipe("another", background="white"))) == [
        IntakeOutcome.OWN_OUTPUT
    ]
