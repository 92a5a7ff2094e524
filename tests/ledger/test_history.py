"""What was done in a stretch of time, as the ledger tells it."""

import msgspec
import pytest

from fileq.errors import ErrorKind
from fileq.job import JobState, OutputInfo
from fileq.ledger.queries.history import QUARTER, FailedJob, HostTotal, RemovalTotal, SourceRecord, WatchTotal
from fileq.ledger.tables import attempts
from fileq.ledger.tables.outputs import PublishedFile
from tests.support.jobs import DAMAGED, NOW, SLOW, SOMEBODY, begin, enter, finish, recipe
from tests.support.ledgers import ask

LATER = NOW + 1000


def make(ledger, job, *outputs, now=NOW, took=2.0):
    """Finish a job with these outputs: path, format, width."""
    token = begin(ledger, job, now=now - took)
    published = []
    for path, format_, width in outputs:
        ledger.outputs.reserve_path(path, job, f"{path}.part")
        published.append(
            PublishedFile(OutputInfo(path=path, format=format_, width=width, height=10, bytes=100), "100-1", 1)
        )
    ledger.outputs.record_published({job: published}, now)
    finish(ledger, token, now=now, outputs=len(outputs), bytes_out=100 * len(outputs))


def total(work, key):
    return sum(getattr(one, key) for one in work)


def test_a_job_counts_from_the_first_moment_on_and_before_the_last(ledger):
    one, two, three = enter(ledger, *"abc")
    for job, moment in ((one, NOW - 0.001), (two, NOW), (three, LATER)):
        finish(ledger, begin(ledger, job, now=moment - 1), now=moment)
    assert total(ledger.history.total_work(NOW, LATER), "jobs") == 1
    assert total(ledger.history.total_work(NOW - 1, LATER + 1), "jobs") == 3
    assert ledger.history.count_sources(NOW, LATER) == 1


def test_what_has_not_ended_was_cancelled_or_is_forgotten_does_not_count(ledger):
    running, cancelled, forgotten, done, _queued = enter(ledger, *"abcde")
    begin(ledger, running)
    ledger.jobs.cancel_jobs([cancelled], NOW)
    for job in (forgotten, done):
        make(ledger, job, (f"/{job}.jpg", "jpeg", 10))
    ask(ledger, "update jobs set purged_at = ? where id = ?", NOW, forgotten)
    assert total(ledger.history.total_work(NOW - 9, LATER), "jobs") == 1
    assert ledger.history.count_sources(NOW - 9, LATER) == 1
    assert [one.outputs for one in ledger.history.total_formats(NOW - 9, LATER)] == [1]
    assert ledger.history.sample_jobs(NOW - 9, LATER, 9) == {"small": [done]}


def test_work_is_summed_up_by_quarter_of_an_hour_recipe_and_state(ledger):
    quarter = NOW // QUARTER * QUARTER
    for moment, wanted in ((0, "web"), (899, "web"), (900, "web"), (901, "thumb")):
        (job,) = enter(ledger, f"/{moment}.jpg", wanted=recipe(wanted), size=700)
        make(ledger, job, (f"/{moment}.webp", "webp", 9), now=quarter + moment, took=1.5)
    (job,) = enter(ledger, "/bad.jpg", wanted=recipe("web"))
    ledger.attempts.fail_attempt(begin(ledger, job, now=quarter), DAMAGED, quarter + 4)
    found = [
        (one.start - quarter, one.recipe_name, one.state, one.jobs)
        for one in ledger.history.total_work(quarter, LATER * 2)
    ]
    assert sorted(found) == [
        (0, "web", JobState.DONE, 2), (0, "web", JobState.FAILED, 1), (900, "thumb", JobState.DONE, 1),
        (900, "web", JobState.DONE, 1),
    ]  # fmt: skip
    first = next(one for one in ledger.history.total_work(quarter, LATER * 2) if one.jobs == 2)
    assert (first.bytes_in, first.bytes_out, first.outputs, first.seconds) == (1400, 200, 2, 3.0)


def test_the_time_of_a_job_is_that_of_all_its_tries(ledger):
    (job,) = enter(ledger, "a")
    ledger.attempts.retry_attempt_later(begin(ledger, job, now=NOW), SLOW, NOW + 20, NOW + 10)
    finish(ledger, begin(ledger, job, now=NOW + 30), now=NOW + 33)
    assert total(ledger.history.total_work(NOW, LATER), "seconds") == 13
    assert total(ledger.history.total_work(NOW + 31, LATER), "seconds") == 3


def test_a_clock_that_was_set_back_takes_no_time_away(ledger):
    (job,) = enter(ledger, "a")
    finish(ledger, begin(ledger, job, now=NOW + 30), now=NOW + 3)
    assert total(ledger.history.total_work(NOW, LATER), "seconds") == 0


def test_a_file_that_went_through_two_recipes_is_one_file(ledger):
    for wanted in ("web", "thumb"):
        (job,) = enter(ledger, "/a.jpg", wanted=recipe(wanted))
        make(ledger, job, (f"/{wanted}.jpg", "jpeg", 5))
    assert ledger.history.count_sources(NOW, LATER) == 1


