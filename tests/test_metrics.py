"""The figures for a monitoring system, read as Prometheus' own parser reads them."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from fileq.metrics import render_metrics
from fileq.presence import ProcessIdentity
from tests.support.jobs import DAMAGED, begin, enter, finish


@pytest.fixture
def read(ledger):
    """What is read now: each sample by its name and labels."""

    def read():
        families = text_string_to_metric_families(render_metrics(ledger, 5.0).decode())
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    return read


def test_jobs_are_counted_by_state_with_their_bytes(ledger, read):
    done, failed, _ = enter(ledger, "/a", "/b", "/c")
    finish(ledger, begin(ledger, done), bytes_out=300)
    ledger.attempts.fail_attempt(begin(ledger, failed), DAMAGED, 2e6)
    found = read()
    assert [found["fileq_jobs", ("state", state)] for state in ("done", "failed", "queued", "running")] == [1, 1, 1, 0]
    assert (found["fileq_source_bytes",], found["fileq_output_bytes",], found["fileq_saved_bytes",]) == (1000, 300, 700)


def test_the_queues_age_is_that_of_the_job_that_has_waited_longest(ledger, read):
    assert read()["fileq_queue_age_seconds",] == 0
    enter(ledger)
    now = ledger.now()
    assert read()["fileq_queue_age_seconds",] == pytest.approx(now - 1_000_000.0, abs=60)


def test_durations_are_a_histogram_by_recipe_and_state(ledger, read):
    first, second = enter(ledger, "/a", "/b")
    now = ledger.now()
    finish(ledger, begin(ledger, first, now=now - 2), now)
    finish(ledger, begin(ledger, second, now=now - 200), now)
    found, name = read(), "fileq_recent_job_duration_seconds"
    labels = [("recipe", "small"), ("state", "done")]
    buckets = {bound: found[(f"{name}_bucket", ("le", bound), *labels)] for bound in ("1.0", "3.0", "100.0", "+Inf")}
    assert buckets == {"1.0": 0, "3.0": 1, "100.0": 1, "+Inf": 2}
    assert found[(f"{name}_gcount", *labels)] == 2
    assert found[(f"{name}_gsum", *labels)] == pytest.approx(202, abs=0.01)


def test_workers_are_counted_by_host_and_state(ledger, read):
    ledger.workers.register_worker(ProcessIdentity('the "mill"', 1, "m/b/1/5"), "fileq", 4, ledger.now())
    found = read()
    assert found["fileq_workers", ("host", 'the "mill"'), ("state", "working")] == 1
    assert found["fileq_slots", ("host", 'the "mill"')] == 4
    assert found["fileq_paused",] == 0
    ledger.batches.set_paused(paused=True)
    assert read()["fileq_paused",] == 1


def test_the_disk_of_a_database_file_is_measured(read):
    assert read()["fileq_database_bytes",] > 0
    assert read()["fileq_disk_free_bytes",] > 0
