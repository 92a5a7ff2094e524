"""What is asked every minute, at every status and at every start costs the same with a million jobs."""

import pytest

from fileq.ledger.queries.overview import JobSelection
from fileq.ledger.tables.hooks import HookRule
from tests.ledger.sqlite.plans import scanned
from tests.support.jobs import NOW, begin, enter, finish
from tests.support.ledgers import ask

RULES = [HookRule("shop", "done", "web"), HookRule("shop", "done"), HookRule("shop", "batch")]

LOOKS = {
    "bring_jobs_forward": lambda ledger: ledger.attempts.bring_jobs_forward(NOW),
    "find_orphans": lambda ledger: ledger.attempts.find_orphans(),
    "find_unsent_jobs": lambda ledger: ledger.jobs.find_unsent_jobs("fileq", NOW, patience=60, limit=10),
    "find_unserved_queues": lambda ledger: ledger.batches.find_unserved_queues("fileq"),
    "has_unfinished_jobs": lambda ledger: ledger.jobs.has_unfinished_jobs("fileq"),
    "list_running_jobs": lambda ledger: ledger.overview.list_running_jobs(),
    "list_job_ids of a key": lambda ledger: ledger.overview.list_job_ids(JobSelection(key="order-17")),
    "tally_jobs": lambda ledger: ledger.overview.tally_jobs(),
    "count_finished_jobs": lambda ledger: ledger.overview.count_finished_jobs(NOW),
    "find_abandoned_paths": lambda ledger: ledger.outputs.find_abandoned_paths(),
    "find_ready_dispositions": lambda ledger: ledger.dispositions.find_ready_dispositions(NOW),
    "list_expected_outputs": lambda ledger: ledger.standing_outputs.list_expected_outputs(after="/a", limit=10),
    "has_events": lambda ledger: ledger.pending_events.has_events(),
    "list_recipes": lambda ledger: ledger.retention.list_recipes(),
    "find_old_jobs": lambda ledger: ledger.tombstones.find_old_jobs(NOW, 10),
    "find_tombstones": lambda ledger: ledger.tombstones.find_tombstones(NOW, 10),
    "list_waiting_queues": lambda ledger: ledger.health.list_waiting_queues(NOW),
    "list_due_jobs": lambda ledger: ledger.health.list_due_jobs(NOW),
    "list_due_jobs unsent": lambda ledger: ledger.health.list_due_jobs(NOW, unsent=True),
    "list_turns": lambda ledger: ledger.health.list_turns(NOW - 60),
    "measure_flow": lambda ledger: ledger.health.measure_flow(NOW - 60, NOW),
    "list_output_folders": lambda ledger: ledger.health.list_output_folders(NOW - 60),
    "list_recent_output_folders": lambda ledger: ledger.health.list_recent_output_folders(NOW - 60, 10),
    "find_running_attempts": lambda ledger: ledger.health.find_running_attempts([1, 2]),
    "count_work": lambda ledger: ledger.work.count_work(1, NOW),
    "count_work of all": lambda ledger: ledger.work.count_work(None, NOW),
    "count_remade": lambda ledger: ledger.retention.count_remade(1),
    "list_ended_work": lambda ledger: ledger.work.list_ended_work(1),
    "list_ended_work of all": lambda ledger: ledger.work.list_ended_work(None),
    "sample_work": lambda ledger: ledger.work.sample_work(),
    "list_unfinished_batches": lambda ledger: ledger.work.list_unfinished_batches(),
    "summarize_batch": lambda ledger: ledger.work.summarize_batch(1),
    "total_waiting": lambda ledger: ledger.work.total_waiting(),
    "count_scheduled": lambda ledger: ledger.work.count_scheduled(NOW),
    "list_recent_failures": lambda ledger: ledger.work.list_recent_failures(3),
    "total_notes": lambda ledger: ledger.work.total_notes(1),
    "total_folders": lambda ledger: ledger.work.total_folders(1),
    "has_due_call": lambda ledger: ledger.hook_calls.has_due_call(RULES, NOW),
    "has_calls_under_way": lambda ledger: ledger.hook_calls.has_calls_under_way(RULES, NOW),
    "find_latest_moment": lambda ledger: ledger.health.find_latest_moment(),
}


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_no_look_goes_through_all_jobs_or_what_belongs_to_them(ledger, look):
    assert scanned(ledger, LOOKS[look]) == []


def test_a_look_for_news_reads_no_job_that_has_none(ledger):
    jobs = enter(ledger, *(f"/photos/{number}.jpg" for number in range(2000)))
    with ledger.transaction():
        for job in jobs:
            finish(ledger, begin(ledger, job))
    ledger.pending_events.take_ended_batches("fileq")
    steps = 0

    def count():
        nonlocal steps
        steps += 1

    ledger.database.connection.set_progress_handler(count, 10)
    assert not ledger.pending_events.has_events()
    assert ledger.pending_events.find_unreported_failures() is None
    assert ledger.pending_events.take_ended_batches("fileq") == []
    assert steps < 20, "of ten operations of SQLite's machine each"


@pytest.mark.parametrize(
    "what",
    [
        "total_work",
        "count_sources",
        "total_formats",
        "list_causes",
        "total_watches",
        "count_vanished_outputs",
        "sample_jobs",
    ],
)
def test_a_week_of_a_large_ledger_is_found_by_an_index(ledger, what):
    asked: list[str] = []
    ledger.database.connection.set_trace_callback(asked.append)
    getattr(ledger.history, what)(NOW, NOW + 60, *([9] if what == "sample_jobs" else []))
    ledger.database.connection.set_trace_callback(None)
    plans = [row[-1] for one in asked for row in ask(ledger, f"explain query plan {one}")]
    assert any("jobs_finished" in plan or "outputs_vanished" in plan for plan in plans)
    assert not any(plan.startswith(("SCAN jobs", "SCAN outputs")) for plan in plans)
