"""Two hosts, hosts that freeze and thaw, and clocks that step: each job is done once, nothing is lost.

FILEQ_CHAOS=long takes longer, and repeats with seeds.
"""

import os
import random
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program, files, kill_group
from tests.acceptance.watching import Watched
from tests.chaos import hosts
from tests.chaos.hosts import add, all_well, done_by, freeze, freeze_amid_a_job, inodes, other_host, thaw, worker_id
from tests.chaos.steps import Clock, build
from tests.support.drives import another_device

LONG = os.environ.get("FILEQ_CHAOS") == "long"
SEEDS = range(8 if LONG else 1)
HOUR = 3600
_NO_OTHER_HOST = hosts.why_not()

pytestmark = pytest.mark.timeout(1800 if LONG else 300)
needs_clock = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("gcc") is None, reason="gcc builds the clock, for Linux"
)
needs_hosts = pytest.mark.skipif(bool(_NO_OTHER_HOST), reason=_NO_OTHER_HOST or "there can be one")

comes_another = pytest.mark.parametrize("comes_another", [True, False] if LONG else [True])
"""A worker sees to what others have left when it comes, and then every minute."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another device."""
    with another_device(tmp_path) as folder:
        yield folder


@needs_hosts
@comes_another
@pytest.mark.parametrize("seed", SEEDS)
def test_the_jobs_of_a_host_that_has_died_are_done_by_the_other_once_each(
    fileq: Program, motifs, seed, *, comes_another
) -> None:
    chance = random.Random(seed)
    fileq.trust(hosts.COPY)
    names = add(fileq, motifs, range(60))
    with fileq.worker("--workers", "2") as near, other_host(fileq, "--workers", "2") as far:
        one, other = worker_id(fileq, near), worker_id(fileq, far)
        assert len(fileq.ask("select distinct host from workers")) == 2
        fileq.wait_until(lambda: done_by(fileq, one) > 2 and done_by(fileq, other) > 2)
        time.sleep(chance.uniform(0, 0.3))  # the random moment
        freeze_amid_a_job(fileq, far)
        kill_group(far)
        standing = inodes(fileq.folder / "out")
        if comes_another:
            time.sleep(hosts.SILENCE)
            fileq.run("worker", "--drain", "--workers", "1")
        fileq.wait_until(lambda: fileq.states() == {"done": len(names)})
        assert not fileq.ask("select 1 from workers where id = ?", other)
    taken_over = fileq.ask("select job_id from attempts where worker_id = ? and outcome = 'worker died'", other)
    assert 1 <= len(taken_over) <= 2
    assert fileq.ask("select max(attempts) from jobs") == [(2,)]
    assert standing.items() <= inodes(fileq.folder / "out").items()
    all_well(fileq, names)


@needs_hosts
@pytest.mark.parametrize("seed", SEEDS)
def test_a_host_that_thaws_publishes_nothing_again_and_goes_on(fileq: Program, motifs, seed) -> None:
    fileq.trust(hosts.COPY)
    names = add(fileq, motifs, range(20))
    with other_host(fileq, "--workers", "2") as frozen:
        fileq.wait_until(lambda: done_by(fileq, worker_id(fileq, frozen)) > 2)
        time.sleep(random.Random(seed).uniform(0, 0.3))  # the random moment
        freeze_amid_a_job(fileq, frozen)
        before = worker_id(fileq, frozen)
        time.sleep(2 * hosts.SILENCE)
        fileq.run("worker", "--drain", "--workers", "2")
        assert fileq.states() == {"done": len(names)}
        published = inodes(fileq.folder / "out")
        thaw(frozen)
        fileq.wait_until(lambda: frozen.pid in fileq.worker_pids())  # it signs on again
        names += add(fileq, motifs, range(20, 30))
        fileq.run("wait")
        assert done_by(fileq, worker_id(fileq, frozen)) == 10
        assert worker_id(fileq, frozen) != before
    assert published.items() <= inodes(fileq.folder / "out").items()
    assert fileq.ask("select max(attempts) from jobs") <= [(2,)]
    all_well(fileq, names)


