"""Old jobs are forgotten, and nothing is made twice for it."""

import os
import time

import msgspec
import pytest

from fileq import intake
from fileq.config.settings import AddSettings, ScheduleSettings, Settings
from fileq.cron import Cron
from fileq.disposition import dispose
from fileq.errors import NotFoundError
from fileq.files.identity import version_of
from fileq.intake import IntakeOutcome
from fileq.intake.watch_intake import DispositionPolicy, WatchIntake
from fileq.ledger.queries.overview import JobSelection
from fileq.recipes.recipe import encode_recipe
from fileq.retention import purge
from tests.ledger.test_overview import counted
from tests.support.jobs import DAMAGED, NOW, SLOW, SOMEBODY, begin, claim_one, enter, finish, recipe
from tests.support.old_outputs import DAY, later, one, output, retention_settings, run_cleanup
from tests.support.sources import source_at

OLD = NOW + 100 * DAY
DAYS_90 = retention_settings("forever", history="90d")


def jobs(ledger):
    """Those in the table, and those of them that are listed."""
    listed = [job.id for job in ledger.overview.list_jobs(JobSelection())]
    return [job for (job,) in ledger.database.connection.execute("select id from jobs order by id")], sorted(listed)


def done(ledger, *sources, **keys):
    """Jobs that ended well and made nothing that is known."""
    found = enter(ledger, *sources, **keys)
    for job in found:
        finish(ledger, begin(ledger, job), outputs=0, bytes_out=0)
    return found


def test_a_job_is_listed_as_long_as_the_history_lasts(ledger):
    done(ledger, "a", "b")
    assert run_cleanup(ledger, DAYS_90, NOW + 90 * DAY).jobs_purged == 0
    assert run_cleanup(ledger, DAYS_90, NOW + 90 * DAY + 1).jobs_purged == 2
    assert jobs(ledger) == ([2], [])


def test_a_dry_run_says_how_many_and_forgets_none(ledger):
    done(ledger, "a", "b")
    assert run_cleanup(ledger, DAYS_90, OLD, dry_run=True).jobs_purged == 2
    assert jobs(ledger) == ([1, 2], [1, 2])


def test_what_has_not_ended_is_never_old(ledger):
    queued, waiting, running = enter(ledger, "a", "b", "c")
    ledger.attempts.retry_attempt_later(begin(ledger, waiting), SLOW, NOW + 10, NOW)
    begin(ledger, running)
    assert run_cleanup(ledger, DAYS_90, OLD).jobs_purged == 0
    assert jobs(ledger)[1] == [queued, waiting, running]


def test_a_forgotten_job_leaves_no_trace_but_its_number(ledger):
    done(ledger, "a", "b", "c")
    run_cleanup(ledger, DAYS_90, OLD)
    assert one(ledger, "select count(*) from attempts") == (0,)
    assert one(ledger, "select count(*) from tallies") == (0,)
    assert not ledger.batches.has_jobs(1)
    assert enter(ledger, "d") == [4]  # a number is never used twice


def test_the_sums_are_those_of_the_listed_jobs(ledger, out):
    output(ledger, out / "a.jpg", age=100)
    output(ledger, out / "b.jpg", age=1)
    done(ledger, "c")
    run_cleanup(ledger, DAYS_90, time.time())
    assert ledger.overview.tally_jobs().total == 1
    assert ledger.overview.tally_jobs().bytes_out == 4
    assert ledger.overview.count_finished_jobs(0) == 1


def test_a_job_whose_output_stands_is_a_remnant_that_nobody_sees(ledger, out):
    job = output(ledger, out / "a.jpg", age=100)
    done(ledger, "b")
    run_cleanup(ledger, DAYS_90, time.time())
    assert jobs(ledger) == ([1, 2], [])
    assert ledger.overview.find_job(job) is None
    assert ledger.overview.list_job_ids(JobSelection()) == []
    assert ledger.jobs.retry_jobs([job]) == []
    assert ledger.overview.tally_jobs().total == 0
    assert not ledger.batches.has_jobs(1)


def test_it_goes_when_its_output_has_gone(ledger, out):
    output(ledger, out / "a.jpg", age=100)
    done(ledger, "b")
    run_cleanup(ledger, DAYS_90, time.time())
    (out / "a.jpg").unlink()
    run_cleanup(ledger, DAYS_90, time.time() + 29 * DAY)
    assert jobs(ledger)[0] == [1, 2]  # looked at once a month
    run_cleanup(ledger, DAYS_90, time.time() + 31 * DAY)
    assert jobs(ledger)[0] == [2]
    assert one(ledger, "select count(*) from outputs") == (0,)


def test_an_output_on_a_drive_that_was_taken_out_counts_as_standing(ledger, out):
    output(ledger, out / "a.jpg", age=100)
    done(ledger, "b")
    ledger.database.connection.execute("update folders set device = device + 1")
    out.rename(out.with_name("away"))
    run_cleanup(ledger, DAYS_90, time.time())
    assert jobs(ledger)[0] == [1, 2]


