"""A retry reads the file as it is now, and where it is now; and what is forgotten is in nobody's way."""

import shutil
import signal
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files


def spoil(path: Path) -> bytes:
    """Cut a file off, and return what it was."""
    whole = path.read_bytes()
    path.write_bytes(whole[:-5000])
    return whole


@pytest.fixture
def failed(fileq: Program, photos: Path) -> tuple[Path, bytes, str]:
    """A file that has failed, what it was before it was cut off, and its job."""
    path = photos / "IMG_0003.jpg"
    whole = spoil(path)
    fileq.run("run", photos, expect=1)
    (job,) = fileq.json("list", "--state", "failed")
    return path, whole, str(job["id"])


def test_a_retry_reads_a_file_that_was_mended_since(fileq: Program, photos: Path, failed) -> None:
    path, whole, job = failed
    path.write_bytes(whole)
    fileq.run("retry", job, "--run")
    assert fileq.states() == {"done": 8}
    assert fileq.json("show", job)["state"] == "done"
    assert len(files(photos / "web")) == 8
    assert fileq.json("run", photos)["up_to_date"] == 8


def test_a_retry_of_one_that_changed_before_its_turn_is_done(fileq: Program, photos: Path) -> None:
    one = photos / "IMG_0001.jpg"
    fileq.run("add", one)
    shutil.copyfile(photos / "IMG_0002.jpg", one)
    fileq.run("worker", "--drain")
    (job,) = fileq.json("list", "--state", "failed")
    assert job["error"]["kind"] == "changed"
    assert "read as it is now" in job["error"]["hint"]
    said = fileq.run("retry", "--failed", "--cause", "changed", "--run").stderr
    assert "Going on with 1 job of batch 1." in said
    assert "queued already" not in said
    assert fileq.states() == {"done": 1}


def test_run_and_wait_with_retry_exit_by_how_the_jobs_ended(fileq: Program, failed) -> None:
    _, _, job = failed
    assert fileq.json("retry", job, "--run", expect=1)["failures"][0]["id"] == int(job)
    with fileq.worker():
        fileq.run("retry", job, "--wait", expect=1)
        fileq.run("retry", "--run", "--wait", job, expect=2)


def test_a_retry_that_is_stopped_while_it_waits_says_how_to_go_on(fileq: Program, failed) -> None:
    process = fileq.start("retry", "--batch", "1", "--wait")
    assert process.stderr is not None
    assert b"No worker is running." in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "1 job of batch 1 waits in the queue. Go on: fileq wait 1." in stderr.decode()


def test_retry_run_goes_on_with_what_was_queued_again_before(fileq: Program, photos: Path, failed) -> None:
    path, whole, job = failed
    path.write_bytes(whole)
    fileq.run("retry", job)
    fileq.run("retry", job, "--run")
    assert fileq.states() == {"done": 8}


@pytest.mark.parametrize("what", ["job", "batch", "failed"])
def test_what_is_forgotten_is_listed_and_counted_no_more(fileq: Program, photos: Path, failed, what: str) -> None:
    path, whole, job = failed
    chosen = {"job": [job], "batch": ["--batch", "1"], "failed": ["--failed"]}[what]
    count = 8 if what == "batch" else 1
    assert fileq.json("forget", *chosen) == {"forgotten": count}
    assert len(fileq.json("list")) == 8 - count
    assert fileq.json("status")["jobs"]["failed"] == 0
    fileq.run("wait")
    assert len(files(photos / "web")) == 7
    path.write_bytes(whole)
    assert fileq.json("run", photos)["jobs"]["done"] == 1
    assert len(files(photos / "web")) == 8


def test_the_outputs_of_forgotten_jobs_are_never_taken_for_originals(fileq: Program, photos: Path) -> None:
    fileq.run("run", photos)
    fileq.run("forget", "--batch", "1")
    for _ in range(2):
        fileq.run("run", photos)
        fileq.run("run", photos / "**" / "*.jpg")
    assert len(files(photos)) == 16
    assert not (photos / "web" / "web").exists()


def test_one_that_has_not_ended_is_not_forgotten(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    answer = fileq.run("forget", "1", expect=1)
    assert "Job 1 is queued; only what has ended can be forgotten." in answer.stderr
    assert fileq.json("forget", "--batch", "1") == {"forgotten": 0}
    fileq.run("forget", "99", expect=2)
    fileq.run("forget", expect=2)
    assert fileq.states() == {"queued": 8}


def watch_with(fileq: Program, after: str) -> Path:
    """A watched folder whose failed files go to failed/."""
    (fileq.folder / "inbox").mkdir()
    fileq.configure(
        f'[[watch]]\npath = "inbox"\nrecipe = "web"\nout = "out"\nafter = "{after}"\nsettle = "100ms"\n'
        f'failed_to = "failed"\n' + ('move_to = "processed"\n' if after == "move" else "")
    )
    return fileq.folder / "inbox"


@pytest.fixture(params=["move", "keep", "delete"])
def put_away(fileq: Program, photos: Path, request) -> tuple[Path, bytes, str, str]:
    """Where a file is now that has failed, what it was before it was cut off, its job, and the rule for done ones."""
    inbox = watch_with(fileq, request.param)
    shutil.copy(photos / "IMG_0001.jpg", inbox / "cut.jpg")
    whole = spoil(inbox / "cut.jpg")
    fileq.run("watch", "--once")
    fileq.run("worker", "--drain")
    fileq.wait_until((fileq.folder / "failed" / "cut.jpg").exists)
    (job,) = fileq.json("list", "--state", "failed")
    return fileq.folder / "failed" / "cut.jpg", whole, str(job["id"]), request.param


def test_show_and_the_remedy_name_where_a_failed_file_is_now(fileq: Program, put_away) -> None:
    now, _, job, _ = put_away
    document = fileq.json("show", job)
    assert document["moved_to"] == str(now)
    assert str(now) in document["error"]["hint"]
    assert f"fileq retry {job}" in document["error"]["hint"]
    assert str(fileq.folder / "inbox") not in document["error"]["message"]
    assert str(now) in "".join(fileq.run("show", job).stdout.split())


def test_who_names_the_old_place_hears_of_the_new_one(fileq: Program, put_away) -> None:
    now, _, _, _ = put_away
    answer = fileq.run("run", "inbox/cut.jpg", expect=2)
    assert f"The watch has put inbox/cut.jpg to {now}." in " ".join(answer.stderr.split())


def test_a_retry_works_from_there_and_the_file_then_goes_where_done_ones_go(fileq: Program, put_away) -> None:
    now, whole, job, after = put_away
    fileq.run("retry", job, "--run", expect=1)  # it is the same file still, and stays where it is
    assert now.exists()
    now.write_bytes(whole)
    fileq.run("retry", job, "--run")
    assert files(fileq.folder / "out") == ["cut.jpg"]
    assert now.exists() == (after == "keep")
    assert (fileq.folder / "processed" / "cut.jpg").exists() == (after == "move")
    assert files(fileq.folder / "inbox") == []
    if after == "move":
        assert fileq.json("show", job)["moved_to"] == str(fileq.folder / "processed" / "cut.jpg")
    fileq.run("watch", "--once")
    assert fileq.states() == {"done": 1}


def test_one_that_was_put_back_is_read_there(fileq: Program, put_away) -> None:
    now, whole, job, _ = put_away
    now.unlink()
    (fileq.folder / "inbox" / "cut.jpg").write_bytes(whole)
    fileq.run("retry", job, "--run")
    assert fileq.states() == {"done": 1}
    assert files(fileq.folder / "out") == ["cut.jpg"]