@needs_hosts
@pytest.mark.parametrize("seed", SEEDS)
def test_an_original_whose_mover_freezes_is_moved_once_by_the_other_host(fileq: Program, elsewhere, seed) -> None:
    inbox, content = Watched(fileq), random.Random(seed).randbytes(2**20) * 160
    inbox.configure(f'failed_to = "{elsewhere}"', recipes='[worker]\nheartbeat = "200ms"\n')
    original = inbox.folder / "a.jpg"  # no picture: its job fails at once, and it is to go
    original.write_bytes(content)
    fileq.run("watch", "--once")
    with other_host(fileq, "--workers", "1") as mover:
        fileq.wait_until(lambda: files(elsewhere))  # it has begun to copy
        freeze(fileq, mover)
        assert not (elsewhere / "a.jpg").exists(), "it was too fast"
        fileq.run("worker", "--drain")
        assert original.exists()  # the lease holds, though its holder is silent
        fileq.pretend("update dispositions set held_until = 1")
        fileq.run("worker", "--drain")
        moved = (elsewhere / "a.jpg").stat()
        thaw(mover)
        fileq.run("watch", "--once", "--work")
        fileq.wait_until(lambda: mover.pid in fileq.worker_pids())
        (inbox.folder / "b.jpg").write_bytes(b"no picture either")
        fileq.run("watch", "--once")
        fileq.wait_until(lambda: files(elsewhere) == ["a.jpg", "b.jpg"])  # it moves others
        fileq.wait_until(lambda: fileq.ask("select count(*) from dispositions") == [(0,)])  # their new names come first
    assert (elsewhere / "a.jpg").stat().st_ino == moved.st_ino
    assert (elsewhere / "a.jpg").read_bytes() == content
    assert files(inbox.folder) == []


@needs_clock
@pytest.mark.parametrize("seed", SEEDS)
def test_a_worker_whose_clock_steps_by_an_hour_does_each_job_once(fileq: Program, motifs, tmp_path, seed) -> None:
    chance, clock = random.Random(seed), Clock(build(tmp_path), tmp_path)
    fileq.trust(hosts.COPY)
    names = add(fileq, motifs, range(40))
    true = dict(fileq.environment)
    fileq.environment |= clock.environment
    with fileq.worker("--workers", "2") as stepping:
        fileq.environment = true
        with fileq.worker("--workers", "1") as steady:
            signed_on = [worker_id(fileq, stepping), worker_id(fileq, steady)]
            for step in (HOUR, 0, -HOUR, 0) * (4 if LONG else 1):
                time.sleep(chance.uniform(0.3, 1.5))  # the random moment
                clock.step_to(step)
            clock.step_to(-20)
            behind = "select 1 from workers where id = ? and heartbeat_at < ?"
            fileq.wait_until(lambda: fileq.ask(behind, signed_on[0], time.time() - 10))
            late = add(fileq, motifs, range(40, 44), "--at", "3s")
            fileq.run("worker", "--drain", "--workers", "1")  # it looks who is there, and takes that one for silent
            fileq.wait_until(lambda: fileq.states() == {"done": len(names) + len(late)})
            waits = [wait for (wait,) in fileq.ask("select started_at - added_at from jobs order by id desc limit 4")]
            assert 3 <= min(waits) <= max(waits) < 30
            assert [worker_id(fileq, stepping), worker_id(fileq, steady)] == signed_on
            assert all(done_by(fileq, worker) for worker in signed_on)
    assert fileq.ask("select count(*) from attempts where outcome <> 'done'") == [(0,)]
    all_well(fileq, names + late, known=("clock",))


@needs_clock
@comes_another
def test_a_clock_that_is_set_back_puts_no_retry_off(fileq: Program, motifs, tmp_path, *, comes_another) -> None:
    clock = Clock(build(tmp_path), tmp_path)
    slow = f'test -e {tmp_path}/seen || {{ touch {tmp_path}/seen; sleep 1000; }}; cp "$0" "$1"'
    fileq.trust(hosts.COPY.replace(hosts.SCRIPT, slow).replace("[worker]", '[worker]\ntimeout = "2s"'))
    true = dict(fileq.environment)
    fileq.environment |= clock.environment
    clock.step_to(HOUR)
    with fileq.worker("--workers", "1"):
        fileq.environment = true
        names = add(fileq, motifs, range(1))
        fileq.wait_until(lambda: fileq.states() == {"waiting": 1})
        clock.step_to(0)
        began = time.monotonic()
        if comes_another:
            fileq.run("worker", "--drain")
        fileq.wait_until(lambda: fileq.states() == {"done": 1})
        assert time.monotonic() - began < (30 if comes_another else 90)
    assert fileq.ask("select attempts from jobs") == [(2,)]
    all_well(fileq, names, known=("clock",))
