"""Publishing: finished temp files get their final names, once, and only by who has the job."""

import os
import re
import shutil

import pytest

from fileq.errors import ErrorKind
from fileq.files.directory import Directory
from fileq.job import JobState, OutputInfo
from fileq.ledger.tables.attempts import Fenced
from fileq.publish import publication, publish_jobs
from fileq.publish.placement import place_output
from tests.support.jobs import NOW, enter, state
from tests.support.publication import claim, claim_of_original, make, refusal_of, reserved, stand, written


def test_an_output_gets_its_name_and_its_job_is_done(ledger, out):
    job = make(ledger, out / "deep" / "a.jpg")
    assert (out / "deep" / "a.jpg").read_text() == "ours"
    assert os.listdir(out / "deep") == ["a.jpg"]
    done = ledger.overview.find_job(job)
    assert (done.state, done.outputs) == (
        JobState.DONE,
        (OutputInfo(path=str(out / "deep" / "a.jpg"), format="jpeg", width=16, height=12, bytes=4),),
    )


def test_a_temp_file_is_hidden_beside_its_output_and_says_whose_it_is(ledger, out):
    claimed = claim(ledger)
    (place,) = reserved(ledger, claimed, out / "a.jpg")
    folder, name = os.path.split(place.temp)
    assert folder == str(out)
    assert re.fullmatch(rf"\.fileq-{ledger.name}-{claimed.token.job_id}-1-0-[0-9a-f]{{10}}\.tmp", name)


def test_several_jobs_are_published_together(ledger, out):
    claims = [claim(ledger, f"/photos/{name}") for name in "abc"]
    finished = [written(one, reserved(ledger, one, out / f"{one.token.job_id}.jpg")) for one in claims]
    assert publish_jobs(ledger, finished) == {}
    assert sorted(os.listdir(out)) == ["1.jpg", "2.jpg", "3.jpg"]
    assert ledger.overview.tally_jobs().jobs[JobState.DONE] == 3


@pytest.mark.parametrize("on_conflict", ["fail", "skip", "overwrite", "rename"])
def test_our_own_earlier_output_is_replaced_whatever_the_recipe_says(ledger, out, on_conflict):
    job = make(ledger, out / "a.jpg", on_conflict=on_conflict)
    ledger.jobs.requeue_job(job, 1, NOW, recipe_id=1)
    again = claim(ledger, job=job)
    assert publish_jobs(ledger, [written(again, reserved(ledger, again, out / "a.jpg"), "newer")]) == {}
    assert (out / "a.jpg").read_text() == "newer"
    assert os.listdir(out) == ["a.jpg"]


def test_a_newer_version_of_the_source_replaces_the_output_of_the_older(ledger, out):
    make(ledger, out / "a.jpg")
    (job,) = enter(ledger, version="2000-2")
    newer = claim(ledger, job=job)
    assert publish_jobs(ledger, [written(newer, reserved(ledger, newer, out / "a.jpg"), "newer")]) == {}
    assert (out / "a.jpg").read_text() == "newer"


def test_an_older_version_of_the_source_publishes_nothing_once_the_newer_has_the_path(ledger, out):
    older = claim(ledger)
    finished = written(older, reserved(ledger, older, out / "a.jpg"))
    (job,) = enter(ledger, version="2000-2")
    reserved(ledger, claim(ledger, job=job), out / "a.jpg")
    assert refusal_of(ledger, finished).kind is ErrorKind.CHANGED
    assert not (out / "a.jpg").exists()


def test_a_file_that_came_into_being_while_the_output_was_made_stays(ledger, out):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    stand(out / "a.jpg")
    assert refusal_of(ledger, finished).kind is ErrorKind.CONFLICT
    assert (out / "a.jpg").read_text() == "theirs"
    assert state(ledger, claimed.token.job_id) is JobState.RUNNING


