import os

import pytest

from fileq import queue
from fileq.errors import NotFoundError
from fileq.intake import AddResult, IntakeOutcome, RepeatRule, add_files, foresee_jobs
from fileq.job import JobState
from fileq.ledger.queries.overview import JobSelection
from fileq.worker.tasks import create_huey
from tests.intake.adding import THUMB, WEB, counts, do_all, request, take, write
from tests.support.jobs import DAMAGED, GONE, NOW, begin, claim_one, recipe


def test_what_is_new_is_queued_in_one_batch_and_told(ledger, photos):
    receipt = take(ledger, photos)
    assert counts(receipt) == (2, 0, 0, 1)
    assert receipt.batch_id == 1
    assert ledger.overview.tally_jobs(1).jobs[JobState.QUEUED] == 2
    assert ledger.overview.find_job(1).priority == 0


def test_the_folder_of_each_source_is_noted_for_its_drive_may_be_taken_out(ledger, photos):
    take(ledger, photos)
    assert [ledger.folders.find_folder(str(folder)) is not None for folder in (photos, photos / "trips")] == [True] * 2


def test_every_job_has_a_message(ledger, photos):
    take(ledger, photos, priority=3)
    huey = create_huey(ledger, queue.MAIN)
    sent = [huey.dequeue(), huey.dequeue()]
    assert sorted(job for task in sent for job in task.args) == [1, 2]
    assert {task.priority for task in sent} == {3}


def test_a_file_goes_through_each_recipe_that_matches_it(ledger, photos):
    receipt = take(ledger, photos, recipes=(WEB, THUMB))
    assert counts(receipt) == (4, 0, 0, 1)
    assert {job.recipe_name for job in ledger.overview.list_jobs(JobSelection())} == {"web", "thumb"}


def test_what_is_queued_already_is_not_queued_again(ledger, photos):
    take(ledger, photos)
    receipt = take(ledger, photos)
    assert counts(receipt) == (0, 0, 2, 1)
    assert receipt.batch_id is None
    assert not ledger.batches.has_jobs(2)


def test_a_file_that_is_named_twice_is_queued_once(ledger, photos):
    assert counts(take(ledger, photos / "a.jpg", photos / "a.jpg", photos)) == (2, 0, 0, 1)


def test_what_is_done_is_up_to_date_while_its_outputs_stand(ledger, photos):
    take(ledger, photos)
    made = do_all(ledger)
    assert counts(take(ledger, photos)) == (0, 2, 0, 1)
    os.unlink(made[0])
    assert counts(take(ledger, photos)) == (1, 1, 0, 1)


def test_a_changed_source_is_queued_again(ledger, photos):
    take(ledger, photos)
    do_all(ledger)
    write(photos / "a.jpg", b"other pixels")
    assert counts(take(ledger, photos)) == (1, 1, 0, 1)


def test_a_touched_source_is_queued_again(ledger, photos):
    take(ledger, photos)
    do_all(ledger)
    os.utime(photos / "a.jpg", ns=(1, 1))
    assert counts(take(ledger, photos)) == (1, 1, 0, 1)


def test_a_changed_recipe_is_other_work_and_a_renamed_policy_is_not(ledger, photos):
    take(ledger, photos)
    do_all(ledger)
    assert counts(take(ledger, photos, recipes=[recipe("web", on_conflict="skip", description="x")]))[:2] == (0, 2)
    assert counts(take(ledger, photos, recipes=[recipe("web", enlarge=True)]))[:2] == (2, 0)


@pytest.mark.parametrize("ending", ["fail", "cancel"])
def test_what_failed_or_was_cancelled_is_queued_again(ledger, photos, ending):
    take(ledger, photos / "a.jpg")
    if ending == "fail":
        ledger.attempts.fail_attempt(begin(ledger, 1), DAMAGED, NOW)
    else:
        ledger.jobs.cancel_jobs([1], NOW)
    assert take(ledger, photos / "a.jpg").queued == 1
    assert ledger.overview.find_job(1).batch_id == 2


