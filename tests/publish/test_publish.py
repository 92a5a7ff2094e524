"""Publishing: finished temp files get their final names, once, and only by who has the job."""

import os
import re
import shutil
import time

import pytest

from fileq.errors import ErrorKind, FolderUnavailable, JobError
from fileq.files import no_clobber
from fileq.files.directory import Directory
from fileq.job import JobState, Made
from fileq.ledger.tables.jobs import Fenced
from fileq.presence import ProcessIdentity
from fileq.publish import folders, publication, publish, restore_displaced
from fileq.worker import recovery
from fileq.worker.recovery import recover, sweep_after_boot
from tests.support.jobs import NOW, enter, state
from tests.support.publication import claim, claim_of_original, conflict, make, reserved, stand, written


def test_an_output_gets_its_name_and_its_job_is_done(ledger, out):
    job = make(ledger, out / "deep" / "a.jpg")
    assert (out / "deep" / "a.jpg").read_text() == "ours"
    assert os.listdir(out / "deep") == ["a.jpg"]
    done = ledger.overview.job(job)
    assert (done.state, done.outputs) == (JobState.DONE, (Made(str(out / "deep" / "a.jpg"), "jpeg", 16, 12, 4),))


def test_a_temp_file_is_hidden_beside_its_output_and_says_whose_it_is(ledger, out):
    claimed = claim(ledger)
    (place,) = reserved(ledger, claimed, out / "a.jpg")
    folder, name = os.path.split(place.temp)
    assert folder == str(out)
    assert re.fullmatch(rf"\.fileq-{ledger.name}-{claimed.token.job}-1-0-[0-9a-f]{{10}}\.tmp", name)


def test_several_jobs_are_published_together(ledger, out):
    claims = [claim(ledger, f"/photos/{name}") for name in "abc"]
    finished = [written(one, reserved(ledger, one, out / f"{one.token.job}.jpg")) for one in claims]
    assert publish(ledger, finished) == {}
    assert sorted(os.listdir(out)) == ["1.jpg", "2.jpg", "3.jpg"]
    assert ledger.overview.tally().jobs[JobState.DONE] == 3


@pytest.mark.parametrize("on_conflict", ["fail", "skip", "overwrite", "rename"])
def test_our_own_earlier_output_is_replaced_whatever_the_recipe_says(ledger, out, on_conflict):
    job = make(ledger, out / "a.jpg", on_conflict=on_conflict)
    ledger.jobs.enter_again(job, 1, NOW, recipe=1)
    again = claim(ledger, job=job)
    assert publish(ledger, [written(again, reserved(ledger, again, out / "a.jpg"), "newer")]) == {}
    assert (out / "a.jpg").read_text() == "newer"
    assert os.listdir(out) == ["a.jpg"]


def test_a_newer_version_of_the_source_replaces_the_output_of_the_older(ledger, out):
    make(ledger, out / "a.jpg")
    (job,) = enter(ledger, version="2000-2")
    newer = claim(ledger, job=job)
    assert publish(ledger, [written(newer, reserved(ledger, newer, out / "a.jpg"), "newer")]) == {}
    assert (out / "a.jpg").read_text() == "newer"


def test_an_older_version_of_the_source_publishes_nothing_once_the_newer_has_the_path(ledger, out):
    older = claim(ledger)
    finished = written(older, reserved(ledger, older, out / "a.jpg"))
    (job,) = enter(ledger, version="2000-2")
    reserved(ledger, claim(ledger, job=job), out / "a.jpg")
    assert publish(ledger, [finished])[older.token].kind is ErrorKind.CHANGED
    assert not (out / "a.jpg").exists()


def test_a_file_that_came_into_being_while_the_output_was_made_stays(ledger, out):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    stand(out / "a.jpg")
    assert publish(ledger, [finished])[claimed.token].kind is ErrorKind.CONFLICT
    assert (out / "a.jpg").read_text() == "theirs"
    assert state(ledger, claimed.token.job) is JobState.RUNNING


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
    assert publish(ledger, [finished])[claimed.token].kind is ErrorKind.CONFLICT
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
    assert publish(ledger, [finished])[claimed.token].kind is ErrorKind.CONFLICT
    assert (out / "a.jpg").read_text() == "theirs"


