"""What people see of the work: where outputs are, failures as they happen, commands to paste, and bars."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import time

import pytest
from PIL import Image

from tests.acceptance.program import kill_group, wait_until
from tests.support.terminal import Terminal

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
COLOUR_CODES = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|9[0-7]|38)[0-9;]*m")


@pytest.fixture
def broken(photos):
    """A photo among the others that is cut off."""
    path = photos / "cut.jpg"
    path.write_bytes((photos / "IMG_0001.jpg").read_bytes()[:9000])
    return path


@pytest.fixture
def terminal():
    screen = Terminal()
    yield screen
    screen.close()


def start(fileq, terminal, *arguments, **environment):
    kept = {name: value for name, value in fileq.environment.items() if name != "NO_COLOR"}
    return terminal.start(
        [sys.executable, "-m", "fileq", *arguments],
        cwd=fileq.folder,
        env=kept | {"TERM": "xterm-256color"} | environment,
    )


# Where


@pytest.mark.usefixtures("photos")
def test_the_end_of_a_run_says_where_the_pictures_are(fileq):
    said = fileq.run("run", "photos").stdout
    assert "8 pictures in photos/web" in said
    assert "outputs of 8 files in photos/web" in fileq.run("run", "photos").stdout


def test_several_folders_have_a_line_each_and_many_are_summed_up(fileq, photos):
    for number in range(3):
        (photos / str(number)).mkdir()
        shutil.copy(photos / "IMG_0001.jpg", photos / str(number))
    said = fileq.run("run", "photos/0", "photos/1", "photos/2").stdout
    assert [f"1 picture in photos/{number}/web" in said for number in range(3)] == [True] * 3
    said = fileq.run("run", "photos", "-r", "thumbnail").stdout
    assert "11 pictures in 4 folders below photos" in said


def test_a_folder_that_is_not_below_the_working_folder_is_named_whole(fileq, photos, tmp_path):
    said = fileq.run("run", photos, "-o", tmp_path / "far" / "away" / "from" / "here").stdout
    assert f"8 pictures in {tmp_path}/far/away/from/here" in said or "8 pictures in ../far/away/from/here" in said


@pytest.mark.usefixtures("photos")
def test_who_waits_for_a_batch_and_who_catches_up_with_a_folder_are_told_where(fileq):
    with fileq.worker():
        assert "8 pictures in photos/web" in fileq.run("add", "photos", "--wait").stderr
    said = fileq.run("watch", "photos", "-r", "thumbnail", "--once", "--work", "--no-recursive").stderr
    assert "8 pictures in photos/thumbnail" in said


@pytest.mark.usefixtures("photos")
def test_a_worker_says_at_its_end_where_its_outputs_are(fileq):
    fileq.run("add", "photos")
    assert "8 pictures in photos/web" in fileq.run("worker", "--drain").stderr


# Failures and notes


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("command", [["run", "photos"], ["worker", "--drain"]])
def test_each_job_is_a_line_in_a_log_and_a_failure_has_its_reason_and_number(fileq, command):
    if command[0] == "worker":
        fileq.run("add", "photos")
    said = fileq.run(*command, expect=1 if command[0] == "run" else 0).stderr.splitlines()
    (job,) = fileq.json("list", "--state", "failed")
    assert f"failed photos/cut.jpg: unreadable, it is cut off: its end is missing (job {job['id']})" in said
    assert sum(line.startswith("done photos/IMG_") and "→ photos/web/IMG_" in line for line in said) == 8


@pytest.mark.usefixtures("broken")
def test_who_follows_a_batch_sees_its_failures_whoever_finds_them(fileq):
    with fileq.worker():
        said = fileq.run("add", "photos", "--wait", expect=1).stderr
    assert "failed photos/cut.jpg: unreadable, it is cut off: its end is missing (job " in said
    assert "1 failed. See: fileq list --state failed --batch 1" in said


@pytest.mark.usefixtures("broken")
def test_a_list_has_the_reason_of_a_failure(fileq):
    fileq.run("run", "photos", expect=1)
    head, row = fileq.run("list", "--state", "failed").stdout.splitlines()
    assert head.split()[-1] == "REASON"
    assert row.endswith("photos/cut.jpg  it is cut off: its end is missing")


@pytest.mark.usefixtures("broken")
def test_the_commands_at_the_end_can_be_pasted(fileq):
    database = fileq.folder / "a database's.db"
    said = fileq.run("--database", database, "run", "photos", expect=1).stdout
    (listing,) = [line.split("  ", 1)[1] for line in said.splitlines() if line.startswith("list them")]
    words = shlex.split(listing)
    assert words[:3] == ["fileq", "--database", str(database)]
    pasted = subprocess.run(
        ["/bin/sh", "-c", listing.replace("fileq", f"{shlex.quote(sys.executable)} -m fileq", 1)],
        cwd=fileq.folder, env=fileq.environment, capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "cut.jpg" in pasted.stdout


@pytest.mark.usefixtures("broken")
@pytest.mark.usefixtures("ledger_file")
def test_commands_to_paste_name_the_database_that_was_named_in_every_answer(fileq):
    del fileq.environment["FILEQ_DATABASE"]
    named = ("--database", fileq.database)
    fileq.run("run", "photos", *named, expect=1)
    (job,) = json.loads(fileq.run("list", "--state", "failed", "--json", *named).stdout)
    fileq.pretend("update jobs set error_hint = ''")
    said = fileq.run("show", str(job["id"]), *named).stdout
    assert f"Try again with: fileq --database {fileq.database} retry {job['id']}" in said
    fileq.pretend("update jobs set error_hint = 'Try the job again (fileq retry 1), or see: fileq doctor'")
    said = fileq.run("show", str(job["id"]), *named).stdout
    assert f"(fileq --database {fileq.database} retry 1)" in said
    assert f"see: fileq --database {fileq.database} doctor" in said


def test_notes_are_counted_at_the_end_by_their_kind(fileq):
    folder = fileq.folder / "moving"
    folder.mkdir()
    for number in (2, 3, 4):
        frames = [Image.new("RGB", (40, 30), (80 * frame, 0, 0)) for frame in range(number)]
        frames[0].save(folder / f"{number}.gif", save_all=True, append_images=frames[1:])
    fileq.configure('[recipes.still]\nmatch = ["*.gif"]\noutputs = [ { name = "{stem}.jpg" } ]\n')
    said = fileq.run("run", "moving", "-r", "still").stdout
    assert "3 jobs: The first of " in said
    fileq.run("run", "moving", "-r", "still", "--force")
    document = fileq.json("run", "moving", "-r", "still", "--force")
    (note,) = document["notes"]
    assert note["jobs"] == 3
    assert note["note"].startswith("The first of ")
    assert document["folders"] == [{"path": str(folder / "still"), "outputs": 3}]


def test_16_bits_that_become_8_are_a_note(fileq):
    folder = fileq.folder / "deep"
    folder.mkdir()
    Image.new("I;16", (40, 30), 40000).save(folder / "a.png")
    (note,) = fileq.json("run", "deep", "-r", "jpeg")["notes"]
    assert (note["note"], note["jobs"]) == ("Its 16 bits a channel became 8.", 1)
    assert fileq.json("run", "deep", "-r", "png")["notes"] == []


# Bars


@pytest.mark.usefixtures("broken")
def test_a_terminal_sees_a_bar_the_failures_and_no_line_for_what_was_done(fileq, terminal):
    process = start(fileq, terminal, "run", "photos")
    said = terminal.read_to_end(process)
    plain = COLOURS.sub("", said)
    assert process.returncode == 1
    assert "━" in plain
    assert " so far" in plain
    assert "failed photos/cut.jpg: unreadable" in plain
    assert "done photos/" not in plain
    assert COLOUR_CODES.search(said)


def test_a_terminal_is_not_filled_with_many_failures_of_one_kind(fileq, terminal):
    folder = fileq.folder / "many"
    folder.mkdir()
    for number in range(50):
        (folder / f"{number:02}.jpg").write_bytes(b"no picture")
    process = start(fileq, terminal, "run", "many")
    said = COLOURS.sub("", terminal.read_to_end(process))
    assert process.returncode == 1
    assert len(re.findall(r"failed many/\d+", said)) == 20
    assert "and 30 more failures" in said
    assert "50 jobs failed: unreadable" in said
    assert said.index("and 30 more failures") < said.index("50 jobs failed: unreadable")
    assert "and 40 more" in said


@pytest.mark.usefixtures("photos")
def test_no_color_takes_the_colours_and_not_the_bar(fileq, terminal):
    process = start(fileq, terminal, "run", "photos", NO_COLOR="1")
    said = terminal.read_to_end(process)
    assert process.returncode == 0
    assert "━" in said or "─" in said
    assert not COLOUR_CODES.search(said)


@pytest.mark.usefixtures("photos")
def test_the_recipe_stands_beside_the_file_where_several_run(fileq, terminal):
    step = '{op = "command", argv = ["sh", "-c", "sleep 0.5; cp $0 $1", "{source}", "{output}"]}'
    fileq.trust(f"[recipes.slow]\nsteps = [{step}]\n[recipes.late]\nsteps = [{step}]\n")
    process = start(fileq, terminal, "run", "photos", "-r", "slow", "-r", "late", "-w", "2")
    said = COLOURS.sub("", terminal.read_to_end(process))
    assert re.search(r"▸ IMG_\d+\.jpg  (slow|late)", said)


def test_the_live_status_has_a_line_for_each_unfinished_batch_and_says_what_is_in_the_way(fileq, photos, terminal):
    fileq.run("add", "photos")
    fileq.run("add", "photos", "-r", "avif", "-r", "webp")
    fileq.pretend(
        "update jobs set state = 'waiting', error_kind = 'no_space', error_message = 'Full.', error_hint = '',"
        " due_at = ?, message_id = null where batch_id = 1 and id <= 6",
        time.time() + 3600,
    )
    process = start(fileq, terminal, "status", "--live")
    try:
        wait_until(lambda: "No worker" in terminal.read())
        said = COLOURS.sub("", terminal.read())
    finally:
        kill_group(process)
    assert re.search(r"1  photos +web +─+ +0 %  0 of 8", said)
    assert re.search(r"2  photos +avif, webp +─+ +0 %  0 of 16", said)
    assert "No worker. Start: fileq worker" in said
    assert "6 wait: disk full in photos/web/, next try in " in said
    assert str(photos) not in said


@pytest.mark.usefixtures("broken")
def test_batches_are_listed_with_when_what_how_and_where(fileq):
    fileq.run("run", "photos", expect=1)
    fileq.run("add", "photos/IMG_0001.jpg", "-r", "webp", "-r", "thumbnail", "-o", "out")
    second, first = fileq.json("batches")
    assert (first["batch"], first["source"], first["folder"], first["recipes"]) == (
        1, str(fileq.folder / "photos"), str(fileq.folder / "photos" / "web"), ["web"],
    )  # fmt: skip
    assert (first["jobs"]["done"], first["jobs"]["failed"], first["outputs"]) == (8, 1, 8)
    assert first["added_at"].endswith("Z")
    assert second["source"] == str(fileq.folder / "photos" / "IMG_0001.jpg")
    assert sorted(second["recipes"]) == ["thumbnail", "webp"]
    head, *rows = fileq.run("batches").stdout.splitlines()
    assert head.split() == ["BATCH", "ADDED", "JOBS", "RECIPE", "SOURCE", "OUTPUTS"]
    assert "8 done, 1 failed" in rows[1]
    assert rows[1].endswith("photos/web")
    assert [one["batch"] for one in fileq.json("batches", "--limit", "1")] == [2]
