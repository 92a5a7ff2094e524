"""Which folders are fileq's own, and that they go when they are empty, under nobody's feet."""

import os
import threading
import time

import pytest

from fileq.job import JobState
from fileq.ledger import open_ledger
from fileq.publish import publish_jobs
from fileq.retention import cleanup
from fileq.retention.empty_folders import remove_empty_folders
from tests.support.jobs import NOW
from tests.support.old_outputs import DAY, output, retention_settings, run_cleanup
from tests.support.publication import claim, make, reserved, written


def made(ledger):
    """Of each folder in the ledger, whether fileq made it."""
    return {os.path.basename(path): bool(own) for path, own in
            ledger.database.connection.execute("select path, created_by_fileq from folders")}  # fmt: skip


def test_each_level_that_was_made_is_remembered_as_ours(ledger, out):
    out.mkdir()
    make(ledger, out / "a" / "b" / "x.jpg")
    assert made(ledger) == {"a": True, "b": True}
    make(ledger, out / "x.jpg", source="/photos/b.jpg")
    assert made(ledger) == {"a": True, "b": True, "out": False}


def test_a_folder_of_ours_stays_ours_when_it_is_used_again(ledger, out):
    make(ledger, out / "a.jpg")
    make(ledger, out / "b.jpg", source="/photos/b.jpg")
    ledger.folders.upsert_folder(str(out), created_by_fileq=False)
    assert made(ledger) == {"out": True}


def test_another_folder_in_its_place_is_not_ours(ledger, out, tmp_path):
    make(ledger, out / "a.jpg")
    out.rename(tmp_path / "old")
    out.mkdir()
    make(ledger, out / "b.jpg", source="/photos/b.jpg")
    assert made(ledger) == {"out": False}


def test_its_real_path_is_the_one_of_that_time(ledger, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "way").symlink_to("real")
    make(ledger, tmp_path / "way" / "a" / "x.jpg")
    assert ledger.folders.find_folder(str(tmp_path / "way" / "a")).real_path == str(tmp_path / "real" / "a")


def test_empty_folders_of_ours_go_upwards(ledger, out):
    out.mkdir()
    output(ledger, out / "a" / "b" / "x.jpg")
    output(ledger, out / "a" / "c" / "x.jpg")
    assert run_cleanup(ledger).folders_removed == 3
    assert os.listdir(out) == []
    assert made(ledger) == {}


def test_a_folder_that_was_there_stays_and_so_does_what_is_above_it(ledger, out):
    (out / "theirs").mkdir(parents=True)
    output(ledger, out / "theirs" / "ours" / "x.jpg")
    assert run_cleanup(ledger).folders_removed == 1
    assert (out / "theirs").is_dir()


@pytest.mark.parametrize("name", ["theirs.txt", ".hidden", "folder/"])
def test_a_folder_with_anything_in_it_stays(ledger, out, name):
    output(ledger, out / "x.jpg")
    (out / name).mkdir() if name.endswith("/") else (out / name).touch()
    result = run_cleanup(ledger)
    assert (result.outputs_removed, result.folders_removed) == (1, 0)
    assert (out / name).exists()


def test_a_folder_from_which_nothing_was_removed_stays_though_it_is_empty(ledger, out):
    make(ledger, out / "x.jpg")
    (out / "x.jpg").unlink()
    assert run_cleanup(ledger).folders_removed == 0
    assert out.is_dir()


@pytest.mark.parametrize("place", ["", "deeper"])
def test_one_that_was_emptied_by_hand_later_goes_with_the_next_cleaning(ledger, out, place):
    output(ledger, out / place / "x.jpg")
    (out / "theirs.txt").touch()
    run_cleanup(ledger)
    assert os.listdir(out) == ["theirs.txt"]
    (out / "theirs.txt").unlink()
    assert run_cleanup(ledger).folders_removed == 1
    assert not out.exists()