@pytest.mark.parametrize("void", ["lost", "cancelled"])
def test_a_void_token_reserves_and_publishes_nothing(ledger, out, void):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    if void == "lost":
        ledger.jobs.lose(claimed.token, NOW)
    else:
        ledger.jobs.cancel([claimed.token.job], NOW)
    assert isinstance(publish(ledger, [finished])[claimed.token], Fenced)
    assert not (out / "a.jpg").exists()
    assert ledger.outputs.announced_outputs(claimed.token.job) is None
    with pytest.raises(Fenced):
        reserved(ledger, claimed, out / "b.jpg")


def test_one_refusal_keeps_no_other_job_from_being_published(ledger, out):
    claims = [claim(ledger, f"/photos/{name}") for name in "abcd"]
    finished = [written(one, reserved(ledger, one, out / f"{one.token.job}.jpg")) for one in claims]
    ledger.jobs.lose(claims[0].token, NOW)
    stand(out / "2.jpg")
    os.unlink(finished[2].reservations[0].temp)
    refused = publish(ledger, finished)
    assert set(refused) == {one.token for one in claims[:3]}
    assert state(ledger, 4) is JobState.DONE
    assert (out / "4.jpg").read_text() == "ours"


def crashed_publishing(ledger, out, monkeypatch):
    """A claim of a job whose worker died after its file had got its name, and before it was said to be done."""
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    with monkeypatch.context() as patch:
        patch.setattr(ledger.jobs, "finish", lambda *_, **__: os.abort_here())
        with pytest.raises(AttributeError, match="abort_here"):
            publish(ledger, [finished])
    assert (out / "a.jpg").read_text() == "ours"
    ledger.outputs.release(ledger.outputs.reserved(claimed.token.job))
    ledger.jobs.lose(claimed.token, NOW)
    return ledger.jobs.claim(claimed.token.job, 2, NOW)


def test_what_a_crash_left_is_known_as_ours_and_replaced(ledger, out, monkeypatch):
    again = crashed_publishing(ledger, out, monkeypatch)
    assert publish(ledger, [written(again, reserved(ledger, again, out / "a.jpg"), "newer")]) == {}
    assert {path.name: path.read_text() for path in out.iterdir()} == {"a.jpg": "newer"}


def test_what_a_crash_left_is_theirs_once_they_changed_it(ledger, out, monkeypatch):
    again = crashed_publishing(ledger, out, monkeypatch)
    stand(out / "a.jpg", "retouched by hand")
    conflict(ledger, again, out / "a.jpg")


class Killed(BaseException):
    """As if the process had ended here."""


def die(*_args, **_keys):
    raise Killed


def killed(ledger, monkeypatch, finished, where, what=die):
    """A worker publishes, and is killed there; then the next one recovers."""
    with monkeypatch.context() as patch:
        patch.setattr(where, what)
        with pytest.raises(Killed):
            publish(ledger, finished)
    assert recover(ledger, NOW, 5.0) == 1


def test_two_kills_in_a_row_leave_what_the_first_had_placed_known_as_ours(ledger, out, monkeypatch):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg", out / "b.jpg"))

    def place_the_first_alone(folder, place, output):
        if place.path.endswith("b.jpg"):
            raise Killed
        really(folder, place, output)

    really = publication.place
    killed(ledger, monkeypatch, [finished], "fileq.publish.publication.place", place_the_first_alone)
    assert os.listdir(out) == ["a.jpg"]
    second = ledger.jobs.claim(claimed.token.job, 1, NOW)
    finished = written(second, reserved(ledger, second, out / "a.jpg", out / "b.jpg"), "newer")
    killed(ledger, monkeypatch, [finished], "fileq.publish.publication.place")
    third = ledger.jobs.claim(claimed.token.job, 1, NOW)
    places = reserved(ledger, third, out / "a.jpg", out / "b.jpg")
    assert publish(ledger, [written(third, places, "newest")]) == {}
    assert {path.name: path.read_text() for path in out.iterdir()} == {"a.jpg": "newest", "b.jpg": "newest"}


