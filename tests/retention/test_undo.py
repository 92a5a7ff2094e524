"""The undoing of a batch that is killed, or that somebody gets in the way of: no original is ever lost."""

import os
from pathlib import Path

import pytest

from fileq.files.directory import Directory
from fileq.ledger import open_ledger
from fileq.publish import publish_jobs
from fileq.retention import undo_batch
from tests.support.jobs import NOW
from tests.support.kills import Killed, arrange_death
from tests.support.publication import claim_of_original, make, replace_original, reserved, stand, written

STEPS = ["lstat", "link", "rename", "exchange", "replace", "unlink", "sync"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


@pytest.fixture
def replaced(ledger, folder):
    """A photo whose place its output has; the original is kept."""
    original = stand(folder / "a.jpg", "original")
    replace_original(ledger, original)
    assert original.read_text() == "ours"
    return original


def undo(ledger, **options):
    return undo_batch(ledger, 1, NOW, **options)


def kept(ledger, folder):
    """What lies hidden, beside the ledger and in the folder itself."""
    places = [*Path(ledger.replaced_folder).glob("*"), *folder.glob(".fileq-*")]
    return sorted(path.read_text() for path in places)


@pytest.mark.parametrize("swaps", [True, False], ids=["with a swap of names", "without"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("step", STEPS)
def test_an_undo_that_was_killed_loses_nothing_and_the_next_one_does_it(
    ledger, database, folder, replaced, monkeypatch, step, number, after, swaps
):
    if not swaps:
        monkeypatch.setattr(Directory, "exchange", lambda *_: False)
    arrange_death(monkeypatch, step, number, after=after)
    with open_ledger(database) as own:
        try:
            undo(own)
        except Killed:
            assert "original" in {replaced.read_text(), *kept(ledger, folder)}
    monkeypatch.undo()
    undo(ledger)
    assert replaced.read_text() == "original"
    assert os.listdir(folder) == ["a.jpg"]
    assert kept(ledger, folder) == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("step", STEPS)
def test_a_publication_that_was_killed_has_the_original_under_a_name_still(
    ledger, folder, monkeypatch, step, number, after
):
    original = stand(folder / "a.jpg", "original")
    claimed = claim_of_original(ledger, original)
    finished = written(claimed, reserved(ledger, claimed, original))
    arrange_death(monkeypatch, step, number, after=after)
    try:
        publish_jobs(ledger, [finished])
    except Killed:
        monkeypatch.undo()
    assert "original" in {original.read_text(), *kept(ledger, folder)}


def test_what_somebody_saves_in_the_moment_of_the_swap_stays(ledger, folder, replaced, monkeypatch):
    exchange = Directory.exchange

    def late(self, *names):
        monkeypatch.undo()
        replaced.unlink()
        replaced.write_text("newer, by somebody")
        return exchange(self, *names)

    monkeypatch.setattr(Directory, "exchange", late)
    result = undo(ledger)
    assert (result.put_back, result.outputs.kept_changed) == ([], 1)
    assert replaced.read_text() == "newer, by somebody"
    assert kept(ledger, folder) == ["original"]


def test_an_output_that_is_being_made_anew_is_left_alone(ledger, folder, replaced):
    ledger.outputs.reserve_path(str(replaced), 1, str(folder / ".temp"))
    result = undo(ledger)
    assert (result.put_back, result.outputs.kept_changed) == ([], 1)
    assert replaced.read_text() == "ours"
    assert kept(ledger, folder) == ["original"]


def test_without_hard_links_the_output_is_published_and_undo_says_what_is_lost(ledger, folder, monkeypatch):
    original = stand(folder / "a.jpg", "original")

    def no_links(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Directory, "link", no_links)
    replace_original(ledger, original)
    assert original.read_text() == "ours"
    assert undo(ledger).not_kept == [str(original)]
    assert original.read_text() == "ours"


def test_a_place_that_somebody_emptied_gets_the_original_back(ledger, replaced):
    replaced.unlink()
    assert undo(ledger).put_back == [str(replaced)]
    assert replaced.read_text() == "original"


def test_another_batch_is_left_alone(ledger, out, replaced):
    make(ledger, out / "b.jpg")
    assert undo_batch(ledger, 99, NOW).put_back == []
    assert (replaced.read_text(), (out / "b.jpg").read_text()) == ("ours", "ours")
