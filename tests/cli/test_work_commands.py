"""run, worker and add --wait: the real command, in a process of its own, on a few small pictures."""

import json
import os
import signal
import subprocess
import sys

import pytest

from fileq.intake import add_files

FILEQ = [sys.executable, "-m", "fileq"]


def ran(*arguments, **options):
    return subprocess.run([*FILEQ, *arguments], capture_output=True, text=True, timeout=120, check=False, **options)


@pytest.fixture
def photos(fileq):
    """Two pictures, and one that is none."""
    fileq.photo("a.jpg")
    fileq.photo("b.jpg")
    (fileq.folder / "photos" / "c.jpg").write_text("hello")
    return fileq


def test_run_ends_with_a_summary_and_failures_by_cause_with_their_remedy(photos):
    said = ran("run", "photos", "-r", "web")
    assert said.returncode == 1
    assert "2 done, 1 failed" in said.stdout
    for part in ("outputs  2", "bytes ", "time ", "1 job failed: unreadable", "c.jpg"):
        assert part in said.stdout
    assert "3 files queued as batch 1" in said.stderr
    assert "\x1b" not in said.stdout + said.stderr


def test_run_answers_in_json_as_status_does_with_its_failures(photos):
    said = ran("run", "photos", "--json", "--workers", "1")
    document = json.loads(said.stdout)
    assert document["jobs"] == {"queued": 0, "running": 0, "waiting": 0, "done": 2, "failed": 1, "cancelled": 0}
    assert (document["outputs"], document["batch"], document["eta_seconds"]) == (2, 1, 0.0)
    (failure,) = document["failures"]
    assert os.path.basename(failure["source"]) == "c.jpg"
    assert failure["error"]["kind"] == "unreadable"


def test_run_again_has_nothing_to_do(photos):
    os.remove(photos.folder / "photos" / "c.jpg")
    assert ran("run", "photos").returncode == 0
    again = ran("run", "photos")
    assert again.returncode == 0
    assert "Nothing new to do; 2 are up to date" in again.stdout
    assert json.loads(ran("run", "photos", "--json").stdout)["up_to_date"] == 2


def test_a_draining_worker_ends_and_says_what_was_done(photos):
    photos("add", "photos")
    said = ran("worker", "--drain", "--workers", "1", "--timeout", "1m", "--memory", "1GiB")
    assert said.returncode == 0
    assert said.stdout == ""
    assert "Working with 1 slot." in said.stderr
    assert "Stopped. 2 done, 1 failed, 0 left." in said.stderr


def test_add_wait_follows_its_batch_to_the_end(photos):
    waiting = subprocess.Popen(
        [*FILEQ, "add", "photos", "--wait"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert waiting.stderr is not None
    assert waiting.stderr.readline() == "No worker is running. Start one with: fileq worker\n"
    assert ran("worker", "--drain").returncode == 0
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 1
    assert out == "3 files queued as batch 1.\n"
    assert "1 failed. See: fileq list --state failed --batch 1" in err


def test_wait_shows_how_it_ended(photos):
    photos("add", "photos")
    ran("worker", "--drain")
    said = photos("wait", "1")
    assert said.code == 1
    assert "2 done, 1 failed" in said.out


def test_ctrl_c_leaves_the_rest_in_the_queue_and_says_how_to_go_on(fileq):
    for number in range(40):
        fileq.photo(f"{number:02}.jpg", size=(3000, 2000))
    running = subprocess.Popen(
        [*FILEQ, "run", "photos", "-r", "avif", "-w", "1", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stderr is not None
    assert running.stderr.readline() == "40 files queued as batch 1.\n"
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 130, err
    assert out, err
    left = json.loads(out)["jobs"]["queued"]
    assert f"Stopped. {left} jobs of batch 1 wait in the queue. Go on: the same command." in err
    assert fileq("status", "--json").document["jobs"]["queued"] == left
    assert left > 30


def test_ctrl_c_while_files_are_looked_at_loses_nothing(fileq, monkeypatch):
    fileq.photo("a.jpg")

    def interrupted(*arguments, **options):
        add_files(*arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr("fileq.worker.own_queue.add_files", interrupted)
    said = fileq("run", "photos")
    assert said.code == 130
    assert "Go on: the same command." in said.err
    assert "1 done" in ran("worker", "--drain").stderr
