"""The contract of who an output path belongs to."""

from unittest.mock import ANY

import pytest

from fileq.job import JobState, OutputInfo
from fileq.ledger.queries.prior_jobs import RecipeTrace
from fileq.ledger.tables.outputs import PublishedFile
from tests.support.jobs import DAMAGED, NOW, begin, enter, finish

PATH, TEMP = "/photos/small/a.jpg", "/photos/small/.a.tmp"


def published(path=PATH, version="50-5"):
    return PublishedFile(OutputInfo(path=path, format="jpeg", width=16, height=12, bytes=50), version, 1234)


def publish(ledger, job, path=PATH):
    """A job that has published one output."""
    token = begin(ledger, job)
    ledger.outputs.reserve_path(path, job, TEMP)
    ledger.outputs.announce_output(job, published(path, "50-5"), "")
    finish(ledger, token)
    ledger.outputs.record_published({job: [published(path)]}, NOW)


def test_a_path_belongs_to_nobody_at_first(ledger):
    assert ledger.outputs.find_owner(PATH) is None
    assert ledger.prior_jobs.trace_recipes(PATH, 0, "", overwritten=True) == []


def test_a_reserved_path_belongs_to_its_job_and_nothing_of_it_stands(ledger):
    (job,) = enter(ledger)
    begin(ledger, job)
    ledger.outputs.reserve_path(PATH, job, TEMP)
    owner = ledger.outputs.find_owner(PATH)
    assert (owner.job_id, owner.source, owner.recipe_name) == (job, "/photos/a.jpg", "small")
    assert owner.state is JobState.RUNNING
    assert owner.versions == frozenset()
    assert ledger.outputs.find_reserved_paths(job) == [(PATH, TEMP)]
    assert ledger.prior_jobs.trace_recipes(PATH, 0, "", overwritten=True) == []


def trace(recipe_name, source):
    return RecipeTrace(recipe_name, ANY, source, in_place=False)


def test_a_file_is_known_as_ours_from_before_it_has_its_name(ledger):
    (job,) = enter(ledger)
    begin(ledger, job)
    ledger.outputs.reserve_path(PATH, job, TEMP)
    assert ledger.outputs.announce_output(job, published(PATH, "50-5"), "")
    assert ledger.outputs.find_owner(PATH).versions == {"50-5"}
    assert ledger.prior_jobs.trace_recipes(PATH, 0, "", overwritten=True) == [trace("small", "/photos/a.jpg")]


def test_while_a_file_is_replaced_both_versions_are_ours(ledger):
    (job,) = enter(ledger)
    publish(ledger, job)
    ledger.outputs.announce_output(job, published(PATH, "60-6"), "")
    assert ledger.outputs.find_owner(PATH).versions == {"50-5", "60-6"}


def test_nobody_publishes_where_another_has_taken_the_path(ledger):
    one, two = enter(ledger, "a", "b")
    ledger.outputs.reserve_path(PATH, one, TEMP)
    ledger.outputs.reserve_path(PATH, two, TEMP + "2")
    assert not ledger.outputs.announce_output(one, published(PATH, "50-5"), "")
    assert ledger.outputs.find_owner(PATH).job_id == two


def test_what_was_published_is_told_with_the_job(ledger):
    (job,) = enter(ledger)
    publish(ledger, job)
    assert ledger.overview.find_job(job).outputs == (
        OutputInfo(path=PATH, format="jpeg", width=16, height=12, bytes=50),
    )
    assert ledger.outputs.find_reserved_paths(job) == []


def test_released_paths_are_free_where_nothing_was_published(ledger):
    (job,) = enter(ledger)
    ledger.outputs.reserve_path(PATH, job, TEMP)
    ledger.outputs.release_paths([(PATH, TEMP)])
    assert ledger.outputs.find_owner(PATH) is None


def test_released_paths_stay_ours_where_a_file_was_published(ledger):
    (job,) = enter(ledger)
    publish(ledger, job)
    ledger.outputs.reserve_path(PATH, job, TEMP)
    ledger.outputs.release_paths([(PATH, TEMP)])
    assert ledger.outputs.find_owner(PATH).versions == {"50-5"}
    assert ledger.outputs.find_reserved_paths(job) == []


def test_an_attempt_releases_only_what_it_reserved_itself(ledger):
    (job,) = enter(ledger)
    ledger.outputs.reserve_path(PATH, job, TEMP)
    ledger.outputs.reserve_path(PATH, job, TEMP + "2")
    ledger.outputs.release_paths([(PATH, TEMP)])
    assert ledger.outputs.find_reserved_paths(job) == [(PATH, TEMP + "2")]


def test_a_job_that_takes_over_a_path_has_not_made_what_stood_there(ledger):
    one, two = enter(ledger, "a", "b")
    publish(ledger, one)
    token = begin(ledger, two)
    ledger.outputs.reserve_path(PATH, two, TEMP)
    ledger.outputs.release_paths([(PATH, TEMP)])
    ledger.attempts.fail_attempt(token, DAMAGED, NOW)
    assert ledger.overview.find_job(two).outputs == ()


def test_sources_are_known_as_such(ledger):
    enter(ledger, "/photos/a.jpg")
    assert ledger.outputs.is_source("/photos/a.jpg")
    assert not ledger.outputs.is_source("/photos/b.jpg")


def test_outputs_stand_while_files_with_something_in_them_are_there(ledger, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_text("edited")
    (job,) = enter(ledger)
    publish(ledger, job, str(path))
    assert ledger.standing_outputs.find_changed(job) == [str(path)]
    path.write_text("")
    assert not ledger.standing_outputs.are_present(job)
    path.unlink()
    assert not ledger.standing_outputs.are_present(job)
    path.symlink_to(tmp_path / "nothing")
    assert not ledger.standing_outputs.are_present(job)
    path.unlink()
    path.mkdir()
    assert not ledger.standing_outputs.are_present(job)


def test_an_output_that_another_job_took_over_stands_no_more(ledger, tmp_path):
    path = tmp_path / "a.jpg"
    path.write_text("made")
    one, two = enter(ledger, "a", "b")
    publish(ledger, one, str(path))
    ledger.outputs.reserve_path(str(path), two, TEMP)
    assert not ledger.standing_outputs.are_present(one)


@pytest.mark.parametrize("name", ["caf\udce9.jpg", "new\nline.jpg", "\U0001f600.jpg"])
def test_every_path_comes_back_as_it_went_in(ledger, name):
    path, temp = f"/out/{name}", f"/out/.{name}.tmp"
    (job,) = enter(ledger)
    token = begin(ledger, job)
    ledger.outputs.reserve_path(path, job, temp)
    assert ledger.outputs.find_reserved_paths(job) == [(path, temp)]
    assert ledger.outputs.announce_output(job, published(path, "50-5"), "")
    finish(ledger, token)
    ledger.outputs.record_published({job: [published(path)]}, NOW)
    assert ledger.overview.find_job(job).outputs[0].path == path
    assert ledger.prior_jobs.trace_recipes(path, 0, "", overwritten=True) == [trace("small", "/photos/a.jpg")]
