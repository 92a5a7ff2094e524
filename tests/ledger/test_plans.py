"""What is asked every minute, at every status and at every start costs the same with a million jobs."""

import pytest

from tests.ledger.plans import scanned
from tests.support.jobs import NOW

LOOKS = {
    "waiting since the clock was set back": lambda ledger: ledger.attempts.bring_jobs_forward(NOW),
    "orphans": lambda ledger: ledger.attempts.find_orphans(),
    "without_message": lambda ledger: ledger.jobs.find_unsent_jobs("fileq", NOW, patience=60, limit=10),
    "unserved_queues": lambda ledger: ledger.batches.find_unserved_queues("fileq"),
    "unfinished": lambda ledger: ledger.jobs.has_unfinished_jobs("fileq"),
    "running": lambda ledger: ledger.overview.list_running_jobs(),
    "tally": lambda ledger: ledger.overview.tally_jobs(),
    "finished_since": lambda ledger: ledger.overview.count_finished_jobs(NOW),
    "left_behind": lambda ledger: ledger.outputs.find_abandoned_paths(),
    "ready": lambda ledger: ledger.dispositions.find_ready_dispositions(NOW),
    "standing": lambda ledger: ledger.outputs.list_expected_outputs(after="/a", limit=10),
    "news": lambda ledger: ledger.pending_events.has_events(),
    "due": lambda ledger: ledger.retention.list_recipes(),
    "old jobs": lambda ledger: ledger.tombstones.find_old_jobs(NOW, 10),
    "remnants": lambda ledger: ledger.tombstones.find_tombstones(NOW, 10),
    "waiting": lambda ledger: ledger.health.list_waiting_queues(NOW),
    "due jobs": lambda ledger: ledger.health.list_due_jobs(NOW),
    "unsent jobs": lambda ledger: ledger.health.list_due_jobs(NOW, unsent=True),
    "ended jobs": lambda ledger: ledger.health.list_ended_jobs(NOW - 60),
    "flow": lambda ledger: ledger.health.measure_flow(NOW - 60, NOW),
    "folders": lambda ledger: ledger.health.list_output_folders(NOW - 60),
    "output_folders": lambda ledger: ledger.health.list_recent_output_folders(NOW - 60, 10),
    "jobs of workers": lambda ledger: ledger.health.find_running_attempts([1, 2]),
    "latest": lambda ledger: ledger.health.find_latest_moment(),
}


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_no_look_goes_through_all_jobs_or_what_belongs_to_them(ledger, look):
    assert scanned(ledger, LOOKS[look]) == []
