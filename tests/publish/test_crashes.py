"""Whatever a worker that died amid its publishing has left: it is known as ours, and nothing of others goes."""

import errno
import os

import pytest

from fileq.clock import steady_time
from fileq.files.directory import Directory
from fileq.job import JobState
from fileq.ledger.tables.attempts import Fenced
from fileq.publish import complete_attempt, publication, publish_jobs, restore_displaced_files
from fileq.publish.placement import place_output
from fileq.worker.recovery import recover
from tests.support.jobs import NOW, claim_one, enter, state
from tests.support.kills import Killed, die
from tests.support.publication import claim, claim_of_original, conflict, make, reserved, stand, written


def crashed_publishing(ledger, out, monkeypatch):
    """A claim of a job whose worker died after its file had got its name, and before it was said to be done."""
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    with monkeypatch.context() as patch:
        patch.setattr(ledger.attempts, "finish_attempts", die)
        with pytest.raises(Killed):
            publish_jobs(ledger, [finished])
    assert (out / "a.jpg").read_text() == "ours"
    ledger.outputs.release_paths(ledger.outputs.find_reserved_paths(claimed.token.job_id))
    ledger.attempts.lose_attempt(claimed.token, NOW)
    return claim_one(ledger, claimed.token.job_id, 2, NOW)


def test_what_a_crash_left_is_known_as_ours_and_replaced(ledger, out, monkeypatch):
    again = crashed_publishing(ledger, out, monkeypatch)
    assert publish_jobs(ledger, [written(again, reserved(ledger, again, out / "a.jpg"), "newer")]) == {}
    assert {path.name: path.read_text() for path in out.iterdir()} == {"a.jpg": "newer"}


def test_what_a_crash_left_is_theirs_once_they_changed_it(ledger, out, monkeypatch):
    again = crashed_publishing(ledger, out, monkeypatch)
    stand(out / "a.jpg", "retouched by hand")
    conflict(ledger, again, out / "a.jpg")


def killed(ledger, monkeypatch, finished, where, what=die):
    """A worker publishes, and is killed there; then the next one recovers."""
    with monkeypatch.context() as patch:
        patch.setattr(where, what)
        with pytest.raises(Killed):
            publish_jobs(ledger, finished)
    assert recover(ledger, NOW, 5.0) == 1


def test_two_kills_in_a_row_leave_what_the_first_had_placed_known_as_ours(ledger, out, monkeypatch):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg", out / "b.jpg"))

    def place_the_first_alone(folder, place, output):
        if place.path.endswith("b.jpg"):
            raise Killed
        place_output(folder, place, output)

    killed(ledger, monkeypatch, [finished], "fileq.publish.publication.place_output", place_the_first_alone)
    assert os.listdir(out) == ["a.jpg"]
    second = claim_one(ledger, claimed.token.job_id, 1, NOW)
    finished = written(second, reserved(ledger, second, out / "a.jpg", out / "b.jpg"), "newer")
    killed(ledger, monkeypatch, [finished], "fileq.publish.publication.place_output")
    third = claim_one(ledger, claimed.token.job_id, 1, NOW)
    places = reserved(ledger, third, out / "a.jpg", out / "b.jpg")
    assert publish_jobs(ledger, [written(third, places, "newest")]) == {}
    assert {path.name: path.read_text() for path in out.iterdir()} == {"a.jpg": "newest", "b.jpg": "newest"}


def test_a_kill_between_the_two_names_of_an_output_leaves_one_of_them(ledger, out, monkeypatch):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    killed(ledger, monkeypatch, [finished], "fileq.files.directory.Directory.unlink")
    assert os.listdir(out) == ["a.jpg"]
    assert state(ledger, claimed.token.job_id) is JobState.DONE


def test_what_was_saved_just_before_a_swap_comes_back_though_the_worker_was_killed_just_after(ledger, out, monkeypatch):
    make(ledger, out / "a.jpg")
    (job,) = enter(ledger, version="2000-2")
    claimed = claim(ledger, job=job)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"), "newer version")

    exchange = Directory.exchange

    def save_then_swap_then_die(*names):
        stand(out / "saved", "retouched by hand").rename(out / "a.jpg")
        assert exchange(*names)
        raise Killed

    killed(ledger, monkeypatch, [finished], "fileq.files.directory.Directory.exchange", save_then_swap_then_die)
    assert "retouched by hand" in [path.read_text() for path in out.iterdir()]
    assert not [name for name in os.listdir(out) if name.startswith(".")]


