"""fileq add."""

import json
import os
import subprocess
import sys

import pytest

from fileq.errors import ExitCode


def test_the_receipt_is_one_sentence_and_the_hint_goes_to_stderr(fileq):
    for name in ("a.jpg", "b.jpg", "notes.txt"):
        fileq.photo(name)
    ran = fileq("add", "photos")
    assert ran.code == ExitCode.DONE
    assert ran.out == "2 files queued as batch 1; 1 is not for this recipe.\n"
    assert ran.err == "No worker is running. Start one with: fileq worker\n"


def test_what_was_added_twice_is_queued_once(fileq):
    fileq.photo("a.jpg")
    fileq("add", "photos")
    assert fileq("add", "photos").out == "Nothing new to do; 1 is queued already.\n"


def test_json_has_the_keys_of_the_contract_and_nothing_else(fileq):
    fileq.photo("a.jpg")
    document = fileq("add", "photos", "--json").document
    assert document == {
        "batch": 1, "queued": 1, "up_to_date": 0, "already_queued": 0, "adopted": 0,
        "unmatched": 0, "missing": [], "problems": [],
    }  # fmt: skip


def test_quiet_says_nothing_on_stderr(fileq):
    fileq.photo("a.jpg")
    assert fileq("--quiet", "add", "photos").err == ""


def test_verbose_says_which_config_and_database(fileq):
    fileq.photo("a.jpg")
    said = fileq("--verbose", "add", "photos").err
    assert "Config: none" in said
    assert f"Database: {fileq.database}" in said


def test_a_path_that_is_missing_queues_nothing(fileq):
    fileq.photo("a.jpg")
    ran = fileq("add", "photos", "gone.jpg")
    assert ran.code == ExitCode.USAGE
    assert "gone.jpg" in ran.err
    assert fileq("status", "--json").document["jobs"]["queued"] == 0


def test_options_reach_the_jobs(fileq):
    fileq.photo("a.jpg")
    fileq.photo("sub/b.jpg")
    fileq("add", "photos", "-r", "web", "-r", "avif", "-o", "made", "--no-recursive", "--priority", "-5")
    jobs = fileq("list", "--json").document
    assert [(job["recipe"], job["priority"]) for job in jobs] == [("avif", -5), ("web", -5)]
    assert fileq("show", "1", "--json").document["folder"] == os.path.join(str(fileq.folder), "made")


def test_an_option_can_come_from_the_environment(fileq, monkeypatch):
    fileq.photo("a.jpg")
    monkeypatch.setenv("FILEQ_ADD_RECIPE", "web avif")
    assert fileq("add", "photos").out == "2 jobs queued as batch 1.\n"


def test_the_recipes_of_the_config_are_the_default(fileq):
    fileq.photo("a.jpg")
    (fileq.folder / "fileq.toml").write_text('default = ["avif", "webp"]', "utf-8")
    fileq("add", "photos")
    assert {job["recipe"] for job in fileq("list", "--json").document} == {"avif", "webp"}


def test_include_and_exclude_choose_files(fileq):
    for name in ("a.jpg", "b.jpg", "b2.jpg"):
        fileq.photo(name)
    fileq("add", "photos", "--include", "b*", "--exclude", "*2*")
    assert [os.path.basename(job["source"]) for job in fileq("list", "--json").document] == ["b.jpg"]


@pytest.mark.parametrize(("option", "separator"), [("--files-from", "\n"), ("-0", "\0")])
def test_paths_can_come_from_a_file(fileq, option, separator):
    names = [fileq.photo("a b.jpg"), fileq.photo("c.jpg")]
    (fileq.folder / "list").write_text(separator.join(names) + separator, "utf-8")
    arguments = ["--files-from", "list"] if option != "-0" else ["-0", "--files-from", "list"]
    assert fileq("add", *arguments, "--json").document["queued"] == 2


def test_paths_can_come_from_stdin_whatever_bytes_they_hold(fileq):
    fileq.photo("plain.jpg")
    odd = os.fsencode(str(fileq.folder)) + b"/photos/caf\xe9\n.jpg"
    os.rename(os.path.join(str(fileq.folder), "photos", "plain.jpg"), odd)
    command = [sys.executable, "-m", "fileq", "add", "-0", "--files-from", "-", "--json"]
    ran = subprocess.run(command, input=odd + b"\0", capture_output=True, check=True)
    assert json.loads(ran.stdout)["queued"] == 1
    listing = subprocess.run([sys.executable, "-m", "fileq", "list", "--json"], capture_output=True, check=True)
    assert os.fsencode(json.loads(listing.stdout)[0]["source"]) == odd
    shown = subprocess.run([sys.executable, "-m", "fileq", "list"], capture_output=True, check=True)
    assert b"caf\\xe9\\n.jpg" in shown.stdout


def test_a_job_for_later_waits(fileq):
    fileq.photo("a.jpg")
    fileq("add", "photos", "--at", "30m")
    assert fileq("show", "1", "--json").document["due_at"].endswith("Z")


def test_dry_run_shows_the_plan_and_queues_nothing(fileq):
    fileq.photo("a.jpg")
    standing = fileq.photo("web/b.jpg")
    fileq.photo("b.jpg")
    plan = fileq("add", "photos", "--no-recursive", "--dry-run", "--json").document["plan"]
    assert [(os.path.basename(job["source"]), job["recipe"]) for job in plan] == [("a.jpg", "web"), ("b.jpg", "web")]
    assert [job["outputs"][0]["exists"] for job in plan] == [False, True]
    assert plan[1]["outputs"][0]["path"] == standing
    assert fileq("list", "--json").document == []
    told = fileq("add", "photos", "--no-recursive", "--dry-run").out
    assert told.startswith("2 jobs: 1 new, 1 in conflict. Nothing was queued.\n")


def test_dry_run_tells_what_would_fail(fileq):
    fileq.photo("a.jpg")
    (fileq.folder / "photos" / "text.jpg").write_text("hello")
    ran = fileq("add", "photos", "--dry-run", "--json")
    problems = [job.get("error") for job in ran.document["plan"]]
    assert problems[0] is None
    assert problems[1]["kind"] == "unreadable"
