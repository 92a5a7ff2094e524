"""Django's own tests of the example project: every way to save a row, on each database; and processes side by side."""

import json
import os
import threading
from contextlib import ExitStack

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from tests.acceptance.program import wait_until
from tests.django.gallery_site import GallerySite
from tests.support.postgres import own_schema


@pytest.fixture(params=["sqlite", "postgres"])
def each_site(request, tmp_path, mails):
    """The example with its rows and its queue in each database; the project's own tests have theirs in SQLite."""
    variables = {"GALLERY_SMTP": str(mails.port), "GALLERY_ATOMIC": "1"}
    if request.param == "sqlite":
        yield GallerySite(tmp_path, **variables)
    else:
        address = request.getfixturevalue("postgres")
        name = f"gallery_{os.getpid()}"
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in ("drop database if exists {} with (force)", "create database {}"):
                connection.execute(SQL(statement).format(Identifier(name)))
        known = conninfo_to_dict(address)
        keys = ("host", "port", "user", "password")
        variables["GALLERY_POSTGRES"] = json.dumps({"NAME": name} | {key.upper(): known.get(key, "") for key in keys})
        with own_schema(address) as variables["GALLERY_QUEUE"]:
            yield GallerySite(tmp_path, **variables)


@pytest.mark.parametrize("suite", ["suite_uploads.py", "suite_ends.py", "suite_project.py"])
def test_the_tests_of_the_project_pass(each_site, suite):
    said = each_site.manage("test", "--pattern", suite)
    assert "\nOK" in said
    assert "Traceback" not in said.replace("could not be queued", "")


def test_two_workers_and_several_visitors_get_along(each_site, mails, jpeg):
    with each_site.server(), ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(each_site.worker())
        visitors = [
            threading.Thread(target=each_site.upload, args=(f"photo {number}", "same name.jpg", jpeg()))
            for number in range(6)
        ]
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
        wait_until(
            lambda: all(
                one["state"] == "done" for row in each_site.states(*range(1, 7)).values() for one in row.values()
            )
        )
        rows = each_site.states(*range(1, 7))
        assert len({one["url"] for row in rows.values() for one in row.values()}) == 12
        wait_until(lambda: len(mails.mails) == 6)
        assert {mail["Subject"] for mail in mails.mails} == {f"photo {number} is ready" for number in range(6)}


def test_the_command_is_the_command_line_with_the_queue_of_the_project(site):
    assert site.manage("fileq", "--version").startswith("fileq ")
    assert "fileq worker --workers 4" in site.manage("fileq", "worker", "--help")
    assert "Process files in batches" in site.manage("help", "fileq")
    assert "There is no command lst" in site.manage("fileq", "lst", expect=2)
    assert "python manage.py fileq add photos/" in site.manage("fileq", "add", expect=2)
    assert "python manage.py fileq worker" in site.manage("fileq", "service", "install", "--worker", expect=2)
    assert "There is no job 7" in site.manage("fileq", "show", "7", "--settings=settings", expect=2)
    settings = json.loads(site.manage("fileq", "config", "--json"))
    assert str(site.folder / "fileq.db") in json.dumps(settings)
    assert site.manage("fileq", "--database", str(site.folder / "other.db"), "list").strip() != ""
    assert (site.folder / "other.db").exists()
    site.manage("fileq", "doctor", expect=0)
    hooks = json.loads(site.manage("fileq", "hooks", "--json"))["hooks"]
    assert [(hook["name"], hook["target"]) for hook in hooks] == [("django:settings", "fileq.django.hook:tell_of_end")]


def test_a_wrong_setting_is_told_without_a_traceback(site):
    (site.folder / "wrong.py").write_text("from settings import *\nFILEQ = {'DATABSE': 'x'}\n")
    said = site.manage("fileq", "list", "--settings=wrong", f"--pythonpath={site.folder}", expect=2)
    assert "unknown key 'DATABSE'" in said
    assert "DATABASE" in said
    assert "Traceback" not in said
    said = site.manage("check", "--settings=wrong", f"--pythonpath={site.folder}", expect=1)
    assert "fileq.E001" in said


def test_the_migrations_of_the_example_are_complete(site):
    assert "No changes" in site.manage("makemigrations", "--check", "--dry-run")