def test_a_kill_between_the_two_names_of_an_output_leaves_one_of_them(ledger, out, monkeypatch):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    killed(ledger, monkeypatch, [finished], "fileq.files.directory.Directory.unlink")
    assert os.listdir(out) == ["a.jpg"]
    assert state(ledger, claimed.token.job) is JobState.DONE


def test_what_was_saved_just_before_a_swap_comes_back_though_the_worker_was_killed_just_after(ledger, out, monkeypatch):
    make(ledger, out / "a.jpg")
    (job,) = enter(ledger, version="2000-2")
    claimed = claim(ledger, job=job)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"), "newer version")

    def save_then_swap_then_die(*names):
        stand(out / "saved", "retouched by hand").rename(out / "a.jpg")
        assert no_clobber.exchange(*names)
        raise Killed

    killed(ledger, monkeypatch, [finished], "fileq.publish.placement.exchange", save_then_swap_then_die)
    assert "retouched by hand" in [path.read_text() for path in out.iterdir()]
    assert not [name for name in os.listdir(out) if name.startswith(".")]


def test_an_attempt_that_a_loss_of_power_has_undone_uses_the_name_of_its_temp_file_again(ledger, out):
    claimed = claim(ledger)
    (first,) = reserved(ledger, claimed, out / "a.jpg")
    ledger.outputs.release([(first.path, first.temp)])
    assert reserved(ledger, claimed, out / "a.jpg") == [first]


def test_a_temp_file_that_a_loss_of_power_has_made_the_ledger_forget_goes_after_the_boot(ledger, out, monkeypatch):
    make(ledger, out / "a.jpg")
    forgotten = stand(out / f".fileq-{ledger.name}-77-1-0-0123456789.tmp")
    sweep_after_boot(ledger, time.time())
    assert not forgotten.exists()
    stand(forgotten)
    sweep_after_boot(ledger, time.time())
    assert forgotten.exists()  # it looks once after each boot


@pytest.mark.parametrize(
    ("started", "is_gone"), [("boot 1/another container/7", False), ("boot 2/a container/5", True)]
)
def test_such_files_are_looked_for_again_after_another_boot_alone(ledger, out, monkeypatch, started, is_gone):
    make(ledger, out / "a.jpg")
    for start in ("boot 1/a container/5", started):
        forgotten = stand(out / f".fileq-{ledger.name}-77-1-0-0123456789.tmp")
        monkeypatch.setattr(recovery, "this_process", lambda start=start: ProcessIdentity("host", 1, start))
        sweep_after_boot(ledger, time.time())
    assert forgotten.exists() != is_gone


def test_a_worker_that_slept_between_announcing_and_placing_places_nothing(ledger, out, monkeypatch):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    announce = ledger.outputs.announce_output

    def fall_asleep(*arguments, **keys):
        announced = announce(*arguments, **keys)
        ledger.database.connection.execute("update jobs set attempts = attempts + 1")
        return announced

    monkeypatch.setattr(ledger.outputs, "announce_output", fall_asleep)
    assert isinstance(publish(ledger, [finished])[claimed.token], Fenced)
    assert not (out / "a.jpg").exists()


def test_a_file_in_the_folders_place_is_a_conflict_that_reserves_nothing(ledger, out):
    stand(out)
    claimed = claim(ledger)
    with pytest.raises(JobError, match="a file stands in its place") as raised:
        reserved(ledger, claimed, out / "a.jpg")
    assert raised.value.kind is ErrorKind.CONFLICT
    assert ledger.outputs.reserved(claimed.token.job) == []