def test_retention_and_history_in_one_go_leave_nothing(ledger, out):
    for name in "abc":
        output(ledger, out / f"{name}.jpg", age=100)
    result = run_cleanup(ledger, retention_settings("30d", history="90d"), time.time())
    assert (result.outputs_removed, result.jobs_purged) == (3, 3)
    assert jobs(ledger) == ([3], [])
    assert one(ledger, "select outputs, jobs from cleanings") == (3, 3)


def test_tombstones_are_cleaned_of_their_outputs_too(ledger, out):
    output(ledger, out / "a.jpg", age=100)
    run_cleanup(ledger, DAYS_90, time.time())
    assert run_cleanup(ledger, retention_settings("30d", history="90d"), time.time()).outputs_removed == 1


def test_a_disposition_keeps_its_jobs(ledger):
    disposition_id = ledger.dispositions.upsert_disposition("a", "1000-1", 1, "", None)
    done(ledger, "a", disposition_id=disposition_id)
    done(ledger, "b")
    run_cleanup(ledger, DAYS_90, OLD)
    assert jobs(ledger) == ([1, 2], [])
    assert [found.states for found in ledger.dispositions.find_ready_dispositions(NOW)] == [{"done"}]


def test_a_disposition_that_is_parked_goes_with_its_jobs(ledger, tmp_path):
    source = tmp_path / "a.jpg"
    source.write_text("photo")
    status = source.stat()
    disposition_id = ledger.dispositions.upsert_disposition(str(source), version_of(status), status.st_ino, "", None)
    (job,) = enter(ledger, str(source), disposition_id=disposition_id)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    done(ledger, "b")
    dispose(ledger)
    assert one(ledger, "select count(*) from dispositions") == (1,)
    run_cleanup(ledger, DAYS_90, OLD)
    assert jobs(ledger)[0] == [2]
    assert one(ledger, "select count(*) from dispositions") == (0,)


class Inbox:
    """A watched folder with a photo in it, whose outputs nobody has."""

    def __init__(self, ledger, folder):
        self.ledger = ledger
        self.folder = folder
        folder.mkdir()
        self.path = folder / "a.jpg"
        self.path.write_bytes(b"photo")
        self.watch = ledger.watches.upsert_watch(str(folder), SOMEBODY, NOW)
        ledger.folders.upsert_folder(str(folder), created_by_fileq=False)

    def take(self, now=NOW):
        watch_intake = WatchIntake(self.ledger, self.watch, [recipe()], policy=DispositionPolicy())
        (outcome,) = watch_intake.take_in([source_at(self.path)], now).outcomes
        return outcome

    def finish(self):
        for job in self.ledger.overview.list_job_ids(JobSelection()):
            finish(self.ledger, begin(self.ledger, job), outputs=0, bytes_out=0)
        done(self.ledger, "/the/newest")


@pytest.fixture
def inbox(ledger, tmp_path):
    return Inbox(ledger, tmp_path / "inbox")


def test_what_came_by_a_watch_is_known_to_it_for_ever(ledger, inbox):
    assert inbox.take() is IntakeOutcome.QUEUED
    inbox.finish()
    for month in range(5):
        run_cleanup(ledger, DAYS_90, OLD + month * 31 * DAY)
        assert inbox.take() is IntakeOutcome.KNOWN
    assert jobs(ledger) == ([1, 2], [])


def test_so_is_what_was_added_and_lies_in_a_watched_folder(ledger, inbox):
    status = inbox.path.stat()
    done(ledger, str(inbox.path), "/the/newest", version=f"{status.st_size}-{status.st_mtime_ns}",
         folder=str(inbox.folder / "small"))  # fmt: skip
    run_cleanup(ledger, DAYS_90, OLD)
    assert inbox.take() is IntakeOutcome.KNOWN


@pytest.mark.parametrize("path", ["{folder}", "{folder}/*.jpg", "{folder}/a.jpg"])
def test_so_is_what_the_schedule_adds_every_night(ledger, photo, path):
    path = path.format(folder=photo.parent).replace("a.jpg", photo.name)
    nightly = AddSettings(cron=Cron("0 1 * * *"), paths=(path,))
    settings = msgspec.structs.replace(DAYS_90, schedule=ScheduleSettings(add=(nightly,)))
    wanted = intake.AddRequest(paths=[path], recipes=[recipe()], repeat=intake.RepeatRule.NEVER)
    assert intake.add_files(ledger, wanted, now=time.time() - 100 * DAY).queued == 1
    finish(ledger, begin(ledger, 1), outputs=0, bytes_out=0)
    done(ledger, "/the/newest")
    run_cleanup(ledger, settings, later())
    assert jobs(ledger)[1] == []
    assert intake.add_files(ledger, wanted, now=later()).queued == 0


@pytest.mark.parametrize("change", ["gone", "another version"])
def test_a_source_that_is_no_more_is_not_remembered(ledger, inbox, change):
    inbox.take()
    inbox.finish()
    inbox.path.unlink() if change == "gone" else inbox.path.write_bytes(b"another photo")
    run_cleanup(ledger, DAYS_90, OLD)
    assert jobs(ledger)[0] == [2]


