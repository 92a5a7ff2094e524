"""status, list, show, recipes, config, init."""

import json
import os
from datetime import datetime

import pytest

from fileq.display import create_display
from fileq.errors import ErrorKind, ExitCode
from fileq.job import Failure, OutputInfo
from fileq.ledger.tables.attempts import FinishedAttempt
from fileq.ledger.tables.outputs import PublishedFile
from tests.support.jobs import claim_one


@pytest.fixture
def worked(fileq):
    """Three jobs: one done, one failed, one queued."""
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        fileq.photo(name)
    fileq("add", "photos")
    ledger = fileq.ledger()
    path = os.path.join(str(fileq.folder), "photos", "web", "a.jpg")
    done = claim_one(ledger, 1, worker_id=1, now=1000.0)
    ledger.outputs.reserve_path(path, 1, f"{path}.part")
    ledger.outputs.record_published(
        {1: [PublishedFile(OutputInfo(path=path, format="jpeg", width=40, height=30, bytes=321), "1-1", 5)]}, 1001.0
    )
    ledger.attempts.finish_attempts(
        [FinishedAttempt(token=done.token, begun_at=1000.0, outputs=1, bytes_out=321, note="Kept.")], 1001.5
    )
    failed = claim_one(ledger, 2, worker_id=1, now=1002.0)
    ledger.attempts.fail_attempt(
        failed.token, Failure(ErrorKind.UNREADABLE, "It is cut off.", "Get a new copy."), 1003.0
    )
    ledger.close()
    return fileq


def test_status_has_the_keys_of_the_contract(worked):
    document = worked("status", "--json").document
    assert document["jobs"] == {"queued": 1, "running": 0, "waiting": 0, "done": 1, "failed": 1, "cancelled": 0}
    assert (document["bytes_out"], document["outputs"]) == (321, 1)
    assert document["bytes_in"] == os.path.getsize(worked.folder / "photos" / "a.jpg")
    assert (document["workers"], document["paused"], document["eta_seconds"]) == ([], False, None)
    assert set(document) == {
        "jobs", "bytes_in", "bytes_out", "outputs", "workers", "paused", "rate_per_minute", "eta_seconds",
        "watches", "hosts", "roots", "lacking_roots", "hooks",
    }  # fmt: skip


def test_status_tells_people_what_to_do_next(worked):
    worked("pause")
    told = worked("status").out
    assert "1 queued, 1 done, 1 failed" in told
    assert "none; start one with: fileq worker" in told
    assert "go on with: fileq resume" in told


def test_status_of_a_batch_counts_that_batch(worked):
    worked.photo("d.jpg")
    worked("add", "photos/d.jpg")
    assert worked("status", "2", "--json").document["jobs"]["queued"] == 1
    assert worked("status", "--json").document["jobs"]["queued"] == 2


def test_status_live_of_an_ended_batch_ends(worked):
    worked("cancel", "--all")
    assert worked("status", "1", "--live").code == ExitCode.DONE


def test_list_has_the_keys_of_the_contract_newest_first(worked):
    jobs = worked("list", "--json").document
    assert [job["id"] for job in jobs] == [3, 2, 1]
    assert jobs[1]["error"] == {"kind": "unreadable", "message": "It is cut off.", "hint": "Get a new copy."}
    (output,) = jobs[2]["outputs"]
    assert set(output) == {"path", "format", "width", "height", "bytes"}
    assert jobs[2]["started_at"] == "1970-01-01T00:16:40.000Z"
    assert set(jobs[0]) == {
        "id", "batch", "source", "recipe", "state", "attempts", "priority", "added_at", "started_at", "finished_at",
        "error", "outputs", "key",
    }  # fmt: skip


def test_list_chooses(worked):
    assert [job["id"] for job in worked("list", "--state", "failed", "--state", "done", "--json").document] == [2, 1]
    assert [job["id"] for job in worked("list", "--limit", "1", "--json").document] == [3]
    assert worked("list", "--recipe", "avif", "--json").document == []
    assert len(worked("list", "--batch", "1", "--json").document) == 3
    assert worked("list", "--batch", "9").code == ExitCode.USAGE


