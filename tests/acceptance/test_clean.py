"""`fileq clean` from outside: what goes, what stays, and that nothing comes back."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files, kill_group

KEYS = {"outputs_removed", "bytes_freed", "kept_changed", "jobs_forgotten"}


@pytest.fixture
def worked(fileq: Program, photos: Path) -> Program:
    """Eight photos, and a thumbnail of each in `out`."""
    fileq.run("run", "photos", "-r", "thumbnail", "-o", "out")
    return fileq


def outputs(fileq: Program) -> list[str]:
    folder = fileq.folder / "out"
    return files(folder) if folder.exists() else []


def originals(fileq: Program) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (fileq.folder / "photos").iterdir()}


def grow_old(fileq: Program, days: int) -> None:
    """As if all had happened so many days earlier."""
    fileq.pretend("update outputs set published_at = published_at - ?", days * 86400)
    fileq.pretend("update jobs set finished_at = finished_at - ?", days * 86400)
    fileq.pretend("update batches set added_at = added_at - ?", days * 86400)


def test_nothing_goes_that_is_young_or_of_which_nobody_said_anything(worked: Program) -> None:
    assert worked.json("clean") == dict.fromkeys(KEYS, 0)
    assert worked.json("clean", "--older-than", "1h") == dict.fromkeys(KEYS, 0)
    assert len(outputs(worked)) == 8


def test_the_dry_run_says_exactly_what_the_real_run_removes(worked: Program) -> None:
    before, sources = outputs(worked), originals(worked)
    (worked.folder / "out" / before[0]).write_bytes(b"mine")
    size = sum(os.path.getsize(worked.folder / "out" / name) for name in before[1:])
    planned = worked.json("clean", "--older-than", "0s", "--dry-run")
    assert set(planned) == KEYS | {"outputs"}
    assert outputs(worked) == before
    done = worked.json("clean", "--older-than", "0s")
    listed = planned.pop("outputs")
    assert planned == done
    assert sorted(listed) == [str(worked.folder / "out" / name) for name in before[1:]]
    assert (done["outputs_removed"], done["kept_changed"], done["bytes_freed"]) == (7, 1, size)
    assert outputs(worked) == before[:1]
    assert originals(worked) == sources


def test_people_read_sentences(worked: Program) -> None:
    name = outputs(worked)[0]
    os.utime(worked.folder / "out" / name, (0, 0))
    planned = worked.run("clean", "--older-than", "0s", "--dry-run")
    *listed, told = planned.stdout.splitlines()
    assert len(listed) == 7
    assert told.startswith("7 outputs would be removed, ")
    assert told.endswith("Nothing was removed.")
    answer = worked.run("clean", "--older-than", "0s")
    assert answer.stdout.startswith("7 outputs removed, ")
    assert "1 output was changed by somebody, and kept." in answer.stderr
    assert worked.run("clean", "--older-than", "0s").stdout == "Nothing to remove.\n"


def test_an_age_that_could_be_months_is_refused_and_the_moment_is_said(worked: Program) -> None:
    said = worked.run("clean", "--older-than", "6m", expect=2).stderr
    assert "--older-than 6m would be 6 min 0 s." in said
    assert 'Write "6min" for that' in said
    answer = worked.run("clean", "--older-than", "6min", "--dry-run")
    assert "What was made before 20" in answer.stderr
    assert answer.stdout == "Nothing to remove.\n"


def test_the_config_says_how_long(worked: Program) -> None:
    grow_old(worked, 10)
    worked.configure('[retention]\noutputs = "11d"\n')
    assert worked.json("clean")["outputs_removed"] == 0
    worked.configure('[retention]\noutputs = "9d"\n')
    assert worked.json("clean")["outputs_removed"] == 8
    assert not (worked.folder / "out").exists()


def test_show_says_what_was_removed_and_when(worked: Program) -> None:
    made = worked.json("show", "1")["outputs"]
    worked.json("clean", "--older-than", "0s")
    document = worked.json("show", "1")
    (removed,) = document["removed"]
    assert document["outputs"] == []
    assert removed.pop("removed_at").endswith("Z")
    assert [removed] == made
    assert re.search(r"removed 20\d\d-.* .*IMG_0001.jpg", worked.run("show", "1").stdout)


def test_add_makes_again_what_was_removed(worked: Program) -> None:
    worked.json("clean", "--older-than", "0s")
    assert worked.json("run", "photos", "-r", "thumbnail", "-o", "out")["queued"] == 8
    assert len(outputs(worked)) == 8
    assert worked.json("clean", "--older-than", "0s")["outputs_removed"] == 8


@pytest.mark.parametrize("age", ["soon", "", "-1d", "3 fortnights", "30"])
def test_a_wrong_age_is_wrong_usage(worked: Program, age: str) -> None:
    assert f"--older-than {age}" in worked.run("clean", f"--older-than={age}", expect=2).stderr
    assert len(outputs(worked)) == 8


def test_what_can_not_be_removed_is_said_and_the_code_is_1(worked: Program) -> None:
    stubborn = outputs(worked)[0]
    (worked.folder / "sitecustomize.py").write_text(
        "import os\nunlink = os.unlink\n"
        "def deny(path, **options):\n"
        "    if os.stat(path, **options).st_ino == "
        f"{(worked.folder / 'out' / stubborn).stat().st_ino} and str(path).startswith('.fileq'):\n"
        "        if not os.path.exists('denied'):\n"
        "            open('denied', 'w').close()\n"
        "            raise PermissionError(1, 'Operation not permitted', path)\n"
        "    unlink(path, **options)\n"
        "os.unlink = deny\n"
        "os.supports_dir_fd.add(deny)\n"
    )
    worked.environment["PYTHONPATH"] = os.pathsep.join(
        [str(worked.folder), worked.environment.get("PYTHONPATH", ""), os.getcwd()]
    )
    answer = worked.run("clean", "--older-than", "0s", expect=1)
    assert "1 output can't be removed: Operation not permitted" in answer.stderr
    assert outputs(worked) == [stubborn]


def test_who_stands_in_the_folder_that_goes_is_told_so(worked: Program) -> None:
    gone = worked.folder / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && {sys.executable} -m fileq status"
    answer = subprocess.run(["sh", "-c", script], env=worked.environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 3
    assert "The folder that you are in is gone. Go to another" in answer.stderr


def test_the_watcher_does_not_make_again_what_was_cleaned(fileq: Program, photos: Path) -> None:
    """Not even when the history has forgotten the jobs, and a month later still."""
    fileq.configure('[retention]\noutputs = "30d"\nhistory = "90d"\n')
    watch = ("watch", "photos", "-r", "thumbnail", "-o", "out", "--work", "--once")
    fileq.run(*watch)
    assert len(outputs(fileq)) == 8
    grow_old(fileq, 60)
    assert fileq.json("clean")["outputs_removed"] == 8
    fileq.run(*watch)
    assert outputs(fileq) == []
    grow_old(fileq, 60)
    assert fileq.json("clean")["jobs_forgotten"] == 8
    assert fileq.json("list") == []
    assert fileq.json("status")["jobs"]["done"] == 0
    fileq.run(*watch)
    assert (outputs(fileq), fileq.json("list")) == ([], [])
    fileq.run("show", "1", expect=2)
    assert fileq.json("run", "photos", "-r", "thumbnail", "-o", "out")["queued"] == 8  # who asks for it, gets it
    assert len(outputs(fileq)) == 8


def test_a_new_file_is_still_seen_after_all_was_forgotten(fileq: Program, photos: Path) -> None:
    fileq.configure('[retention]\noutputs = "0s"\nhistory = "0s"\n')
    watch = ("watch", "photos", "-r", "thumbnail", "-o", "out", "--work", "--once")
    fileq.run(*watch)
    fileq.json("clean")
    (photos / "IMG_0001.jpg").rename(photos / "renamed.jpg")
    (photos / "new.jpg").write_bytes((photos / "IMG_0002.jpg").read_bytes() + b" ")
    fileq.run(*watch)
    assert outputs(fileq) == ["new.jpg"]


def test_a_cleaning_that_is_killed_again_and_again_is_finished_by_the_next(fileq: Program, photos: Path) -> None:
    fileq.configure('[retention]\noutputs = "0s"\n[recipes.kept]\nkeep = "forever"\n')
    chance = random.Random(11)
    fileq.run("run", "photos", "-r", "kept", "-o", "kept")
    kept = files(fileq.folder / "kept")
    killed = 0
    while killed < 5:
        fileq.run("run", "photos", "-r", "thumbnail", "-o", "out", "--force")
        before = set(outputs(fileq))
        process = fileq.start("clean")
        try:
            process.wait(timeout=chance.uniform(0.1, 0.3))
        except subprocess.TimeoutExpired:
            killed += 1
        finally:
            kill_group(process)
        left = {name for name in outputs(fileq) if not name.endswith(".removing")}
        assert left <= before
    fileq.run("clean")
    assert outputs(fileq) == []
    assert files(fileq.folder / "kept") == kept
    assert len(originals(fileq)) == 8
    assert fileq.ask("select count(*) from outputs where hidden_path is not null") == [(0,)]
