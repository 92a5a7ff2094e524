"""What a ledger, its workers and its disks are about, in the OpenMetrics format, as Prometheus and others read it.

Or in Prometheus' older text format, the one that the node exporter reads from files. See the specification,
https://prometheus.io/docs/specs/om/open_metrics_spec/, for the kinds of metrics. The ledger forgets old jobs, so that a
number may become smaller: there are gauges here, and no counters.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator

from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import generate_latest as generate_classic
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from fileq import __version__
from fileq.config import is_server
from fileq.health.hosts import examine_hosts, examine_workers
from fileq.job import JobState
from fileq.ledger import Ledger

CONTENT_TYPE = CONTENT_TYPE_LATEST

LATELY = 900.0
"""Seconds, up to now, in which the jobs ended whose durations are told."""

_BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""Seconds: bounds of the buckets of durations."""


def render_metrics(ledger: Ledger, heartbeat: float, *, classic: bool = False) -> bytes:
    """Return all metrics as text in UTF-8; `classic`: in Prometheus' older format.

    `heartbeat` is the workers', in seconds. Raises LedgerError.
    """
    registry = CollectorRegistry()
    registry.register(_LedgerCollector(ledger, heartbeat))
    if classic:
        return generate_classic(registry)
    return bytes(generate_latest(registry))  # type: ignore[no-untyped-call]  # it has no types


class _LedgerCollector(Collector):
    """Prometheus' client asks it for the metrics; `describe` keeps it from asking when it is registered."""

    def __init__(self, ledger: Ledger, heartbeat: float) -> None:
        self._ledger = ledger
        self._heartbeat = heartbeat

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        now = self._ledger.now()
        yield InfoMetricFamily("fileq", "The version of fileq that answers.", {"version": __version__})
        yield from _jobs(self._ledger)
        yield from _queue(self._ledger, now)
        yield from _hosts(self._ledger, self._heartbeat, now)
        yield _durations(self._ledger, now)
        yield from _checks(self._ledger)
        yield from _disk(self._ledger)


def _jobs(ledger: Ledger) -> Iterator[Metric]:
    tally = ledger.overview.tally_jobs()
    jobs = GaugeMetricFamily("fileq_jobs", "Jobs that are listed, by state.", labels=["state"])
    for state in JobState:
        jobs.add_metric([state], tally.jobs.get(state, 0))
    yield jobs
    yield GaugeMetricFamily("fileq_outputs", "Outputs of done jobs.", tally.outputs)
    yield GaugeMetricFamily("fileq_source_bytes", "Bytes of the sources of done jobs.", tally.bytes_in, unit="bytes")
    yield GaugeMetricFamily("fileq_output_bytes", "Bytes of the outputs of done jobs.", tally.bytes_out, unit="bytes")
    yield GaugeMetricFamily(
        "fileq_saved_bytes", "Bytes of sources less those of outputs.", tally.bytes_saved, unit="bytes"
    )


def _queue(ledger: Ledger, now: float) -> Iterator[Metric]:
    since = [queue.since for queue in ledger.health.list_waiting_queues(now) if queue.since is not None]
    age = max(0.0, now - min(since)) if since else 0.0
    yield GaugeMetricFamily("fileq_queue_age_seconds", "For how long a job has been due.", age, unit="seconds")
    paused = ledger.batches.is_paused()
    yield GaugeMetricFamily("fileq_paused", "1 while no job may begin: fileq pause.", int(paused))


def _hosts(ledger: Ledger, heartbeat: float, now: float) -> Iterator[Metric]:
    workers = examine_workers(ledger, ledger.overview.list_running_jobs(), heartbeat, now)
    counted = GaugeMetricFamily("fileq_workers", "Workers, by what each is about.", labels=["host", "state"])
    for (host, activity), count in sorted(Counter((one.host, one.activity) for one in workers).items()):
        counted.add_metric([host, activity], count)
    slots = GaugeMetricFamily("fileq_slots", "Jobs that workers can do at once.", labels=["host"])
    running = GaugeMetricFamily("fileq_running_jobs", "Jobs that workers do now.", labels=["host"])
    rate = GaugeMetricFamily("fileq_jobs_per_minute", "Jobs that ended, in the last minutes.", labels=["host"])
    seen = GaugeMetricFamily(
        "fileq_host_seen_timestamp_seconds", "The last sign of life of a host.", labels=["host"], unit="seconds"
    )
    for one in examine_hosts(ledger, workers, now):
        slots.add_metric([one.host], one.slots)
        running.add_metric([one.host], one.running)
        rate.add_metric([one.host], one.rate_per_minute)
        seen.add_metric([one.host], one.seen_at)
    yield from (counted, slots, running, rate, seen)


def _durations(ledger: Ledger, now: float) -> Metric:
    family = GaugeHistogramMetricFamily(
        "fileq_recent_job_duration_seconds",
        f"Of jobs that ended in the last {LATELY:.0f} seconds, at most 20,000: how long the last try took.",
        labels=["recipe", "state"],
        unit="seconds",
    )
    for one in ledger.durations.total_durations(now - LATELY, _BOUNDS):
        buckets = [*zip(map(str, _BOUNDS), one.within, strict=True), ("+Inf", one.jobs)]
        family.add_metric([one.recipe_name, one.state], buckets, one.seconds)
    return family


def _checks(ledger: Ledger) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "fileq_check",
        "1 for the state in which a worker found a check of fileq doctor last.",
        labels=["check", "state"],
    )
    for name, record in sorted(ledger.checks.list_records().items()):
        family.add_metric([name, record.state], 1)
    yield family


def _disk(ledger: Ledger) -> Iterator[Metric]:
    """Yield the space of the database's disk; where that is a server's, nobody here knows."""
    if is_server(ledger.database.address):
        return
    try:
        size = os.path.getsize(ledger.database.address)
        free = shutil.disk_usage(os.path.dirname(ledger.database.address)).free
    except OSError:  # a drive that has gone: what can't be measured is left out
        return
    yield GaugeMetricFamily("fileq_database_bytes", "The database file's size.", size, unit="bytes")
    yield GaugeMetricFamily("fileq_disk_free_bytes", "Free space on the database's disk.", free, unit="bytes")