@pytest.mark.parametrize("swap", ["file", "another's file", "link", "hard link", "second name"])
def test_only_the_temp_file_that_was_made_comes_out(ledger, out, swap):
    claimed = claim(ledger)
    places = reserved(ledger, claimed, out / "a.jpg")
    finished = written(claimed, places)
    theirs = stand(out / "secret", "them")
    if swap == "second name":
        os.link(places[0].temp, out / "second")
    elif swap == "file":
        os.replace(shutil.copy(theirs, out / "copy"), places[0].temp)
    else:
        os.unlink(places[0].temp)
        {"another's file": give, "link": os.symlink, "hard link": os.link}[swap](theirs, places[0].temp)
    assert refusal_of(ledger, finished).kind is ErrorKind.CONFLICT
    assert not (out / "a.jpg").exists()
    assert theirs.read_text() == "them"


def give(path, to):
    """A copy of another user's, which may get the inode of the file that was there."""
    shutil.copy(path, to)
    try:
        os.chown(to, 65534, -1)
    except PermissionError:
        pytest.skip("only root can have files of several users")


def refuse_links(*_args, **_keys):
    raise OSError(1, "Operation not permitted")  # what FAT and exFAT say


def test_without_hard_links_outputs_are_renamed_into_place(ledger, out, monkeypatch):
    monkeypatch.setattr(os, "link", refuse_links)
    make(ledger, out / "a.jpg")
    assert os.listdir(out) == ["a.jpg"]


def test_without_hard_links_a_file_that_came_into_being_stays_too(ledger, out, monkeypatch):
    monkeypatch.setattr(os, "link", refuse_links)
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    stand(out / "a.jpg")
    assert refusal_of(ledger, finished).kind is ErrorKind.CONFLICT
    assert (out / "a.jpg").read_text() == "theirs"


@pytest.mark.parametrize("void", ["lost", "cancelled"])
def test_a_void_token_reserves_and_publishes_nothing(ledger, out, void):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    if void == "lost":
        ledger.attempts.lose_attempt(claimed.token, NOW)
    else:
        ledger.jobs.cancel_jobs([claimed.token.job_id], NOW)
    assert isinstance(publish_jobs(ledger, [finished])[claimed.token], Fenced)
    assert not (out / "a.jpg").exists()
    assert ledger.outputs.find_announced_outputs(claimed.token.job_id) is None
    with pytest.raises(Fenced):
        reserved(ledger, claimed, out / "b.jpg")


def test_one_refusal_keeps_no_other_job_from_being_published(ledger, out):
    claims = [claim(ledger, f"/photos/{name}") for name in "abcd"]
    finished = [written(one, reserved(ledger, one, out / f"{one.token.job_id}.jpg")) for one in claims]
    ledger.attempts.lose_attempt(claims[0].token, NOW)
    stand(out / "2.jpg")
    os.unlink(finished[2].reservations[0].temp)
    refused = publish_jobs(ledger, finished)
    assert set(refused) == {one.token for one in claims[:3]}
    assert state(ledger, 4) is JobState.DONE
    assert (out / "4.jpg").read_text() == "ours"


def test_an_original_is_replaced_once_the_names_of_the_other_outputs_last(ledger, tmp_path, monkeypatch):
    original = stand(tmp_path / "photos" / "a.jpg")
    steps = []
    sync = Directory.sync

    def note_and_place(folder, reservation, output):
        steps.append(reservation.path)
        place_output(folder, reservation, output)

    def note_and_sync(folder):
        steps.append(folder.path)
        sync(folder)

    monkeypatch.setattr(publication, "place_output", note_and_place)
    monkeypatch.setattr(Directory, "sync", note_and_sync)
    claimed = claim_of_original(ledger, original)
    other = tmp_path / "out" / "b.jpg"
    places = reserved(ledger, claimed, original, other)
    steps.clear()
    assert publish_jobs(ledger, [written(claimed, places)]) == {}
    assert steps.index(str(other)) < steps.index(str(other.parent)) < steps.index(str(original))


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"new\nline.jpg", b"-rf.jpg", b"x" * 251 + b".jpg"])
def test_odd_names_are_published(ledger, out, name):
    make(ledger, os.path.join(str(out), os.fsdecode(name)))
    assert os.listdir(os.fsencode(out)) == [name]
