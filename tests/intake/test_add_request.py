import os

import pytest

from fileq import queue
from fileq.errors import NotFoundError
from fileq.files.identity import version_of
from fileq.intake import AddRequest, AddResult, IntakeOutcome, RepeatRule, add_files, foresee_jobs
from fileq.job import JobState, OutputInfo
from fileq.ledger.queries.overview import JobSelection
from fileq.ledger.tables.outputs import PublishedFile
from fileq.worker.tasks import create_huey
from tests.support.jobs import DAMAGED, GONE, NOW, begin, finish, recipe

WEB, THUMB = recipe("web"), recipe("thumb", match=("*.jpg",), out="{folder}/thumbs", background="black")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    write(folder / "a.jpg")
    write(folder / "trips" / "b.jpg")
    write(folder / "notes.txt")
    return folder


def write(path, content=b"pixels"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def request(*paths, recipes=(WEB,), **keys):
    return AddRequest(paths=[str(path) for path in paths], recipes=recipes, **keys)


def counts(receipt):
    return receipt.queued, receipt.up_to_date, receipt.already_queued, receipt.unmatched


def take(ledger, *paths, **keys):
    return add_files(ledger, request(*paths, **keys), now=NOW)


def do_all(ledger, prefix=""):
    """Do what is queued, each job with one real output; answer their paths."""
    made = []
    for job in ledger.overview.list_jobs(JobSelection(states=(JobState.QUEUED,))):
        token = begin(ledger, job.id)
        path = os.path.join(job.folder, prefix + os.path.basename(job.source))
        os.makedirs(job.folder, exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"small")
        ledger.outputs.reserve_path(path, job.id, path + ".tmp")
        finish(ledger, token)
        status = os.stat(path)
        published = PublishedFile(
            OutputInfo(path=path, format="jpeg", width=1, height=1, bytes=5), version_of(status), status.st_ino
        )
        ledger.outputs.record_published({job.id: [published]}, NOW)
        made.append(path)
    return made


def folders(ledger):
    return {os.path.basename(job.source): job.folder for job in ledger.overview.list_jobs(JobSelection())}


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


def test_a_walk_does_not_take_what_fileq_has_made(ledger, photos):
    take(ledger, photos)
    do_all(ledger)
    receipt = take(ledger, photos)
    assert (receipt.own_outputs, receipt.queued) == (2, 0)


def test_a_walk_that_comes_by_outputs_takes_them_through_no_recipe(ledger, photos):
    take(ledger, photos / "a.jpg")
    do_all(ledger)
    receipt = take(ledger, photos, recipes=(THUMB,))
    assert (receipt.queued, receipt.own_outputs) == (2, 1)
    assert {job.source for job in ledger.overview.list_jobs(JobSelection(recipe_name="thumb"))} == {
        f"{photos}/a.jpg", f"{photos}/trips/b.jpg",
    }  # fmt: skip


def test_a_folder_of_outputs_may_go_through_another_recipe_and_not_through_the_same(ledger, photos):
    take(ledger, photos / "a.jpg")
    do_all(ledger)
    same, other = take(ledger, photos / "web"), take(ledger, photos / "web", recipes=(THUMB,))
    assert (same.queued, same.own_outputs) == (0, 1)
    assert (other.queued, other.own_outputs) == (1, 0)


def test_an_output_that_somebody_moved_goes_through_another_recipe_and_not_through_the_same(ledger, photos):
    take(ledger, photos / "a.jpg")
    (made,) = do_all(ledger)
    os.rename(made, photos / "trips" / "moved.jpg")
    os.remove(photos / "trips" / "b.jpg")
    same, other = take(ledger, photos / "trips"), take(ledger, photos / "trips", recipes=(THUMB,))
    assert (same.queued, same.own_outputs) == (0, 1)
    assert (other.queued, other.own_outputs) == (1, 0)


def test_an_output_that_somebody_overwrote_is_taken_for_one_by_a_walk(ledger, photos):
    take(ledger, photos / "a.jpg")
    (made,) = do_all(ledger)
    with open(made, "wb") as file:
        file.write(b"smaller yet")
    receipt = take(ledger, os.path.dirname(made))
    assert (receipt.queued, receipt.own_outputs) == (0, 1)


def test_two_recipes_make_nothing_of_what_they_have_made_by_turns(ledger, photos):
    beside = [recipe("web", out="{folder}"), recipe("thumb", out="{folder}", background="black")]
    take(ledger, photos / "a.jpg", recipes=beside[:1])
    (made,) = do_all(ledger, "web-")
    take(ledger, made, recipes=beside[1:])
    do_all(ledger, "thumb-")
    assert sorted(os.listdir(photos)) == ["a.jpg", "notes.txt", "thumb-web-a.jpg", "trips", "web-a.jpg"]
    receipt = take(ledger, photos, recipes=beside, recursive=False)
    assert (receipt.queued, receipt.up_to_date, receipt.own_outputs, receipt.unmatched) == (1, 1, 2, 1)


def test_an_output_that_is_named_goes_through_another_recipe_and_not_through_the_same(ledger, photos):
    take(ledger, photos / "a.jpg")
    do_all(ledger)
    same, other = take(ledger, photos / "web" / "a.jpg"), take(ledger, photos / "web" / "a.jpg", recipes=(THUMB,))
    assert (same.queued, same.own_outputs) == (0, 1)
    assert (other.queued, other.own_outputs) == (1, 0)


def test_outputs_go_where_the_recipe_says(ledger, photos):
    take(ledger, photos)
    assert folders(ledger) == {"a.jpg": f"{photos}/web", "b.jpg": f"{photos}/trips/web"}


def test_a_folder_keeps_its_tree_below_out(ledger, photos, tmp_path):
    out = str(tmp_path / "out")
    take(ledger, photos, out=out)
    assert folders(ledger) == {"a.jpg": out, "b.jpg": f"{out}/trips"}


@pytest.mark.parametrize("again", ["{out}/", "{out}/../out", "{out}/."])
def test_one_folder_is_one_destination_however_it_is_written(ledger, photos, tmp_path, again):
    out = str(tmp_path / "out")
    take(ledger, photos, out=out)
    assert counts(take(ledger, photos, out=again.format(out=out))) == (0, 0, 2, 1)


def test_a_path_that_does_not_exist_is_named_and_nothing_is_queued(ledger, photos):
    with pytest.raises(NotFoundError, match=r"gone\.jpg"):
        take(ledger, photos / "a.jpg", photos / "gone.jpg")
    assert ledger.overview.tally_jobs().total == 0
    assert not ledger.batches.has_jobs(1)


def test_nothing_matched_is_no_batch(ledger, photos):
    receipt = take(ledger, photos / "notes.txt")
    assert (receipt.batch_id, receipt.unmatched) == (None, 1)
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
    claim = ledger.attempts.claim_job(1, 1, NOW)
    assert os.fsencode(claim.source) == os.path.join(os.fsencode(tmp_path), name)


def test_thousands_of_files_are_one_batch_in_several_transactions(ledger, tmp_path):
    for number in range(4100):
        write(tmp_path / "many" / f"{number}.jpg")
    heard: list[int] = []
    receipt = add_files(ledger, request(tmp_path / "many"), now=NOW, on_scanned=heard.append)
    assert heard == [2000, 4000, 4100]
    assert (receipt.queued, receipt.batch_id) == (4100, 1)
    assert ledger.overview.tally_jobs(1).total == 4100


def test_files_that_are_new_behind_thousands_that_are_not_are_a_batch_of_their_own(ledger, tmp_path):
    for number in range(2000):
        (tmp_path / f"{number:04}.jpg").touch()
    take(ledger, tmp_path)
    (tmp_path / "new.jpg").touch()
    receipt = take(ledger, tmp_path)
    assert (receipt.queued, receipt.already_queued) == (1, 2000)
    assert ledger.overview.tally_jobs(receipt.batch_id).total == 1


def test_what_is_to_be_done_later_waits_in_the_schedule(ledger, photos):
    take(ledger, photos, due_at=NOW + 60)
    assert not ledger.messages.has_messages(queue.MAIN)
    assert ledger.attempts.claim_job(1, 1, NOW) is None
    assert ledger.attempts.claim_job(1, 1, NOW + 60) is not None


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


def test_recipes_whose_outputs_have_the_same_names_keep_apart_below_one_out(ledger, photos, tmp_path):
    out = tmp_path / "{out}"
    take(ledger, photos, recipes=(WEB, THUMB), out=str(out))
    folders = {(job.recipe_name, job.folder) for job in ledger.overview.list_jobs(JobSelection())}
    assert folders == {
        ("web", str(out / "web")),
        ("web", str(out / "web" / "trips")),
        ("thumb", str(out / "thumb")),
        ("thumb", str(out / "thumb" / "trips")),
    }


def test_a_batch_that_a_quick_worker_has_ended_meanwhile_ends_once_more(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr("fileq.intake.add_request._IN_ONE_TRANSACTION", 2)
    for number in range(4):
        write(tmp_path / "many" / f"{number}.jpg")
    ended = []

    def work(_):
        do_all(ledger)
        ended.append([one.batch_id for one in ledger.pending_events.take_ended_batches(queue.MAIN)])

    add_files(ledger, request(tmp_path / "many"), now=NOW, on_scanned=work)
    assert ended == [[1], [1]]
    again = add_files(ledger, request(tmp_path / "many", exclude=("web/*",)), now=NOW)
    assert (again.up_to_date, again.batch_id) == (4, None)


def test_a_batch_that_a_quick_worker_has_ended_does_not_end_again_where_nothing_comes_into_it(
    ledger, tmp_path, monkeypatch
):
    monkeypatch.setattr("fileq.intake.add_request._IN_ONE_TRANSACTION", 2)
    for name in "cdab":
        write(tmp_path / "many" / f"{name}.jpg")
        if name == "d":
            take(ledger, tmp_path / "many")
            do_all(ledger)
            ledger.pending_events.take_ended_batches(queue.MAIN)
    ended = []

    def work(_):
        do_all(ledger)
        ended.append([one.batch_id for one in ledger.pending_events.take_ended_batches(queue.MAIN)])

    add_files(ledger, request(tmp_path / "many", exclude=("web/*",)), now=NOW, on_scanned=work)
    assert ended == [[2], []]


def test_adding_nothing_new_leaves_no_batch(ledger, photos):
    take(ledger, photos)
    assert take(ledger, photos).batch_id is None
    assert ledger.database.connection.execute("select count(*) from batches").fetchone() == (1,)
