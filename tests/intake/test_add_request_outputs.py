"""Where outputs go, and that they are not taken for sources."""

import os

import pytest

from fileq.ledger.queries.overview import JobSelection
from tests.intake.adding import THUMB, WEB, counts, do_all, take
from tests.support.jobs import recipe


def folders(ledger):
    return {os.path.basename(job.source): job.folder for job in ledger.overview.list_jobs(JobSelection())}


def test_a_walk_does_not_take_what_fileq_has_made(ledger, photos):
    take(ledger, photos)
    do_all(ledger)
    receipt = take(ledger, photos)
    assert (receipt.own_outputs, receipt.queued) == (2, 0)


def test_a_walk_that_comes_by_outputs_takes_them_through_no_recipe(ledger, photos):
    take(ledger, photos / "a.jpg")
    do_all(ledger)
    receipt = take(ledger, photos, recipes=(THUMB,))
    assert (receipt.queued, receipt.own_outputs) == (2, 1)
    assert {job.source for job in ledger.overview.list_jobs(JobSelection(recipe_name="thumb"))} == {
        f"{photos}/a.jpg", f"{photos}/trips/b.jpg",
    }  # fmt: skip


def test_a_folder_of_outputs_may_go_through_another_recipe_and_not_through_the_same(ledger, photos):
    take(ledger, photos / "a.jpg")
    do_all(ledger)
    same, other = take(ledger, photos / "web"), take(ledger, photos / "web", recipes=(THUMB,))
    assert (same.queued, same.own_outputs) == (0, 1)
    assert (other.queued, other.own_outputs) == (1, 0)


def test_an_output_that_somebody_moved_goes_through_another_recipe_and_not_through_the_same(ledger, photos):
    take(ledger, photos / "a.jpg")
    (made,) = do_all(ledger)
    os.rename(made, photos / "trips" / "moved.jpg")
    os.remove(photos / "trips" / "b.jpg")
    same, other = take(ledger, photos / "trips"), take(ledger, photos / "trips", recipes=(THUMB,))
    assert (same.queued, same.own_outputs) == (0, 1)
    assert (other.queued, other.own_outputs) == (1, 0)


def test_an_output_that_somebody_overwrote_is_taken_for_one_by_a_walk(ledger, photos):
    take(ledger, photos / "a.jpg")
    (made,) = do_all(ledger)
    with open(made, "wb") as file:
        file.write(b"smaller yet")
    receipt = take(ledger, os.path.dirname(made))
    assert (receipt.queued, receipt.own_outputs) == (0, 1)


def test_two_recipes_make_nothing_of_what_they_have_made_by_turns(ledger, photos):
    beside = [recipe("web", out="{folder}"), recipe("thumb", out="{folder}", background="black")]
    take(ledger, photos / "a.jpg", recipes=beside[:1])
    (made,) = do_all(ledger, "web-")
    take(ledger, made, recipes=beside[1:])
    do_all(ledger, "thumb-")
    assert sorted(os.listdir(photos)) == ["a.jpg", "notes.txt", "thumb-web-a.jpg", "trips", "web-a.jpg"]
    receipt = take(ledger, photos, recipes=beside, recursive=False)
    assert (receipt.queued, receipt.up_to_date, receipt.own_outputs, receipt.unmatched) == (1, 1, 2, 1)


def test_an_output_that_is_named_goes_through_another_recipe_and_not_through_the_same(ledger, photos):
    take(ledger, photos / "a.jpg")
    do_all(ledger)
    same, other = take(ledger, photos / "web" / "a.jpg"), take(ledger, photos / "web" / "a.jpg", recipes=(THUMB,))
    assert (same.queued, same.own_outputs) == (0, 1)
    assert (other.queued, other.own_outputs) == (1, 0)


def test_outputs_go_where_the_recipe_says(ledger, photos):
    take(ledger, photos)
    assert folders(ledger) == {"a.jpg": f"{photos}/web", "b.jpg": f"{photos}/trips/web"}


def test_a_folder_keeps_its_tree_below_out(ledger, photos, tmp_path):
    out = str(tmp_path / "out")
    take(ledger, photos, out=out)
    assert folders(ledger) == {"a.jpg": out, "b.jpg": f"{out}/trips"}


@pytest.mark.parametrize("again", ["{out}/", "{out}/../out", "{out}/."])
def test_one_folder_is_one_destination_however_it_is_written(ledger, photos, tmp_path, again):
    out = str(tmp_path / "out")
    take(ledger, photos, out=out)
    assert counts(take(ledger, photos, out=again.format(out=out))) == (0, 0, 2, 1)


def test_recipes_whose_outputs_have_the_same_names_keep_apart_below_one_out(ledger, photos, tmp_path):
    out = tmp_path / "{out}"
    take(ledger, photos, recipes=(WEB, THUMB), out=str(out))
    folders = {(job.recipe_name, job.folder) for job in ledger.overview.list_jobs(JobSelection())}
    assert folders == {
        ("web", str(out / "web")),
        ("web", str(out / "web" / "trips")),
        ("thumb", str(out / "thumb")),
        ("thumb", str(out / "thumb" / "trips")),
    }