def test_a_folder_in_which_an_output_is_being_made_stays(ledger, out, tmp_path):
    output(ledger, out / "x.jpg")
    (tmp_path / "way").symlink_to("out")
    claimed = claim(ledger, "/photos/b.jpg")
    places = reserved(ledger, claimed, tmp_path / "way" / "b.jpg")
    assert run_cleanup(ledger).folders_removed == 0
    assert publish_jobs(ledger, [written(claimed, places)]) == {}
    assert run_cleanup(ledger).folders_removed == 1


def test_another_folder_in_its_place_stays(ledger, out, tmp_path, monkeypatch):
    output(ledger, out / "x.jpg")

    def swapped(*given):
        out.rename(tmp_path / "old")
        out.mkdir()
        return remove_empty_folders(*given)

    monkeypatch.setattr(cleanup, "remove_empty_folders", swapped)
    assert run_cleanup(ledger).folders_removed == 0
    assert out.is_dir()


def test_a_folder_that_was_removed_is_made_again_and_ours_again(ledger, out):
    output(ledger, out / "x.jpg")
    run_cleanup(ledger)
    output(ledger, out / "y.jpg")
    assert made(ledger) == {"out": True}


def test_no_job_ever_fails_because_of_a_cleaning(database, out):
    """Jobs publish into folders that are emptied and removed all the time."""
    problems = []
    over = threading.Event()
    count = 100

    def work(mine):
        with open_ledger(database) as ledger:
            for number in range(count):
                try:
                    claimed = claim(ledger, f"/photos/{mine}-{number}.jpg")
                    path = out / str(number % 3) / str(mine % 2) / f"{number}-{mine}.jpg"
                    assert publish_jobs(ledger, [written(claimed, reserved(ledger, claimed, path))]) == {}
                except Exception as error:  # the thread's failure is the test's
                    problems.append(error)
                    raise

    def sweep():
        with open_ledger(database) as ledger:
            while not over.is_set():
                figures.append(run_cleanup(ledger, retention_settings("0s"), time.time() + DAY))

    figures = []
    workers = [threading.Thread(target=work, args=[number]) for number in range(3)]
    sweeper = threading.Thread(target=sweep)
    for thread in (*workers, sweeper):
        thread.start()
    for thread in workers:
        thread.join()
    over.set()
    sweeper.join()
    assert problems == []
    with open_ledger(database) as ledger:
        figures.append(run_cleanup(ledger, retention_settings("0s"), time.time() + DAY))
        assert ledger.overview.tally_jobs().jobs[JobState.DONE] == 3 * count
    assert sum(one.outputs_removed for one in figures) == 3 * count
    assert sum(one.kept_changed for one in figures) == 0
    assert sum(one.folders_removed for one in figures) > 0
    assert not out.exists()


def test_nor_does_one_that_replaces_its_own_output(database, out):
    """The same jobs are done again and again while their outputs are removed."""
    problems: list[Exception] = []
    over = threading.Event()

    def work():
        with open_ledger(database) as ledger:
            for number in range(300):
                job = number % 5 + 1
                if number >= 5:
                    ledger.jobs.requeue_job(job, ledger.batches.insert_batch("fileq", NOW), NOW, recipe_id=1)
                    claimed = claim(ledger, job=job)
                else:
                    claimed = claim(ledger, f"/photos/{number}.jpg")
                try:
                    places = reserved(ledger, claimed, out / f"{claimed.token.job_id}.jpg")
                    problems.extend(publish_jobs(ledger, [written(claimed, places, f"{number}")]).values())
                except Exception as error:
                    problems.append(error)
                    raise
            over.set()

    worker = threading.Thread(target=work)
    worker.start()
    removed = 0
    with open_ledger(database) as ledger:
        while worker.is_alive() and not over.is_set():
            removed += run_cleanup(ledger, retention_settings("0s"), time.time() + DAY).outputs_removed
        worker.join()
        removed += run_cleanup(ledger, retention_settings("0s"), time.time() + DAY).outputs_removed
    assert problems == []
    assert removed > 0
    assert not out.exists()
