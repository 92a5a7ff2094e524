"""Each host that has workers is listed, with its last sign of life."""

import pytest

from fileq.health.check import CheckState
from fileq.health.hosts import HostState, examine_hosts, examine_workers
from fileq.ledger.tables.workers import Instruction
from fileq.presence import ProcessIdentity, hostname
from tests.support.jobs import NOW, begin, enter, finish

DAY = 86400


def sign_on(ledger, host, pid=1, now=NOW):
    return ledger.workers.register_worker(ProcessIdentity(host, pid, f"m/b-{host}/1/5"), "fileq", 2, now)


def look(ledger, now=NOW):
    workers = examine_workers(ledger, ledger.overview.list_running_jobs(), 5.0, now)
    return {host.host: host for host in examine_hosts(ledger, workers, now)}


def test_doctor_lists_each_host_with_its_last_sign_of_life(checked):
    assert checked.run_check("hosts").message == "No host has a worker."
    checked.register_worker(now=NOW)
    sign_on(checked.ledger, "mill", 1)
    sign_on(checked.ledger, "mill", 2, NOW + 5)
    found = checked.run_check("hosts", NOW + 8)
    assert found.state is CheckState.OK
    assert sorted(found.message.splitlines()) == sorted([
        f"{hostname()}: 1 worker, 2 slots, last sign of life 8.0 s ago.",
        "mill: 2 workers, 4 slots, last sign of life 3.0 s ago.",
    ])  # fmt: skip


def test_a_host_that_died_is_listed_for_a_day_or_until_a_worker_is_there_again(checked):
    ledger = checked.ledger
    ledger.workers.strike_off_worker(sign_on(ledger, "mill"), NOW + 30)
    assert checked.run_check("hosts", NOW + 60).message == "mill: gone, last sign of life 1 min 0 s ago."
    assert checked.run_check("hosts", NOW + DAY + 1).message == "No host has a worker."
    sign_on(ledger, "mill", 2, NOW + 60)
    assert checked.run_check("hosts", NOW + 60).message.startswith("mill: 1 worker")


def test_a_host_whose_worker_has_signed_off_is_not_listed(checked):
    ledger = checked.ledger
    dead, leaving = sign_on(ledger, "mill", 1), sign_on(ledger, "mill", 2)
    ledger.workers.strike_off_worker(dead, NOW)
    ledger.workers.unregister_worker(leaving.id)
    ledger.workers.strike_off_worker(leaving, NOW)
    assert checked.run_check("hosts").message == "No host has a worker."


def test_two_machines_of_one_name_are_told_apart(ledger):
    for machine in ("1a2b3c4d", "5e6f7a8b"):
        ledger.workers.register_worker(ProcessIdentity("mill", 1, f"{machine}/b/1/5"), "fileq", 2, NOW)
    sign_on(ledger, "forge")
    assert list(look(ledger)) == ["forge", "mill (1a2b3c)", "mill (5e6f7a)"]


def test_no_worker_is_at_work_while_all_is_paused(ledger):
    sign_on(ledger, "mill")
    ledger.batches.set_paused(paused=True)
    assert look(ledger)["mill"].activity is HostState.PAUSED
    ledger.batches.set_paused(paused=False)
    assert look(ledger)["mill"].activity is HostState.WORKING


def test_a_host_has_the_sums_of_its_workers_that_are_there(ledger):
    first, second = sign_on(ledger, "mill", 1, NOW - 600), sign_on(ledger, "mill", 2, NOW)
    sign_on(ledger, "forge", 1, NOW)
    for job in enter(ledger, "/a", "/b"):
        finish(ledger, begin(ledger, job, first.id), NOW - 10)
    (job,) = enter(ledger, "/c")
    begin(ledger, job, second.id)
    mill, forge = (look(ledger)[host] for host in ("mill", "forge"))
    assert (mill.workers, mill.slots, mill.running, mill.seen_at) == (1, 2, 1, NOW), "the first one is silent"
    assert (forge.running, forge.rate_per_minute) == (0, 0)
    ledger.workers.record_heartbeat(first.id, NOW)
    mill = look(ledger)["mill"]
    assert (mill.workers, mill.slots, mill.rate_per_minute) == (2, 4, 60 * 2 / 300)


@pytest.mark.parametrize(
    ("instructions", "activity"),
    [((None, Instruction.STOP), HostState.WORKING), ((Instruction.PAUSE, Instruction.STOP), HostState.PAUSED)],
)
def test_a_host_does_what_its_busiest_worker_does(ledger, instructions, activity):
    for pid, instruction in enumerate(instructions):
        ledger.workers.instruct_workers([sign_on(ledger, "mill", pid).id], instruction)
    assert look(ledger)["mill"].activity is activity
