"""fileq.connect().add: the receipt, what it counts, and what is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import fileq
from fileq import errors
from fileq.ledger import open_ledger
from fileq.ledger.queries.overview import JobSelection

SMALL = fileq.Recipe(steps=[fileq.Resize(fit="16x")], outputs=[fileq.Output(format="webp")])


def test_one_file_is_in_the_ledger_when_add_returns(queue, database, picture):
    receipt = queue.add(picture(), recipe="web")
    assert (receipt.batch, receipt.queued, receipt.already_queued, receipt.up_to_date) == (1, 1, 0, 0)
    with open_ledger(database) as ledger:
        assert [job.id for job in ledger.overview.list_jobs(JobSelection())] == [1]
    (job,) = receipt.jobs
    assert (job.id, job.batch, job.state, job.recipe, job.attempts) == (1, 1, "queued", "web", 0)
    assert (job.source, job.error, job.outputs, job.finished_at) == (str(picture()), None, (), None)
    assert datetime.now(UTC) - job.added_at < timedelta(minutes=1)


@pytest.mark.parametrize("kind", [str, Path, bytes, lambda path: path.name, lambda path: [path, path]])
def test_a_path_may_be_of_any_kind(queue, picture, kind):
    assert [job.source for job in queue.add(kind(picture())).jobs] == [str(picture())]


def test_a_folder_is_walked_and_the_rest_is_counted(queue, picture, folder):
    for name in ("a.jpg", "below/b.jpg"):
        picture(f"photos/{name}")
    (folder / "photos" / "notes.txt").write_text("no picture")
    receipt = queue.add("photos", "thumbnail", out="small")
    assert (receipt.queued, receipt.unmatched, receipt.problems) == (2, 1, ())
    assert {job.folder for job in receipt.jobs} == {str(folder / "small"), str(folder / "small" / "below")}


def test_what_is_queued_already_is_told_and_has_the_same_job(queue, picture):
    path = picture()
    first, second = queue.add(path), queue.add(path)
    assert (second.batch, second.queued, second.already_queued) == (None, 0, 1)
    assert list(first.jobs) == list(second.jobs)


def test_several_recipes_make_a_job_each(queue, picture):
    assert [job.recipe for job in queue.add(picture(), ["web", SMALL]).jobs] == ["web", "custom"]


def test_a_recipe_says_what_a_config_says(queue, picture):
    path, table = picture(), {"steps": [{"op": "resize", "fit": "16x"}], "outputs": [{"format": "webp"}]}
    assert list(queue.add(path, SMALL).jobs) == list(queue.add(path, table).jobs)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        (fileq.Recipe(outputs=[fileq.Output(quality=500)]), r"custom: outputs\[0\].quality: must be from 1 to 100"),
        (fileq.Recipe(outputs=[fileq.Output(max_bytes="much")]), "'much' can't be understood; write it like|300 KB"),
        (fileq.Recipe(outputs=[]), "makes nothing"),
        ({"stepps": []}, "stepps: there is no such key. Did you mean steps"),
        ({"outputs": [{"format": "jepg"}]}, "Did you mean jpeg"),
        ({"steps": ["resize"]}, r"steps\[0\]"),
        ([], "Which recipe"),
    ],
)
def test_what_no_recipe_can_be_is_said_as_of_a_config(queue, picture, recipe, message):
    with pytest.raises(errors.UsageError, match=message):
        queue.add(picture(), recipe)
    assert list(queue.jobs()) == []


def test_a_step_that_can_t_be_is_refused_where_it_is_made():
    with pytest.raises(ValueError, match="'wide' is no picture size"):
        fileq.Resize(fit="wide")
    with pytest.raises(ValueError, match="exactly one of"):
        fileq.Resize()


def test_an_unknown_recipe_is_told_with_the_nearest_name(queue, picture):
    with pytest.raises(errors.NotFoundError, match="Did you mean thumbnail"):
        queue.add(picture(), "thumbnial")


def test_a_path_that_is_missing_queues_nothing(queue, picture):
    with pytest.raises(errors.MissingPathsError) as caught:
        queue.add([picture(), "gone.jpg"])
    assert caught.value.paths == ["gone.jpg"]
    assert list(queue.jobs()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"priority": 2**40}, "priority .* too large"),
        ({"at": "teatime"}, "at teatime: that is no time"),
        ({"key": ""}, "no key"),
        ({"key": "a\nb"}, "no key"),
        ({"out": "upload.jpg"}, "outputs go into a folder"),
    ],
)
def test_options_that_can_t_be_queue_nothing(queue, picture, options, message):
    path = picture()
    with pytest.raises(errors.UsageError, match=message):
        queue.add(path, **options)
    assert list(queue.jobs()) == []


@pytest.mark.parametrize("paths", [[], "", b"\x89PNG\0\0", 7])
def test_what_is_no_path_is_refused(queue, paths):
    with pytest.raises(errors.UsageError):
        queue.add(paths)


def test_a_picture_s_bytes_are_not_taken_for_a_path(queue, picture):
    with pytest.raises(errors.UsageError, match="Write what it holds into a file"):
        queue.add(picture().read_bytes())


def test_what_no_recipe_takes_by_its_name_is_a_problem(queue, folder):
    (folder / "notes.txt").write_text("no picture")
    receipt = queue.add("notes.txt")
    assert (receipt.batch, len(receipt.jobs), receipt.unmatched) == (None, 0, 1)
    assert "notes.txt: it is not for the recipe web" in receipt.problems[0]


def test_the_options_reach_the_job(queue, picture):
    noon = datetime(2100, 1, 1, 12, tzinfo=UTC)
    (job,) = queue.add(picture(), key="order-17", priority=5, at=noon, out="media/web").jobs
    assert (job.key, job.priority, job.due_at, job.folder) == ("order-17", 5, noon, str(Path("media/web").absolute()))
    for at in (timedelta(minutes=30), "30m"):
        (later,) = queue.add(picture(f"{at}.jpg"), at=at).jobs
        assert timedelta(minutes=29) < later.due_at - datetime.now(UTC) < timedelta(minutes=31)


def test_an_option_that_there_is_not_is_refused_as_of_any_function(queue, picture):
    with pytest.raises(TypeError, match="unexpected keyword argument 'kee'"):
        queue.add(picture(), kee="order-17")


def test_jobs_are_found_by_what_they_are(queue, picture):
    queue.add(picture("a.jpg"), "web", key="order-17")
    batch = queue.add(picture("b.jpg"), "thumbnail").batch
    assert [job.id for job in queue.jobs()] == [2, 1]
    assert [job.id for job in queue.jobs(key="order-17")] == [1]
    assert [job.id for job in queue.jobs(recipe="thumbnail", batch=batch, state="queued")] == [2]
    assert [job.id for job in queue.jobs(state=["failed", "done"])] == []
    assert [job.id for job in queue.jobs(limit=1)] == [2]
    assert queue.count()["queued"] == 2
    assert queue.job(2).recipe == "thumbnail"


def test_many_jobs_are_read_while_the_queue_is_used(queue, folder):
    (folder / "many").mkdir()
    for number in range(1203):
        (folder / "many" / f"{number}.jpg").touch()
    queue.add("many")
    seen = [queue.job(job.id).id for job in queue.jobs()]
    assert seen == list(range(1203, 0, -1))
    assert [job.id for job in queue.jobs(limit=501)] == seen[:501]


def test_what_is_not_there_is_said(queue):
    with pytest.raises(errors.NotFoundError, match="no job 9"):
        queue.job(9)
    with pytest.raises(errors.NotFoundError, match="no batch 9"):
        queue.jobs(batch=9)
    with pytest.raises(errors.UsageError, match="no state 'faild'"):
        queue.jobs(state="faild")
    for steer in (queue.retry, queue.cancel):
        with pytest.raises(errors.UsageError, match="Which jobs"):
            steer()
        with pytest.raises(errors.NotFoundError):
            steer(9)


def test_jobs_are_cancelled_and_retried(queue, picture):
    (job,) = queue.add(picture()).jobs
    assert queue.cancel(job) == [job]
    assert job.refresh().state == "cancelled"
    assert queue.retry(job.id) == [job]
    assert queue.cancel(batch=job.batch) == [job]
    assert queue.retry(batch=job.batch) == [job]
    assert queue.cancel(everything=True) == [job]
    assert queue.retry(failed=True) == []


def test_a_pause_is_seen_by_all(queue, database):
    queue.pause()
    with fileq.connect(database) as other:
        assert other.is_paused
        other.resume()
    assert not queue.is_paused


def test_a_queue_that_was_closed_says_so(database, picture):
    queue = fileq.connect(database)
    (job,) = queue.add(picture()).jobs
    queue.close()
    queue.close()
    for use in (lambda: queue.add(picture()), lambda: list(queue.jobs()), job.refresh, job.wait, queue.pause):
        with pytest.raises(errors.QueueClosed, match="This queue was closed"):
            use()
