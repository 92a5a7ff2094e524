"""fileq database copy: a ledger moves to another place with all that is queued, and is worked off there."""

import os
import signal

import pytest

from fileq.config import hide_password
from tests.support.postgres import own_schema


@pytest.fixture(params=["file", "server"])
def target(request, fileq):
    if request.param == "file":
        yield str(fileq.folder / "copy.db")
        return
    with own_schema(request.getfixturevalue("postgres")) as address:
        yield address


def test_what_was_queued_is_done_by_workers_of_the_copy(fileq, photos, target):
    fileq.run("run", "photos")
    fileq.run("add", "photos", "-r", "thumbnail")
    told = fileq.run("database", "copy", target).stdout
    assert "16 jobs (8 to be done), 8 outputs" in told
    assert "let workers run on one of them alone" in told
    assert "is as it was" in told
    old = fileq.environment["FILEQ_DATABASE"]
    fileq.environment["FILEQ_DATABASE"] = target
    fileq.run("worker", "--drain")
    assert fileq.json("status")["jobs"]["done"] == 16
    assert fileq.json("add", "photos", expect=0)["up_to_date"] == 8
    assert fileq.json("undo", "2")["batch"] == 2
    fileq.environment["FILEQ_DATABASE"] = old
    assert fileq.json("status")["jobs"]["queued"] == 8


def test_it_answers_in_json_and_refuses_a_place_that_is_taken(fileq, photos, target):
    fileq.run("add", "photos")
    fileq.run("pause")
    answer = fileq.json("database", "copy", target)
    assert answer["target"] == hide_password(target)
    assert (answer["jobs"], answer["unfinished"], answer["paused"]) == (8, 8, True)
    assert answer["tables"]["batches"] == 1
    assert answer["rows"] == sum(answer["tables"].values())
    assert "already" in fileq.run("database", "copy", target, expect=2).stderr


def test_it_is_refused_while_a_worker_runs(fileq, photos, target):
    fileq.run("add", "photos")
    with fileq.worker() as worker:
        said = fileq.run("database", "copy", target, expect=3).stderr
        assert f"process {worker.pid} on {os.uname().nodename}. Stop them first" in said
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
        fileq.run("database", "copy", target)


@pytest.mark.parametrize(
    ("place", "code", "what"),
    [
        ("mysql://me@host/name", 2, "none that fileq can use"),
        ("postgresql://me@127.0.0.1:1/none", 3, "can't be reached"),
        ("postgresql:///none?options=-cx=y", 3, "address"),
        ("/proc/no/copy.db", 3, "can't be made"),
    ],
)
def test_a_place_where_nothing_can_be_is_said(fileq, photos, place, code, what):
    fileq.run("add", "photos")
    said = fileq.run("database", "copy", place, expect=code).stderr
    assert what in said
    assert said.count("Error:") == 1


def test_where_no_database_is_that_is_said(fileq):
    assert "There is no" in fileq.run("database", "copy", "copy.db", expect=2).stderr
    assert not fileq.database.exists()
    assert not (fileq.folder / "copy.db").exists()