def test_force_queues_what_is_up_to_date(ledger, photos):
    take(ledger, photos)
    do_all(ledger)
    assert counts(take(ledger, photos, repeat=RepeatRule.ALWAYS)) == (2, 0, 0, 1)


def test_never_again_leaves_alone_what_was_ever_queued_however_it_ended(ledger, photos):
    take(ledger, photos)
    _, gone = do_all(ledger)
    os.remove(gone)
    write(photos / "c.jpg")
    take(ledger, photos / "c.jpg")
    (failed,) = ledger.overview.list_job_ids(JobSelection(states=(JobState.QUEUED,)))
    ledger.attempts.fail_attempt(begin(ledger, failed), DAMAGED, NOW)
    assert counts(take(ledger, photos, repeat=RepeatRule.NEVER)) == (0, 3, 0, 1)
    assert not os.path.exists(gone)
    write(photos / "d.jpg")
    assert counts(take(ledger, photos, repeat=RepeatRule.NEVER)) == (1, 3, 0, 1)


def test_what_had_vanished_and_is_back_is_queued_by_each_rule(ledger, photos):
    take(ledger, photos / "a.jpg")
    for rule in RepeatRule:
        ledger.attempts.cancel_attempt(begin(ledger, 1), GONE, NOW)
        assert take(ledger, photos / "a.jpg", repeat=rule).queued == 1


def test_a_path_that_does_not_exist_is_named_and_nothing_is_queued(ledger, photos):
    with pytest.raises(NotFoundError, match=r"gone\.jpg"):
        take(ledger, photos / "a.jpg", photos / "gone.jpg")
    assert ledger.overview.tally_jobs().total == 0
    assert not ledger.batches.has_jobs(1)


def test_a_file_that_can_not_be_looked_at_is_a_problem_and_the_rest_is_queued(ledger, photos):
    (photos / "loop.jpg").symlink_to("loop.jpg")
    receipt = take(ledger, photos)
    assert receipt.queued == 2
    assert len(receipt.problems) == 1


@pytest.mark.parametrize(
    "name", [b"caf\xe9.jpg", b"new\nline.jpg", b"-rf.jpg", b"x" * 251 + b".jpg", b"\xf0\x9f\x98\x80.jpg"]
)
def test_odd_names_are_queued_and_known_again(ledger, tmp_path, name):
    with open(os.path.join(os.fsencode(tmp_path), name), "wb"):
        pass
    assert take(ledger, tmp_path).queued == 1
    assert take(ledger, tmp_path, exclude=("fileq.db*",)).already_queued == 1
    claim = claim_one(ledger, 1, 1, NOW)
    assert os.fsencode(claim.source) == os.path.join(os.fsencode(tmp_path), name)


def test_what_is_to_be_done_later_waits_in_the_schedule(ledger, photos):
    take(ledger, photos, due_at=NOW + 60)
    assert not ledger.messages.has_messages(queue.MAIN)
    assert claim_one(ledger, 1, 1, NOW) is None
    assert claim_one(ledger, 1, 1, NOW + 60) is not None


def test_a_run_has_its_own_queue(ledger, photos):
    add_files(ledger, request(photos), now=NOW, queue="run-1")
    assert [ledger.messages.has_messages(name) for name in (queue.MAIN, "run-1")] == [False, True]


def test_what_would_be_queued_is_foreseen_and_nothing_is_queued(ledger, photos):
    result = AddResult()
    found = [
        (one.source.name, one.target.recipe.name, one.target.folder, outcome, job_id)
        for one, outcome, job_id in foresee_jobs(ledger, request(photos, recipes=(WEB, THUMB)), result)
    ]
    assert found[:2] == [
        ("a.jpg", "web", f"{photos}/web", IntakeOutcome.QUEUED, 0),
        ("a.jpg", "thumb", f"{photos}/thumbs", IntakeOutcome.QUEUED, 0),
    ]
    assert (result.queued, result.unmatched) == (len(found), 1)
    assert ledger.overview.tally_jobs().total == 0
