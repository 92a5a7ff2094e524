"""Mistakes in a config are said at their place, and one bad recipe stops only who needs it."""

import os
import shlex
import shutil
import time
from datetime import datetime

import pytest

BAD = '[recipes.bad]\nquality = 80\n[recipes.good]\nout = "{folder}/good"\n'


@pytest.fixture
def photo(fileq, small_photos):
    folder = fileq.folder / "photos"
    folder.mkdir()
    shutil.copy(small_photos[0], folder / "a.jpg")
    return folder


def test_one_bad_recipe_does_not_stop_what_does_not_need_it(fileq, photo):
    fileq.configure(BAD)
    for command in (["status"], ["list"], ["config"], ["recipes"], ["report"], ["schedule"], ["worker", "--drain"]):
        fileq.run(*command)
    fileq.run("run", photo, "-r", "good")
    assert os.listdir(photo / "good") == ["a.jpg"]


def test_who_needs_a_bad_recipe_is_told_what_is_wrong(fileq, photo):
    fileq.configure(f'default = ["bad"]\n{BAD}[[watch]]\npath = "photos"\n')
    for command in (["run", photo], ["add", photo, "-r", "bad"], ["watch", "--once"], ["recipes", "bad"]):
        said = fileq.run(*command, expect=2).stderr
        assert "fileq.toml, line 3: recipes.bad.quality: there is no such key." in said
        assert "It belongs in [[recipes.bad.outputs]]." in said


def test_a_bad_recipe_with_the_name_of_a_built_in_one_is_not_replaced_by_that(fileq, photo):
    fileq.configure("[recipes.web]\nquality = 80\n")
    fileq.run("run", photo, expect=2)
    assert os.listdir(photo) == ["a.jpg"]


def test_doctor_and_config_show_the_fault(fileq):
    fileq.configure(BAD)
    assert "recipes.bad.quality" in fileq.run("doctor", expect=1).stdout
    checks = {check["name"]: check for check in fileq.json("doctor", expect=1)["checks"]}
    assert checks["config"]["state"] == "bad"
    (fault,) = fileq.json("config")["faults"]
    assert fault["recipe"] == "bad"
    assert "It belongs in [[recipes.bad.outputs]]" in fault["message"]


@pytest.mark.parametrize(
    ("step", "what"), [('picture = "nologo.png"', "nologo.png isn't there"), ('text = "a", font = "no.ttf"', "no.ttf")]
)
def test_a_mark_that_is_missing_is_said_at_once_and_not_for_each_file(fileq, photo, step, what):
    fileq.configure(f'[recipes.marked]\nsteps = [ {{ op = "watermark", {step} }} ]\n')
    for command in (["run", photo], ["add", photo], ["watch", photo, "--once"]):
        said = fileq.run(*command, "-r", "marked", expect=2).stderr
        assert what in said
    assert fileq.states() == {}
    option = step.replace(" = ", "=").replace(", ", " ")
    assert what in fileq.run("run", photo, "--op", f"watermark {option}", expect=2).stderr


WATCH = '[watch]\npath = "photos"\n'
WORKER = '[worker]\nmemory = "much"\n'
SCHEDULE = '[[schedule.add]]\npaths = ["photos"]\nrecipe = "none"\ncron = "0 3 * * *"\n'


@pytest.mark.parametrize("text", [WATCH, WORKER, SCHEDULE], ids=["watch", "worker", "schedule"])
def test_a_fault_in_a_section_does_not_stop_who_only_looks_and_is_said(fileq, photo, text):
    fileq.run("run", photo)
    fileq.configure(text)
    section = text.split("]")[0].lstrip("[").split(".")[0]
    for command in (["status"], ["list"], ["batches"], ["show", "1"], ["pause"], ["resume"]):
        said = fileq.run(*command).stderr
        assert f"The config has a fault, which does not matter here: {fileq.folder}/fileq.toml, line " in said
        assert f": {section}" in said
    checks = {check["name"]: check for check in fileq.json("doctor", expect=1)["checks"]}
    assert (checks["config"]["state"], checks["database"]["state"]) == ("bad", "ok")
    (fault,) = fileq.json("config")["faults"]
    assert fault["section"] == section
    fileq.run("watch", "--once", expect=2)


def test_single_brackets_around_watch_stop_neither_run_nor_worker(fileq, photo):
    fileq.configure(WATCH)
    assert "Write [[watch]]" in fileq.run("add", photo).stderr
    fileq.run("worker", "--drain")
    fileq.run("run", photo, "-r", "thumbnail")
    assert sorted(os.listdir(photo)) == ["a.jpg", "thumbnail", "web"]


def test_limits_with_a_fault_stop_who_works(fileq, photo):
    fileq.configure(WORKER)
    for command in (["run", photo], ["worker", "--drain"], ["retry", "--failed"]):
        assert "worker.memory" in fileq.run(*command, expect=2).stderr


