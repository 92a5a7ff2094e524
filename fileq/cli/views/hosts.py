"""What is shown of hosts and their workers, and of the roots that they have."""

from collections.abc import Mapping, Sequence
from typing import Any

from fileq.cli.times import iso_or_none
from fileq.display import Column, Table, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.display.progress import describe_rate
from fileq.health.hosts import HostState, HostStatus
from fileq.roots import this_hosts_roots
from fileq.units import describe_count, describe_seconds

_COLUMNS = (
    Column("host", 12),
    Column("workers", 7, "number"),
    Column("slots", 5, "number"),
    Column("jobs", 4, "number"),
    Column("rate", 12),
    Column("seen", 8),
    Column("state", 8),
)
_TONES = {HostState.WORKING: Tone.GOOD, HostState.GONE: Tone.BAD}


def host_document(host: HostStatus, now: float) -> dict[str, Any]:
    """Return the JSON document of a host. Its keys are a contract."""
    return {
        "host": host.host,
        "workers": host.workers,
        "slots": host.slots,
        "running": host.running,
        "rate_per_minute": round(host.rate_per_minute, 1),
        "seen_at": iso_or_none(host.seen_at),
        "seconds_since_seen": round(max(0.0, now - host.seen_at), 1),
        "state": str(host.activity),
        "roots": sorted(host.roots),
    }


def root_documents(hosts: Sequence[HostStatus], waiting: Mapping[frozenset[str], int]) -> list[dict[str, Any]]:
    """Return the JSON documents of the roots that this host has, or another one, or that jobs wait for.

    `waiting` is how many jobs wait, by the names of all the roots that each one needs. Their keys are a contract.
    """
    here = this_hosts_roots().paths
    names = set(here).union(*(host.roots for host in hosts), *waiting)
    return [
        {
            "name": name,
            "path": here.get(name),
            "hosts": [host.host for host in hosts if name in host.roots],
            "jobs": sum(count for roots, count in waiting.items() if name in roots),
        }
        for name in sorted(names)
    ]


def host_blocks(hosts: Sequence[HostStatus], now: float) -> list[Block]:
    """Return the table of the hosts, where there are several."""
    if len(hosts) < 2:
        return []
    return [Text(), Table(_COLUMNS, [_row(host, now) for host in hosts])]


def host_lines(hosts: Sequence[HostStatus], now: float) -> list[Text]:
    """Return a line on each host, where there are several."""
    return [_line(host, now) for host in hosts] if len(hosts) > 1 else []


def _line(host: HostStatus, now: float) -> Text:
    rate = f", {describe_rate(host.rate_per_minute)}" if round(host.rate_per_minute, 1) else ""
    work = f"{describe_count(host.workers, 'worker')}, {describe_count(host.running, 'job')}{rate}"
    what = work if host.activity is HostState.WORKING else str(host.activity)
    tone = Tone.QUIET if host.activity is HostState.WORKING else Tone.WARNING
    return Text(f"{host.host}: {what}, seen {describe_seconds(max(0.0, now - host.seen_at))} ago", tone)


def _row(host: HostStatus, now: float) -> tuple[Cell, ...]:
    return (
        host.host,
        str(host.workers),
        str(host.slots),
        str(host.running),
        rate_cell(host.rate_per_minute),
        seen_cell(now - host.seen_at),
        activity_cell(host.activity),
    )


def rate_cell(jobs_per_minute: float) -> Cell:
    """Return how fast a worker or a host is."""
    return describe_rate(jobs_per_minute) if round(jobs_per_minute, 1) else Text("-", Tone.QUIET)


def seen_cell(seconds: float) -> Cell:
    """Return how many seconds ago the last sign of life was."""
    return Text(f"{describe_seconds(max(0.0, seconds))} ago", Tone.QUIET)


def activity_cell(activity: HostState) -> Cell:
    """Return what a worker or a host is about."""
    return Text(activity, _TONES.get(activity, Tone.WARNING))