def test_an_attempt_that_a_loss_of_power_has_undone_uses_the_name_of_its_temp_file_again(ledger, out):
    claimed = claim(ledger)
    (first,) = reserved(ledger, claimed, out / "a.jpg")
    ledger.outputs.release_paths([(first.path, first.temp)])
    assert reserved(ledger, claimed, out / "a.jpg") == [first]


def test_a_worker_that_slept_between_announcing_and_placing_places_nothing(ledger, out, monkeypatch):
    claimed = claim(ledger)
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))
    announce = ledger.outputs.announce_output

    def fall_asleep(*arguments, **keys):
        announced = announce(*arguments, **keys)
        woke_at = steady_time() + 30
        monkeypatch.setattr("fileq.publish.fence.steady_time", lambda: woke_at)
        ledger.database.connection.execute("update jobs set attempts = attempts + 1")
        return announced

    monkeypatch.setattr(ledger.outputs, "announce_output", fall_asleep)
    assert isinstance(publish_jobs(ledger, [finished])[claimed.token], Fenced)
    assert not (out / "a.jpg").exists()


def test_one_folder_that_is_away_keeps_no_other_file_from_having_its_name_back(ledger, tmp_path, monkeypatch):
    away, here = tmp_path / "a" / "1.jpg", tmp_path / "b" / "2.jpg"
    make(ledger, away, here)
    (job,) = enter(ledger, version="2000-2")
    claimed = claim(ledger, job=job)
    places = reserved(ledger, claimed, away, here)
    finished = written(claimed, places)
    monkeypatch.setattr(publication, "_place_all", die)
    with pytest.raises(Killed):
        publish_jobs(ledger, [finished])
    away.parent.rename(tmp_path / "away")
    os.unlink(places[1].temp)
    stand(here, "retouched by hand").rename(places[1].temp)  # where a swap has brought it
    restore_displaced_files(ledger, claimed.token.job_id)
    assert here.read_text() == "retouched by hand"


def test_an_output_in_its_sources_place_whose_folder_could_not_be_synced_is_known_to_the_next_attempt(
    ledger, tmp_path, monkeypatch
):
    original = stand(tmp_path / "a.jpg", "original")
    claimed = claim_of_original(ledger, original)
    places = reserved(ledger, claimed, original)

    def fail(_):
        if original.read_text() == "ours":
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Directory, "sync", fail)
    assert publish_jobs(ledger, [written(claimed, places)]).keys() == {claimed.token}
    monkeypatch.undo()
    ledger.outputs.release_paths([(place.path, place.temp) for place in places])
    assert not complete_attempt(ledger, claimed.token)
    assert complete_attempt(ledger, claimed.token, announced_before=True)
    assert ledger.overview.find_job(claimed.token.job_id).state == "done"
    assert original.read_text() == "ours"


def test_what_is_just_getting_its_name_is_not_cancelled_any_more(ledger, out, monkeypatch):
    claimed, cancelled = claim(ledger), []
    finished = written(claimed, reserved(ledger, claimed, out / "a.jpg"))

    def cancel_and_place(*values):
        cancelled.append(ledger.jobs.cancel_jobs([claimed.token.job_id], NOW))
        return place_output(*values)

    monkeypatch.setattr(publication, "place_output", cancel_and_place)
    assert publish_jobs(ledger, [finished]) == {}
    assert cancelled == [[]]
    assert state(ledger, claimed.token.job_id) is JobState.DONE
    assert (out / "a.jpg").read_text() == "ours"


def test_an_older_temp_file_that_a_loss_of_power_has_brought_back_is_nobodys(ledger, out, monkeypatch):
    make(ledger, out / "a.jpg")
    (job,) = enter(ledger, version="2000-2")
    claimed = claim(ledger, job=job)
    places = reserved(ledger, claimed, out / "a.jpg")
    finished = written(claimed, places, "newer")
    with monkeypatch.context() as patch:
        patch.setattr(publication, "_place_all", die)
        with pytest.raises(Killed):
            publish_jobs(ledger, [finished])
    os.rename(stand(out / "older", "an older try"), places[0].temp)
    ledger.attempts.lose_attempt(claimed.token, NOW)
    restore_displaced_files(ledger, job)
    assert (out / "a.jpg").read_text() == "ours"
    assert not (out / "a-1.jpg").exists()
