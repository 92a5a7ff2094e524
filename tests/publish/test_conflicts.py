"""What stands where an output is to go, and whose it is: the four ways of on_conflict, and originals."""

import os
from pathlib import Path

import pytest

from fileq.errors import ErrorKind, JobError
from fileq.files.directory import Directory
from fileq.job import JobState
from fileq.publish import publish_jobs
from fileq.worker.recovery import recover
from tests.support.drives import another_device
from tests.support.jobs import NOW, enter, recipe
from tests.support.kills import Killed, die
from tests.support.publication import claim, claim_of_original, conflict, make, refusal_of, reserved, stand, written


def test_by_default_what_stands_there_is_a_conflict(ledger, out):
    stand(out / "a.jpg")
    assert "exists" in conflict(ledger, claim(ledger), out / "a.jpg")


def test_what_stands_there_can_be_skipped(ledger, out):
    stand(out / "a.jpg")
    places = reserved(ledger, claim(ledger, on_conflict="skip"), out / "a.jpg", out / "b.jpg")
    assert places[0] is None
    assert places[1].path == str(out / "b.jpg")


def test_what_stands_there_can_be_overwritten(ledger, out):
    stand(out / "a.jpg")
    make(ledger, out / "a.jpg", on_conflict="overwrite")
    assert (out / "a.jpg").read_text() == "ours"


def test_what_stands_there_by_the_time_it_is_made_can_be_overwritten_too(ledger, out):
    stand(out / "a.jpg")
    claimed = claim(ledger, on_conflict="overwrite")
    places = reserved(ledger, claimed, out / "a.jpg")
    stand(out / "a.jpg", "theirs, changed meanwhile")
    assert publish_jobs(ledger, [written(claimed, places)]) == {}
    assert (out / "a.jpg").read_text() == "ours"


def test_an_output_can_be_renamed_to_the_first_name_that_is_free(ledger, out):
    stand(out / "a.jpg")
    stand(out / "a-1.jpg")
    make(ledger, out / "a.jpg", on_conflict="rename")
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        "a.jpg": "theirs", "a-1.jpg": "theirs", "a-2.jpg": "ours",
    }  # fmt: skip


def test_the_one_version_that_may_go_goes_too_where_two_names_can_not_be_swapped(ledger, out, monkeypatch):
    monkeypatch.setattr(Directory, "exchange", lambda *_: False)
    job = make(ledger, out / "a.jpg")
    ledger.jobs.requeue_job(job, 1, NOW, recipe_id=1)
    again = claim(ledger, job=job)
    assert publish_jobs(ledger, [written(again, reserved(ledger, again, out / "a.jpg"), "newer")]) == {}
    assert {path.name: path.read_text() for path in out.iterdir()} == {"a.jpg": "newer"}


def test_a_renamed_output_keeps_its_name_when_it_is_made_again(ledger, out):
    stand(out / "a.jpg")
    job = make(ledger, out / "a.jpg", on_conflict="rename")
    ledger.jobs.requeue_job(job, 1, NOW, recipe_id=1)
    again = claim(ledger, job=job)
    publish_jobs(ledger, [written(again, reserved(ledger, again, out / "a.jpg"), "newer")])
    assert {path.name: path.read_text() for path in out.iterdir()} == {"a.jpg": "theirs", "a-1.jpg": "newer"}


def test_two_outputs_that_are_renamed_get_two_names(ledger, out):
    for name in ("a.jpg", "a-1.jpg"):
        stand(out / name)
    make(ledger, out / "a.jpg", out / "a-1.jpg", on_conflict="rename")
    assert sorted(os.listdir(out)) == ["a-1-1.jpg", "a-1.jpg", "a-2.jpg", "a.jpg"]


def test_an_output_is_not_renamed_to_another_of_the_same_recipe(ledger, out):
    stand(out / "a.jpg")
    make(ledger, out / "a.jpg", out / "a-1.jpg", on_conflict="rename")
    assert sorted(os.listdir(out)) == ["a-1.jpg", "a-2.jpg", "a.jpg"]


def test_our_output_that_somebody_changed_is_theirs(ledger, out):
    job = make(ledger, out / "a.jpg")
    stand(out / "a.jpg", "retouched by hand")
    ledger.jobs.requeue_job(job, 1, NOW, recipe_id=1)
    conflict(ledger, claim(ledger, job=job), out / "a.jpg")


@pytest.mark.parametrize("on_conflict", ["fail", "overwrite"])
def test_the_output_of_another_source_is_a_conflict(ledger, out, on_conflict):
    make(ledger, out / "a.jpg", on_conflict=on_conflict)
    other = claim(ledger, "/photos/b.jpg", on_conflict=on_conflict)
    assert "is already what the recipe small made of /photos/a.jpg" in conflict(ledger, other, out / "a.jpg")
    assert (out / "a.jpg").read_text() == "ours"


def test_a_path_that_another_job_is_about_to_fill_is_a_conflict(ledger, out):
    reserved(ledger, claim(ledger), out / "a.jpg")
    conflict(ledger, claim(ledger, "/photos/b.jpg"), out / "a.jpg")


def test_the_path_of_a_job_that_failed_is_free(ledger, out):
    first = claim(ledger)
    reserved(ledger, first, out / "a.jpg")
    ledger.jobs.cancel_jobs([first.token.job_id], NOW)
    second = claim(ledger, "/photos/b.jpg")
    assert publish_jobs(ledger, [written(second, reserved(ledger, second, out / "a.jpg"))]) == {}


def test_two_outputs_of_one_recipe_with_one_name_are_a_conflict(ledger, out):
    claimed = claim(ledger)
    with pytest.raises(JobError, match="same name"):
        reserved(ledger, claimed, out / "a.jpg", out / "a.jpg")


