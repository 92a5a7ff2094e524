"""A failure that was fixed stays nowhere: a newer version of the source stands for the older one."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.program import Program, files


def spoil(path: Path) -> bytes:
    """Cut a file off, and return what it was."""
    whole = path.read_bytes()
    path.write_bytes(whole[:-5000])
    return whole


def width_of(path: Path) -> int:
    with Image.open(path) as picture:
        return picture.width


@pytest.fixture
def cut(fileq: Program, photos: Path) -> tuple[Path, bytes]:
    """One that has failed, and what it was before it was cut off."""
    path = photos / "IMG_0003.jpg"
    whole = spoil(path)
    fileq.run("run", photos, expect=1)
    return path, whole


def test_a_good_copy_in_the_place_of_a_bad_one_ends_the_failure(fileq: Program, photos: Path, cut) -> None:
    path, whole = cut
    path.write_bytes(whole)
    assert fileq.json("run", photos)["jobs"]["done"] == 1
    assert fileq.json("status")["jobs"] == {
        "queued": 0, "running": 0, "waiting": 0, "done": 8, "failed": 0, "cancelled": 0,
    }  # fmt: skip
    fileq.run("wait")
    assert fileq.json("retry", "--failed")["retried"] == 0
    assert fileq.json("list", "--state", "failed") == []
    assert "superseded" not in fileq.run("list").stdout
    assert "superseded" not in fileq.run("status").stdout


def test_a_superseded_job_is_listed_where_somebody_asks_for_it(fileq: Program, photos: Path, cut) -> None:
    path, whole = cut
    path.write_bytes(whole)
    fileq.run("run", photos)
    (old,) = fileq.json("list", "--state", "superseded")
    assert (old["source"], old["error"]["kind"]) == (str(path), "unreadable")
    assert fileq.json("show", str(old["id"]))["state"] == "superseded"
    answer = fileq.run("retry", str(old["id"]), expect=1)
    (new,) = [job["id"] for job in fileq.json("list") if job["source"] == str(path)]
    assert f"a newer version of its source is job {new}." in answer.stderr


def test_a_newer_version_that_is_queued_takes_the_place_of_what_was_queued(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos)
    for number in range(1, 9):
        shutil.copy(photos / f"IMG_000{number % 8 + 1}.jpg", photos / f"new_{number}.jpg")
    for number in range(1, 9):
        (photos / f"new_{number}.jpg").replace(photos / f"IMG_000{number}.jpg")
    assert fileq.json("add", photos)["queued"] == 8
    assert fileq.states() == {"superseded": 8, "queued": 8}
    fileq.run("worker", "--drain")
    assert fileq.states() == {"superseded": 8, "done": 8}
    assert len(files(photos / "web")) == 8


def test_what_is_done_of_an_older_version_stays_done_and_its_output_is_replaced(fileq: Program, photos: Path) -> None:
    one = photos / "IMG_0001.jpg"
    fileq.run("run", one)
    before = (photos / "web" / "IMG_0001.jpg").read_bytes()
    shutil.copyfile(photos / "IMG_0002.jpg", one)
    fileq.run("run", one)
    assert fileq.states() == {"done": 2}
    assert (photos / "web" / "IMG_0001.jpg").read_bytes() != before


def test_a_person_s_change_of_an_output_is_a_conflict_still_when_a_newer_version_comes(
    fileq: Program, photos: Path
) -> None:
    one, output = photos / "IMG_0001.jpg", photos / "web" / "IMG_0001.jpg"
    fileq.run("run", one)
    output.write_bytes(b"mine")
    shutil.copyfile(photos / "IMG_0002.jpg", one)
    assert fileq.json("run", one, expect=1)["failures"][0]["error"]["kind"] == "conflict"
    assert output.read_bytes() == b"mine"


def test_an_older_version_that_is_back_is_done(fileq: Program, photos: Path, cut) -> None:
    path, whole = cut
    shutil.copy2(path, photos / "older")
    path.write_bytes(whole)
    fileq.run("add", path)
    shutil.copy2(photos / "older", path)
    fileq.run("run", path, expect=1)
    assert fileq.states() == {"done": 7, "failed": 1, "superseded": 1}


def test_a_failure_that_a_changed_recipe_has_mended_is_none_any_more(fileq: Program, photos: Path) -> None:
    one = photos / "IMG_0001.jpg"
    fileq.configure('[recipes.small]\nout = "{folder}/small"\non_conflict = "fail"\n')
    (photos / "small").mkdir()
    (photos / "small" / "IMG_0001.jpg").write_bytes(b"mine")
    fileq.run("run", one, "-r", "small", expect=1)
    fileq.configure('[recipes.small]\nout = "{folder}/small"\non_conflict = "rename"\n')
    fileq.run("run", one, "-r", "small")
    fileq.run("wait")
    assert fileq.json("status")["jobs"]["failed"] == 0


def test_one_that_changes_while_it_is_processed_is_superseded_by_the_newer_one(fileq: Program, photos: Path) -> None:
    """The attempt at the older one ends as changed: with a newer one there, that is nobody's failure."""
    fileq.trust(
        '[recipes.slow]\nsteps = [{op = "command", argv = ["sh", "-c", "sleep 2; cp $0 $1", "{source}", "{output}"]}]\n'
    )
    one = photos / "IMG_0001.jpg"
    with fileq.worker("--workers", "1"):
        fileq.run("add", one, "-r", "slow")
        fileq.wait_until(lambda: fileq.states() == {"running": 1})
        shutil.copyfile(photos / "IMG_0002.jpg", one)
        fileq.run("add", one, "-r", "slow")
        fileq.wait_until(lambda: not {"queued", "running"} & fileq.states().keys())
    assert fileq.states() == {"superseded": 1, "done": 1}