def test_causes_come_with_their_newest_case_and_its_hint(ledger):
    jobs = enter(ledger, "/a", "/b\udce9", "/c")
    for job, failure in zip(jobs, (DAMAGED, DAMAGED, SLOW), strict=True):
        ledger.attempts.fail_attempt(begin(ledger, job), failure, NOW)
    damaged, slow = ledger.history.list_causes(NOW, LATER)
    assert (damaged.kind, damaged.count, damaged.hint) == (ErrorKind.UNREADABLE, 2, DAMAGED.hint)
    assert damaged.example == FailedJob(jobs[1], "/b\udce9", DAMAGED.message)
    assert (slow.kind, slow.count) == (ErrorKind.TIMEOUT, 1)


def test_all_watched_folders_are_told_of_with_what_came_by_them(ledger):
    busy = ledger.watches.upsert_watch("/inbox", SOMEBODY, NOW)
    ledger.watches.upsert_watch("/idle\udce9", SOMEBODY, NOW)
    for number, ends in enumerate((finish, lambda _, token: ledger.attempts.fail_attempt(token, DAMAGED, NOW))):
        (job,) = enter(ledger, f"/inbox/{number}.jpg")
        ask(ledger, "update batches set watch_id = ? where id = (select batch_id from jobs where id = ?)", busy, job)
        ends(ledger, begin(ledger, job))
    for since, until, inbox in ((NOW, LATER, (2, 1)), (LATER, LATER + 1, (0, 0))):
        told = {total.path: total for total in ledger.history.total_watches(since, until)}
        assert told == {"/inbox": WatchTotal("/inbox", *inbox), "/idle\udce9": WatchTotal("/idle\udce9", 0, 0)}


def test_removed_and_vanished_are_those_of_the_stretch(ledger):
    for moment, kept in ((NOW - 1, 9), (NOW, 8), (NOW + 5, 7), (LATER, 6)):
        statement = "insert into cleanings (cleaned_at, outputs, bytes, kept_changed, jobs) values (?, 2, 300, ?, 0)"
        ask(ledger, statement, moment, kept)
    jobs = enter(ledger, *"abc")
    for job, vanished in zip(jobs, (NOW - 1, NOW, None), strict=True):
        make(ledger, job, (f"/{job}.jpg", "jpeg", 5))
        ask(ledger, "update outputs set vanished_at = ? where job_id = ?", vanished, job)
    assert ledger.history.total_removals(NOW, LATER) == RemovalTotal(4, 600, 7)
    assert ledger.history.count_vanished_outputs(NOW, LATER) == 1


def test_samples_are_spread_over_every_recipe(ledger):
    for wanted, count in (("web", 100), ("rare", 3)):
        for number in range(count):
            (job,) = enter(ledger, f"/{number}.jpg", wanted=recipe(wanted))
            make(ledger, job, (f"/{wanted}/{number}.jpg", "jpeg", 5), now=NOW + number)
    samples = ledger.history.sample_jobs(NOW, LATER, 10)
    assert samples["rare"] == [101, 102, 103]
    assert 8 <= len(samples["web"]) <= 10
    gaps = {after - before for before, after in zip(samples["web"], samples["web"][1:], strict=False)}
    assert len(gaps) == 1


def test_a_pair_is_a_source_and_its_largest_output(ledger):
    (job,) = enter(ledger, "/a\udce9.jpg", size=1000, mtime_ns=1)
    make(ledger, job, ("/small.jpg", "jpeg", 16), ("/large.webp", "webp", 90))
    pair = ledger.history.find_before_and_after(job)
    assert pair.before == SourceRecord("/a\udce9.jpg", 1000, 1)
    assert (pair.after.path, pair.after.width, pair.after.version) == ("/large.webp", 90, "100-1")


@pytest.mark.parametrize("column", ["removed_at", "vanished_at"])
def test_outputs_that_are_gone_are_in_no_pair(ledger, column):
    (job,) = enter(ledger, "/a.jpg")
    make(ledger, job, ("/a.webp", "webp", 16))
    ask(ledger, f"update outputs set {column} = ?", NOW)
    assert ledger.history.find_before_and_after(job) is None


def test_an_empty_ledger_answers_with_nothing(ledger):
    history = ledger.history
    assert (history.total_work(0, NOW), history.total_formats(0, NOW), history.list_causes(0, NOW)) == ([], [], [])
    assert (history.count_sources(0, NOW), history.count_vanished_outputs(0, NOW)) == (0, 0)
    assert msgspec.structs.astuple(history.total_removals(0, NOW)) == (0, 0, 0)


def test_each_host_is_told_with_what_its_workers_have_done(ledger, monkeypatch):
    jobs = enter(ledger, *"abc")
    for job, host in zip(jobs, ("mill", "barn", "mill"), strict=True):
        monkeypatch.setattr(attempts, "hostname", lambda host=host: host)
        token = begin(ledger, job, now=NOW - 2)
        if job == jobs[2]:
            ledger.attempts.fail_attempt(token, DAMAGED, NOW)
        else:
            finish(ledger, token, now=NOW)
    assert ledger.history.total_hosts(NOW, LATER) == [HostTotal("barn", 1, 0, 2.0), HostTotal("mill", 2, 1, 4.0)]
    assert ledger.history.total_hosts(NOW + 1, LATER) == []