def test_a_folder_that_can_not_be_made_is_told_and_reserves_nothing(ledger, out, monkeypatch):
    def deny(*_args, **_keys):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "mkdir", deny)
    claimed = claim(ledger)
    with pytest.raises(JobError) as raised:
        reserved(ledger, claimed, out / "a.jpg")
    assert raised.value.kind is ErrorKind.PERMISSION
    assert ledger.outputs.owner(str(out / "a.jpg")) is None


def test_an_original_is_replaced_once_the_names_of_the_other_outputs_last(ledger, tmp_path, monkeypatch):
    original = stand(tmp_path / "photos" / "a.jpg")
    steps = []
    place, sync = publication.place, Directory.sync
    monkeypatch.setattr(publication, "place", lambda *given: (steps.append(given[1].path), place(*given)))
    monkeypatch.setattr(Directory, "sync", lambda folder: (steps.append(folder.path), sync(folder)))
    claimed = claim_of_original(ledger, original)
    other = tmp_path / "out" / "b.jpg"
    places = reserved(ledger, claimed, original, other)
    steps.clear()
    assert publish(ledger, [written(claimed, places)]) == {}
    assert steps.index(str(other)) < steps.index(str(other.parent)) < steps.index(str(original))


def test_one_folder_that_is_away_keeps_no_other_file_from_having_its_name_back(ledger, tmp_path, monkeypatch):
    away, here = tmp_path / "a" / "1.jpg", tmp_path / "b" / "2.jpg"
    make(ledger, away, here)
    (job,) = enter(ledger, version="2000-2")
    claimed = claim(ledger, job=job)
    places = reserved(ledger, claimed, away, here)
    finished = written(claimed, places)
    monkeypatch.setattr(publication, "_place_all", die)
    with pytest.raises(Killed):
        publish(ledger, [finished])
    away.parent.rename(tmp_path / "away")
    os.unlink(places[1].temp)
    stand(here, "retouched by hand").rename(places[1].temp)  # where a swap has brought it
    restore_displaced(ledger, claimed.token.job)
    assert here.read_text() == "retouched by hand"


@pytest.mark.parametrize("number", [13, 22])
def test_a_folder_that_can_not_be_synced_keeps_no_output_from_its_name(ledger, out, monkeypatch, number):
    def refuse(*_args, **_keys):
        raise OSError(number, os.strerror(number))

    really = os.open
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    if number == 13:  # one may put files into it, and not list it
        monkeypatch.setattr(
            os, "open", lambda path, *rest, **keys: (refuse if path == "." else really)(path, *rest, **keys)
        )
    else:
        monkeypatch.setattr(os, "fsync", refuse)
    assert publish(ledger, [finished]) == {}
    assert state(ledger, claimed.token.job) is JobState.DONE


def test_a_disk_that_fails_while_the_folder_is_synced_fails_the_job(ledger, out, monkeypatch):
    def fail(*_args):
        raise OSError(5, "Input/output error")

    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    monkeypatch.setattr(os, "fsync", fail)
    assert publish(ledger, [finished])[claimed.token].kind is ErrorKind.INTERNAL


@pytest.mark.parametrize("name", [b"caf\xe9.jpg", b"new\nline.jpg", b"-rf.jpg", b"x" * 251 + b".jpg"])
def test_odd_names_are_published(ledger, out, name):
    make(ledger, os.path.join(str(out), os.fsdecode(name)))
    assert os.listdir(os.fsencode(out)) == [name]


@pytest.mark.parametrize("filled", [True, False])
def test_a_folder_whose_drive_is_away_is_waited_for_unless_somebody_uses_it_without(ledger, out, monkeypatch, filled):
    make(ledger, out / "a.jpg")
    monkeypatch.setattr(folders, "is_away", lambda *_: True)
    if not filled:
        (out / "a.jpg").unlink()
    claimed = claim(ledger, "/photos/b.jpg")
    if filled:
        assert reserved(ledger, claimed, out / "b.jpg")
    else:
        with pytest.raises(FolderUnavailable, match="is not there"):
            reserved(ledger, claimed, out / "b.jpg")