def test_list_shows_a_row_a_job(worked):
    head, *rows = worked("list").out.splitlines()
    assert head.split() == ["JOB", "BATCH", "STATE", "CAUSE", "RECIPE", "SOURCE", "REASON"]
    assert rows[1].split() == [
        "2",
        "1",
        "failed",
        "unreadable",
        "web",
        os.path.join("photos", "b.jpg"),
        *["it", "is", "cut", "off"],
    ]


def test_a_long_list_on_a_terminal_is_cut_and_says_so(worked, monkeypatch):
    def two_rows(**options):
        display = create_display(**options)
        display.rows = 2
        return display

    monkeypatch.setattr("fileq.cli.session.create_display", two_rows)
    ran = worked("list")
    assert len(ran.out.splitlines()) == 3
    assert ran.err.startswith("1 more.")
    assert "more" not in worked("list", "--limit", "1").err
    assert len(worked("list", "--json").document) == 3


def test_show_tells_one_job_whole(worked):
    document = worked("show", "2", "--json").document
    assert document["attempts"] == 1
    assert [(one["attempt"], one["outcome"]) for one in document["history"]] == [(1, "unreadable")]
    told = worked("show", "2").out
    assert "unreadable: It is cut off." in told
    assert "Get a new copy." in told
    told = worked("show", "1").out
    assert "40x30" in told
    assert "Kept." in told


def test_recipes_lists_built_in_and_own_ones(fileq):
    (fileq.folder / "fileq.toml").write_text('[recipes.mine]\ndescription = "My own."', "utf-8")
    recipes = {recipe["name"]: recipe["origin"] for recipe in fileq("recipes", "--json").document}
    assert recipes["web"] == "built in"
    assert recipes["mine"] == f"{fileq.folder}/fileq.toml:1"
    assert "My own." in fileq("recipes").out


def test_recipes_shows_one_with_its_steps_outputs_and_their_manual(fileq):
    told = fileq("recipes", "web").out
    assert "resize fit=1600x1600" in told
    assert "alpha_format=webp" in told
    assert "Makes a picture smaller or larger." in told
    document = fileq("recipes", "web", "--json").document
    assert document["steps"][0]["op"] == "resize"


def test_config_tells_each_setting_and_where_it_came_from(fileq):
    (fileq.folder / "fileq.toml").write_text('[worker]\ntimeout = "1h"', "utf-8")
    document = fileq("config", "--json").document
    told = {one["key"]: (one["value"], one["origin"]) for one in document["settings"]}
    assert told["worker.timeout"] == ("1h", f"{fileq.folder}/fileq.toml:2")
    assert told["worker.memory"] == ("6 GiB", "default")
    assert told["queue.database"] == (fileq.database, "environment")
    assert document["file"] == f"{fileq.folder}/fileq.toml"
    assert "worker.timeout" in fileq("config").out


def test_init_writes_a_config_that_works_and_never_over_one(fileq):
    ran = fileq("init", "--json")
    assert ran.document == {"config": f"{fileq.folder}/fileq.toml"}
    assert "shop" in fileq("recipes").out
    (fileq.folder / "fileq.toml").write_text("# mine", "utf-8")
    again = fileq("init")
    assert again.code == ExitCode.USAGE
    assert "left as it is" in again.err
    assert (fileq.folder / "fileq.toml").read_text("utf-8") == "# mine"


def test_init_takes_another_place(fileq):
    (fileq.folder / "sub").mkdir()
    assert fileq("init", "sub").code == ExitCode.DONE
    assert (fileq.folder / "sub" / "fileq.toml").is_file()
    assert fileq("init", "other.toml").code == ExitCode.DONE
    assert fileq("init", "no/such/folder/x.toml").code == ExitCode.ENVIRONMENT


def test_times_are_iso_in_utc(worked):
    added = worked("list", "--json").document[0]["added_at"]
    assert added.endswith("Z")
    assert datetime.fromisoformat(added).tzinfo is not None


def test_answers_without_a_terminal_have_no_control_codes(worked):
    for arguments in (["status"], ["list"], ["show", "2"], ["recipes", "web"], ["config"], ["--help"]):
        ran = worked(*arguments)
        assert "\x1b" not in ran.out + ran.err


def test_every_json_answer_is_one_document(worked):
    for arguments in (
        ["status"],
        ["list"],
        ["show", "1"],
        ["recipes"],
        ["config"],
        ["pause"],
        ["resume"],
        ["retry", "2"],
    ):
        json.loads(worked(*arguments, "--json").out)