def test_a_watched_drive_that_was_taken_out_makes_nothing_forgotten(ledger, inbox, tmp_path):
    inbox.take()
    inbox.finish()
    inbox.folder.rename(tmp_path / "out of reach")
    ledger.database.connection.execute("update folders set device = device + 1")
    run_cleanup(ledger, DAYS_90, OLD)
    assert jobs(ledger)[0] == [1, 2]


def test_adding_a_forgotten_file_finds_what_was_made_of_it(ledger, out, photo):
    wanted = recipe(name="small")
    request = intake.AddRequest(paths=[str(photo)], recipes=[wanted], out=str(out))
    assert intake.add_files(ledger, request, now=time.time() - 100 * DAY).queued == 1
    from fileq.publish import publish_jobs
    from tests.support.publication import claim, reserved, written

    claimed = claim(ledger, job=1)
    assert publish_jobs(ledger, [written(claimed, reserved(ledger, claimed, out / "photo.jpg"))]) == {}
    done(ledger, "/the/newest")
    run_cleanup(ledger, DAYS_90, later())
    assert jobs(ledger)[1] == []
    again = intake.add_files(ledger, request, now=time.time())
    assert (again.queued, again.up_to_date) == (0, 1)
    (out / "photo.jpg").unlink()
    assert intake.add_files(ledger, request, now=time.time()).queued == 1
    assert jobs(ledger)[1] == [1]  # it is a job again, with its number
    assert ledger.overview.tally_jobs() == counted(ledger)


def test_many_jobs_go_in_small_steps_that_can_be_stopped(ledger, monkeypatch):
    monkeypatch.setattr(purge, "_AT_ONCE", 50)
    done(ledger, *(f"/{number}" for number in range(200)))
    asked = iter([False] * 2 + [True] * 100)
    result = run_cleanup(ledger, DAYS_90, OLD, stop=lambda: next(asked))
    assert result.stopped
    assert 0 < result.jobs_purged < 200
    assert len(jobs(ledger)[1]) == 200 - result.jobs_purged
    assert ledger.overview.tally_jobs().total == len(jobs(ledger)[1])
    run_cleanup(ledger, DAYS_90, OLD)
    assert jobs(ledger) == ([200], [])


def test_recipes_batches_and_messages_that_nothing_needs_go(ledger):
    for name in ("first", "second", "third"):
        done(ledger, name, queue=name, wanted=recipe(name))
        ledger.messages.insert_messages(name, [(b"{}", 0)])
        ledger.messages.schedule_messages(name, [(b"{}", NOW)])
    ledger.workers.register_worker(SOMEBODY, "first", 1, NOW)
    run_cleanup(ledger, DAYS_90, OLD)
    assert one(ledger, "select group_concat(name) from recipes") == ("third",)
    assert one(ledger, "select group_concat(queue) from batches") == ("third",)
    assert [ledger.messages.has_messages(name) for name in ("first", "second", "third")] == [True, False, True]
    assert one(ledger, "select group_concat(queue) from schedule") == ("first,third",)


def test_a_batch_that_a_watcher_may_still_fill_stays(ledger):
    ledger.batches.insert_batch("fileq", OLD - 60)
    ledger.batches.insert_batch("fileq", OLD - 30)
    run_cleanup(ledger, DAYS_90, OLD)
    assert one(ledger, "select count(*) from batches") == (2,)


def test_a_worker_never_does_a_job_by_a_recipe_of_the_same_number(ledger):
    """A worker has the texts of recipes in mind, by their numbers."""
    done(ledger, "a", wanted=recipe("first"))
    run_cleanup(ledger, DAYS_90, OLD)
    (job,) = enter(ledger, "b", wanted=recipe("second"))
    assert claim_one(ledger, job, 1, OLD).recipe_json == encode_recipe(recipe("second"))


def test_a_source_that_fileq_made_itself_stays_one(ledger, out):
    output(ledger, out / "a.jpg", age=200)
    done(ledger, str(out / "a.jpg"), "/the/newest")
    for month in range(3):
        assert run_cleanup(ledger, retention_settings("30d", history="90d"), later(month * 31)).outputs_removed == 0
    assert (out / "a.jpg").exists()


def test_history_for_ever_forgets_nothing(ledger):
    done(ledger, "a", "b")
    assert run_cleanup(ledger, retention_settings("forever"), NOW + 10_000 * DAY).jobs_purged == 0
    assert jobs(ledger)[1] == [1, 2]
    assert Settings().retention.history == 90 * DAY


def test_a_forgotten_job_can_not_be_named(ledger, out):
    from fileq.lookup import find_job, require_batch

    output(ledger, out / "a.jpg", age=100)
    run_cleanup(ledger, DAYS_90, time.time())
    assert os.path.exists(out / "a.jpg")
    with pytest.raises(NotFoundError):
        find_job(ledger, 1)
    with pytest.raises(NotFoundError):
        require_batch(ledger, 1)
