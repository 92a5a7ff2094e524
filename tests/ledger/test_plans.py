"""What is asked every minute, at every status and at every start costs the same with a million jobs."""

import pytest

from tests.ledger.plans import scanned
from tests.support.jobs import NOW

LOOKS = {
    "waiting since the clock was set back": lambda ledger: ledger.waiting.bring_forward(NOW),
    "orphans": lambda ledger: ledger.jobs.orphans(),
    "without_message": lambda ledger: ledger.jobs.without_message("fileq", NOW, patience=60, limit=10),
    "unserved_queues": lambda ledger: ledger.batches.unserved_queues("fileq"),
    "unfinished": lambda ledger: ledger.jobs.unfinished("fileq"),
    "running": lambda ledger: ledger.overview.running(),
    "tally": lambda ledger: ledger.overview.tally(),
    "finished_since": lambda ledger: ledger.overview.finished_since(NOW),
    "left_behind": lambda ledger: ledger.outputs.left_behind(),
    "ready": lambda ledger: ledger.dispositions.find_ready(NOW),
    "standing": lambda ledger: ledger.outputs.standing(after="/a", limit=10),
    "news": lambda ledger: ledger.news.any(),
    "due": lambda ledger: ledger.retention.recipes(),
    "old jobs": lambda ledger: ledger.remnants.old(NOW, 10),
    "remnants": lambda ledger: ledger.remnants.forgotten(NOW, 10),
    "waiting": lambda ledger: ledger.vitals.waiting(NOW),
    "due jobs": lambda ledger: ledger.vitals.due_jobs(NOW),
    "unsent jobs": lambda ledger: ledger.vitals.due_jobs(NOW, unsent=True),
    "ended jobs": lambda ledger: ledger.vitals.ended(NOW - 60),
    "flow": lambda ledger: ledger.vitals.flow(NOW - 60, NOW),
    "folders": lambda ledger: ledger.vitals.folders(NOW - 60),
    "output_folders": lambda ledger: ledger.vitals.output_folders(NOW - 60, 10),
    "jobs of workers": lambda ledger: ledger.vitals.running([1, 2]),
    "latest": lambda ledger: ledger.vitals.latest(),
}


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_no_look_goes_through_all_jobs_or_what_belongs_to_them(ledger, look):
    assert scanned(ledger, LOOKS[look]) == []
