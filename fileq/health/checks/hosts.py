"""The hosts: which take part, and when each gave its last sign of life. What is wrong there, other checks say."""

from fileq.health.check import CheckContext, CheckState, Finding, ok
from fileq.health.hosts import HostState, HostStatus, examine_hosts, examine_workers
from fileq.units import describe_count, describe_seconds


def check_hosts(context: CheckContext) -> Finding:
    """List the hosts, each in a line of its own."""
    ledger, now = context.ledger, context.now
    workers = examine_workers(ledger, ledger.overview.list_running_jobs(), context.heartbeat, now)
    hosts = examine_hosts(ledger, workers, now)
    if not hosts:
        return ok("No host has a worker.")
    return Finding(CheckState.OK, "\n".join(ok(_describe(host, now)).message for host in hosts))


def _describe(host: HostStatus, now: float) -> str:
    seen = f"last sign of life {describe_seconds(max(0.0, now - host.seen_at))} ago"
    if host.activity is HostState.GONE:
        return f"{host.host}: gone, {seen}."
    state = "" if host.activity is HostState.WORKING else f", {host.activity}"
    return (
        f"{host.host}: {describe_count(host.workers, 'worker')}, {describe_count(host.slots, 'slot')}{state}, {seen}."
    )