@pytest.mark.parametrize("on_conflict", ["fail", "overwrite"])
@pytest.mark.parametrize("whose", ["its own", "another job's"])
def test_an_original_is_never_overwritten(ledger, tmp_path, on_conflict, whose):
    original = stand(tmp_path / "a.jpg", "original")
    enter(ledger, str(original))
    own = str(original) if whose == "its own" else "/photos/b.jpg"
    claimed = claim(ledger, own, on_conflict=on_conflict, background="black")
    assert "original" in conflict(ledger, claimed, original)


@pytest.mark.parametrize("way", ["a link to the folder", "a link to the file", "dots"])
def test_an_original_is_known_by_any_path(ledger, tmp_path, way):
    original = stand(tmp_path / "photos" / "a.jpg", "original")
    (tmp_path / "again").symlink_to("photos")
    (tmp_path / "link.jpg").symlink_to(original)
    path = {"a link to the folder": "again/a.jpg", "a link to the file": "link.jpg", "dots": "photos/../photos/a.jpg"}
    conflict(ledger, claim(ledger, str(original), on_conflict="overwrite"), tmp_path / path[way])


def test_an_original_is_replaced_where_the_recipe_says_so(ledger, tmp_path):
    original = stand(tmp_path / "a.jpg", "original")
    claimed = claim_of_original(ledger, original)
    assert publish_jobs(ledger, [written(claimed, reserved(ledger, claimed, original))]) == {}
    assert original.read_text() == "ours"
    assert set(os.listdir(tmp_path)) == {"a.jpg", "state"}
    (kept,) = Path(ledger.replaced_folder).iterdir()
    assert kept.read_text() == "original"


def test_on_another_drive_than_the_ledgers_an_original_is_kept_beside_its_output(ledger, tmp_path):
    with another_device(tmp_path) as drive:
        original = stand(drive / "a.jpg", "original")
        claimed = claim_of_original(ledger, original)
        assert publish_jobs(ledger, [written(claimed, reserved(ledger, claimed, original))]) == {}
        assert original.read_text() == "ours"
        (kept,) = set(os.listdir(drive)) - {"a.jpg"}
        assert kept.endswith(".replaced")
        assert (drive / kept).read_text() == "original"


def test_a_link_to_the_original_stays_a_link_and_the_original_is_replaced(ledger, tmp_path):
    original = stand(tmp_path / "real" / "a.jpg", "original")
    link = tmp_path / "link.jpg"
    link.symlink_to(original)
    claimed = claim_of_original(ledger, link)
    assert publish_jobs(ledger, [written(claimed, reserved(ledger, claimed, link))]) == {}
    assert link.is_symlink()
    assert original.read_text() == "ours"


@pytest.mark.parametrize("when", ["before it is reserved", "before it is published", "in the moment of publishing"])
@pytest.mark.parametrize("on_conflict", ["fail", "overwrite"])
def test_a_newer_original_is_never_replaced_by_the_output_of_the_older(
    ledger, tmp_path, monkeypatch, when, on_conflict
):
    original = stand(tmp_path / "a.jpg", "original")
    claimed = claim_of_original(ledger, original, on_conflict=on_conflict)

    def save():
        stand(tmp_path / "new", "newer").rename(original)

    if when == "before it is reserved":
        save()
        with pytest.raises(JobError) as raised:
            reserved(ledger, claimed, original)
        assert raised.value.kind is ErrorKind.CHANGED
    else:
        finished = written(claimed, reserved(ledger, claimed, original))
        if when == "before it is published":
            save()
        else:
            exchange = Directory.exchange
            monkeypatch.setattr(Directory, "exchange", lambda *names: (save(), exchange(*names))[1])
        assert refusal_of(ledger, finished).kind is ErrorKind.CONFLICT
    assert original.read_text() == "newer"


def test_an_attempt_that_was_cut_off_after_the_original_was_replaced_is_done(ledger, tmp_path, monkeypatch):
    original = stand(tmp_path / "a.jpg", "original")
    claimed = claim_of_original(ledger, original)
    finished = written(claimed, reserved(ledger, claimed, original))
    with monkeypatch.context() as patch:
        patch.setattr(ledger.attempts, "finish_attempts", die)
        with pytest.raises(Killed):
            publish_jobs(ledger, [finished])
    assert recover(ledger, NOW, 5.0) == 1
    job = ledger.overview.find_job(claimed.token.job_id)
    assert (job.state, [made.path for made in job.outputs]) == (JobState.DONE, [str(original)])
    assert original.read_text() == "ours"
    assert sorted(os.listdir(tmp_path)) == ["a.jpg", "state"]


def test_replacing_its_own_source_lets_a_recipe_replace_nothing_else(ledger, tmp_path):
    original = stand(tmp_path / "a.jpg", "original")
    conflict(ledger, claim(ledger, str(original), replace=True), stand(tmp_path / "b.jpg"))


def test_an_output_through_which_others_are_made_may_be_made_anew(ledger, out):
    job = make(ledger, out / "a.jpg")
    enter(ledger, str(out / "a.jpg"), wanted=recipe("next"))
    ledger.jobs.requeue_job(job, 1, NOW, recipe_id=1)
    again = claim(ledger, job=job)
    assert publish_jobs(ledger, [written(again, reserved(ledger, again, out / "a.jpg"), "newer")]) == {}


def test_a_folder_at_an_outputs_name_is_a_conflict_whatever_the_recipe_says(ledger, out):
    (out / "a.jpg").mkdir(parents=True)
    claimed = claim(ledger, on_conflict="overwrite")
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    refused = refusal_of(ledger, finished)
    assert (refused.kind, "A folder stands at" in refused.message) == (ErrorKind.CONFLICT, True)