def test_what_is_asked_for_last_is_what_stands_though_other_wishes_were_queued_before(
    fileq: Program, photos: Path
) -> None:
    recipe = '[recipes.x]\nsteps = [{{op = "resize", fit = "{size}"}}]\n'
    fileq.configure(recipe.format(size="100x"))
    fileq.run("add", photos, "-r", "x")
    fileq.run("add", photos, "--resize", "90x", "-o", "out")
    fileq.configure(recipe.format(size="50x"))
    fileq.run("run", photos, "-r", "x")
    fileq.run("run", photos, "--resize", "40x", "-o", "out")
    assert fileq.states() == {"superseded": 16, "done": 16}
    fileq.run("worker", "--drain")
    for folder, width in ((photos / "x", 50), (fileq.folder / "out", 40)):
        assert {width_of(path) for path in folder.iterdir()} == {width}


def test_wishes_that_make_files_of_other_names_or_one_of_the_other_all_stay(fileq: Program, photos: Path) -> None:
    fileq.run("add", photos, "-r", "web", "--name", "{stem}-a.{ext}")
    fileq.run("add", photos, "-r", "web", "--name", "{stem}-b.{ext}")
    fileq.run("add", photos, "-r", "web", "--format", "webp")
    fileq.run("add", photos, "--resize", "90x", "--replace")
    fileq.run("add", photos, "--strip", "--replace")
    assert fileq.states() == {"queued": 40}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (["--exec", "cp {source} {output}", "--name", "{name}", "-o", "A"], ["--resize", "40x", "-o", "A"]),
        (["--resize", "90x", "-o", "A"], ["--resize", "40x", "--name", "{stem}.jpg", "-o", "A"]),
        (["--resize", "90x", "-o", "A"], ["--resize", "40x", "-o", "B"]),
        (["--resize", "90x", "-o", "B", "--overwrite"], ["--resize", "40x", "-o", "A"]),
    ],
)
def test_what_was_asked_for_before_never_takes_the_place_of_what_was_asked_for_after(
    fileq: Program, photos: Path, older: list[str], newer: list[str]
) -> None:
    (fileq.folder / "A").mkdir()
    (fileq.folder / "B").symlink_to("A")
    fileq.run("add", photos, *older)
    fileq.run("run", photos, *newer)
    before = {path: path.read_bytes() for path in (fileq.folder / "A").iterdir()}
    fileq.run("worker", "--drain")
    assert {path: path.read_bytes() for path in (fileq.folder / "A").iterdir()} == before
    assert {width_of(path) for path in before} == {40}
    assert set(fileq.states()) <= {"done", "failed", "superseded"}
    fileq.run("run", photos, *older)
    assert {width_of(path) for path in before} != {40}