def test_a_job_that_was_queued_goes_on_though_its_recipe_is_bad_now(fileq, photo):
    fileq.configure('[recipes.bad]\nout = "{folder}/good"\n')
    fileq.run("add", photo, "-r", "bad")
    fileq.configure(BAD)
    fileq.run("worker", "--drain")
    assert os.listdir(photo / "good") == ["a.jpg"]


def test_clean_keeps_what_a_bad_recipe_made(fileq, photo):
    fileq.configure('[recipes.bad]\nout = "{folder}/good"\nkeep = "1s"\n')
    fileq.run("run", photo, "-r", "bad")
    fileq.pretend("update outputs set published_at = published_at - 9999")
    fileq.configure(BAD)
    assert fileq.json("clean")["outputs_removed"] == 0
    fileq.configure('[recipes.bad]\nout = "{folder}/good"\nkeep = "1s"\n')
    assert fileq.json("clean")["outputs_removed"] == 1


def test_a_config_with_a_byte_order_mark_and_carriage_returns_is_read(fileq, photo):
    text = '[recipes.good]\r\nout = "{folder}/good"\r\n'
    (fileq.folder / "fileq.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    fileq.run("run", photo, "-r", "good")
    assert os.listdir(photo / "good") == ["a.jpg"]
    fileq.run("run", photo, "-r", "good", "--quality", "50", "--save-as", "other", "-o", "else")
    assert "other" in fileq.run("recipes").stdout
    content = (fileq.folder / "fileq.toml").read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n")
    fileq.run("recipes", "other")


@pytest.mark.parametrize("name", ["two words", "a.b", "größe", 'a"b', "a'b", "#1"])
def test_a_recipe_is_saved_under_an_odd_name_and_the_hint_can_be_pasted(fileq, photo, name):
    said = fileq.run("run", photo, "--resize", "20x", "--save-as", name).stderr
    (option,) = [line.partition("Use it: ")[2] for line in said.splitlines() if "Use it: " in line]
    assert shlex.split(option) == ["-r", name]
    assert "1 is up to date" in fileq.run("run", photo, *shlex.split(option)).stdout
    assert os.listdir(photo / name) == ["a.jpg"]


@pytest.mark.parametrize("name", ["", " ", "a ", "a/b", "a\\b", ".a", "-a", "a\nb", "a\x1bb", ".."])
def test_a_name_that_no_folder_or_option_can_have_is_refused(fileq, photo, name):
    said = fileq.run("run", photo, "--resize", "20x", f"--save-as={name}", expect=2).stderr
    assert "Use letters, digits and dashes." in said
    assert not (fileq.folder / "fileq.toml").exists()


def test_paths_in_recipes_are_seen_from_the_configs_folder(fileq, photo):
    shutil.copy(photo / "a.jpg", fileq.folder / "logo.jpg")
    tool = fileq.folder / "tool.sh"
    tool.write_text('#!/bin/sh\nexec cp "$1" "$2"\n')
    tool.chmod(0o755)
    fileq.trust(
        '[recipes.mark]\nsteps = [ { op = "watermark", picture = "logo.jpg" } ]\n'
        '[recipes.tool]\nsteps = [ { op = "command", argv = ["./tool.sh", "{source}", "{output}"] } ]\n'
        '[recipes.script]\nsteps = [ { op = "command", argv = ["sh", "./tool.sh", "{source}", "{output}"] } ]\n'
    )
    names = ("mark", "tool", "script")
    fileq.run("add", "photos", *(word for name in names for word in ("-r", name)))
    elsewhere = fileq.folder / "elsewhere"
    elsewhere.mkdir()
    config = fileq.folder / "fileq.toml"
    fileq.run("--config", config, "run", photo, "-r", "mark", "-r", "tool", "-r", "script", "-o", elsewhere)
    fileq.run("worker", "--drain")
    assert fileq.states() == {"done": 6}
    logo = str(fileq.folder / "logo.jpg")
    assert any(logo in stored for (stored,) in fileq.ask("select recipe_json from recipes"))


@pytest.mark.parametrize("command", ["add", "run", "watch"])
def test_a_file_as_the_output_folder_is_wrong_usage(fileq, photo, command):
    for out in ("photos/a.jpg", "photos/a.jpg/deeper"):
        said = fileq.run(command, photo, "-o", out, expect=2).stderr
        assert f"{photo / 'a.jpg'} is a file, and outputs go into a folder." in said
    assert fileq.states() == {}


def test_at_answers_with_the_moment_that_it_understood(fileq, photo):
    before = time.time()
    document = fileq.json("add", photo, "--at", "2h")
    due = datetime.fromisoformat(document["due_at"]).timestamp()
    assert before + 7199 < due < time.time() + 7201
    said = fileq.run("add", photo, "-r", "thumbnail", "--at", "2999-05-17T22:00").stdout
    assert "Not before 2999-05-17 22:00:00" in said


def test_a_moment_in_the_past_is_said(fileq, photo):
    said = fileq.run("add", photo, "--at", "2020-05-17T22:00").stdout
    assert "--at 2020-05-17 22:00:00 is past" in said
    assert fileq.json("run", photo, "-r", "thumbnail", "--at", "2020-05-17")["due_at"].startswith("2020-05-1")
