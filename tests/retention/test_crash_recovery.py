"""A cleaning that was killed: whatever it left, the next one brings it to its end."""

import functools
import os

import pytest

from fileq.files import directory
from fileq.ledger import open_ledger
from tests.support.jobs import NOW
from tests.support.kills import Killed, arrange_death
from tests.support.old_outputs import files_below, one, output, run_cleanup
from tests.support.publication import claim, reserved, written

STEPS = ["lstat", "rename", "unlink", "link", "sync"]


@pytest.fixture
def dying(monkeypatch):
    """Have the cleanup die before or after its so-many-th step of a kind."""

    return functools.partial(arrange_death, monkeypatch)


@pytest.fixture
def three(ledger, out):
    for name in "abc":
        output(ledger, out / f"{name}.jpg")
    return out


def killed(database):
    """A cleaning in a process of its own that may die; its connection closes, as the system would see to it."""
    with open_ledger(database) as own:
        try:
            run_cleanup(own)
        except Killed:
            return True
    return False


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize("step", STEPS)
def test_the_next_one_finishes_it(ledger, database, three, dying, monkeypatch, step, number, after):
    dying(step, number, after=after)
    killed(database)
    monkeypatch.undo()
    planned = run_cleanup(ledger, dry_run=True)
    result = run_cleanup(ledger)
    assert planned.outputs_removed == result.outputs_removed
    assert not three.exists()
    assert one(
        ledger, "select count(*), count(hidden_path), count(published_version), count(removed_at) from outputs"
    ) == (
        3,
        0,
        0,
        3,
    )


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", ["lstat", "link", "unlink"])
@pytest.mark.parametrize("number", range(9))
def test_a_file_of_somebody_elses_comes_back_from_its_hidden_name(
    ledger, database, out, dying, monkeypatch, step, number, after
):
    path = out / "a.jpg"
    output(ledger, path)
    rename = directory.Directory.rename

    def swapped(self, name, to):
        path.unlink()
        path.write_text("theirs")
        came.append("theirs")
        rename(self, name, to)

    came: list[str] = []

    monkeypatch.setattr(directory.Directory, "rename", swapped)
    dying(step, number, after=after)
    killed(database)
    monkeypatch.undo()
    run_cleanup(ledger)
    assert [path.read_text() for path in out.glob("*")] == came  # it may have died before
    assert files_below(out) == ["a.jpg"] * len(came)


@pytest.fixture
def claimed_while_hidden(ledger, database, out, dying, monkeypatch):
    """An output's path, and the claim of the job that is to make it anew while the old file has its hidden name."""
    path = out / "a.jpg"
    output(ledger, path)
    dying("unlink", 0, after=False)
    assert killed(database)
    monkeypatch.undo()
    ledger.jobs.requeue_job(1, ledger.batches.insert_batch("fileq", NOW), NOW, recipe_id=1)
    return path, claim(ledger, job=1)


def test_an_output_that_was_made_anew_meanwhile_stays(ledger, out, claimed_while_hidden):
    path, claimed = claimed_while_hidden
    places = reserved(ledger, claimed, path)
    from fileq.publish import publish_jobs

    assert publish_jobs(ledger, [written(claimed, places, "new")]) == {}
    result = run_cleanup(ledger, now=NOW)
    assert result.outputs_removed == 1
    assert (files_below(out), path.read_text()) == (["a.jpg"], "new")
    assert one(ledger, "select hidden_path, published_version is null from outputs") == (None, 0)


def test_an_attempt_that_fails_meanwhile_does_not_lose_sight_of_it(ledger, out, claimed_while_hidden):
    path, claimed = claimed_while_hidden
    reserved(ledger, claimed, path)
    ledger.outputs.release_paths(ledger.outputs.find_reserved_paths(1))
    run_cleanup(ledger)
    assert files_below(out) == []


def test_one_cleaning_waits_for_no_other(ledger, database):
    from fileq.errors import EnvironmentFailure

    def clean_too():
        with open_ledger(database) as other, pytest.raises(EnvironmentFailure, match=f"process {os.getpid()}"):
            run_cleanup(other)
        return True

    assert run_cleanup(ledger, stop=clean_too).stopped
    assert ledger.retention.find_cleaner() is None
