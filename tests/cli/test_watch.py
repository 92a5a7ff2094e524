"""fileq watch and fileq service, in this process: what they refuse, and what they answer."""

import json
import os
import subprocess

import pytest

from fileq.cli.options.recipe import RecipeOptions
from fileq.cli.session import Session
from fileq.cli.watch_folders import folders_to_watch
from fileq.service import manager
from fileq.watch.specification import PollMode


def test_a_folder_that_is_not_there_is_named(fileq):
    said = fileq("watch", "nosuch")
    assert (said.code, "There is no folder nosuch." in said.err) == (2, True)


def test_a_file_is_no_folder(fileq):
    said = fileq("watch", fileq.photo("a.jpg"))
    assert (said.code, "is not a folder" in said.err) == (2, True)


def test_without_any_folder_it_says_what_to_do(fileq):
    said = fileq("watch")
    assert said.code == 2
    assert "fileq watch inbox/" in said.err


@pytest.mark.parametrize("poll", ["soon", "0"])
def test_a_poll_that_is_no_time_is_refused(fileq, poll):
    fileq.photo("a.jpg")
    assert fileq("watch", "photos", "--poll", poll).code == 2


def test_once_queues_what_is_there_and_ends(fileq):
    path = fileq.photo("a.jpg")
    said = fileq("watch", "photos", "--once", "--json")
    assert said.code == 0
    assert [json.loads(line) for line in said.out.splitlines()] == [{"event": "queued", "source": path, "batch": 1}]
    assert fileq("watch", "photos", "--once", "--json").out == ""


def test_once_with_work_does_it_too(fileq):
    fileq.photo("a.jpg")
    assert fileq("watch", "photos", "--once", "--work").code == 0
    assert fileq("status", "--json").document["jobs"]["done"] == 1


def test_once_says_what_it_did_not_wait_for(fileq):
    path = fileq.photo("a.jpg")
    open(path, "w").close()
    said = fileq("watch", "photos", "--once")
    assert "Not queued, for it is empty: photos/a.jpg" in said.err


CONFIG = """
[[watch]]
path = "inbox"
recipe = ["web", "thumbnail"]
out = "inbox/out"
after = "move"
move_to = "inbox/done"
failed_to = "failed"
settle = "5s"
poll = "never"
"""


def configured(fileq, *paths, recipe=None, out=None, poll=None):
    (fileq.folder / "fileq.toml").write_text(CONFIG)
    (fileq.folder / "inbox").mkdir()
    return folders_to_watch(Session(), paths, RecipeOptions(recipe=recipe, out=out), poll=poll, recursive=True)


def test_a_poll_that_is_asked_for_goes_before_the_config(fileq):
    (folder,) = configured(fileq, poll="3")
    assert (folder.poll, folder.interval) == (PollMode.ALWAYS, 3.0)


@pytest.mark.parametrize("paths", [[], ["inbox"]])
def test_a_folder_of_the_config_is_watched_as_it_says(fileq, paths):
    (folder,) = configured(fileq, *paths)
    base = str(fileq.folder)
    assert (folder.path, folder.out, folder.settle, folder.poll) == (
        f"{base}/inbox",
        f"{base}/inbox/out",
        5.0,
        "never",
    )
    assert [recipe.name for recipe in folder.recipes] == ["web", "thumbnail"]
    assert (folder.policy.done_to, folder.policy.failed_to) == (f"{base}/inbox/done", f"{base}/failed")
    assert folder.skipped == {f"{base}/inbox/out", f"{base}/inbox/done"}


def test_a_recipe_that_is_given_goes_before_the_config(fileq):
    (folder,) = configured(fileq, "inbox", recipe=["webp"], poll="3")
    assert [recipe.name for recipe in folder.recipes] == ["webp"]
    assert (folder.policy.done_to, folder.poll, folder.interval) == (None, PollMode.ALWAYS, 3.0)


@pytest.fixture
def systemctl(fileq, monkeypatch):
    """What would be called."""
    called = []

    def record(*command):
        called.append(command)
        return subprocess.CompletedProcess(command, 0, "active\n", "")

    monkeypatch.setattr(manager, "_output", record)
    return called


def test_a_service_needs_something_to_watch(fileq, systemctl):
    said = fileq("service", "install")
    assert (said.code, "nothing to watch" in said.err) == (2, True)
    assert systemctl == []


def test_a_service_names_no_config_that_is_not_trusted(fileq, systemctl):
    (fileq.folder / "fileq.toml").write_text(f"{CONFIG}[notify]\ncommand = ['evil']\n")
    said = fileq("service", "install")
    assert (said.code, "is not trusted, and asks for notices" in said.err) == (2, True)
    assert systemctl == []
    assert fileq("trust").code == 0
    assert fileq("service", "install").code == 0


def test_a_service_is_installed_told_of_and_taken_away(fileq, systemctl):
    (fileq.folder / "fileq.toml").write_text(CONFIG)
    assert fileq("service", "status").code == 1
    file = fileq("service", "install", "--json").document["file"]
    with open(file, encoding="utf-8") as unit:
        assert f"--config {fileq.folder}/fileq.toml" in unit.read()
    assert ("systemctl", "--user", "restart", "fileq.service") in systemctl
    assert fileq("service", "status", "--json").document == {"file": file, "state": "active"}
    assert fileq("service", "uninstall").code == 0
    assert not os.path.exists(file)
    assert "It is not installed." in fileq("service", "uninstall").out


def test_a_service_takes_the_broker_of_the_environment_with_it_and_no_password(fileq, systemctl, monkeypatch):
    (fileq.folder / "fileq.toml").write_text(CONFIG)
    monkeypatch.setenv("FILEQ_BROKER", "redis://:secret@localhost:1/0")
    said = fileq("service", "install")
    assert (said.code, "has a password" in said.err, "secret" in said.err, systemctl) == (2, True, False, [])
    monkeypatch.setenv("FILEQ_BROKER", "redis://localhost:1/0")
    file = fileq("service", "install", "--json").document["file"]
    with open(file, encoding="utf-8") as unit:
        assert "Environment=FILEQ_BROKER=redis://localhost:1/0\n" in unit.read()
