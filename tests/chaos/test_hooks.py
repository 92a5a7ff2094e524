"""Hooks while everybody dies: each end is told, in order, by one id, however often its worker was killed.

FILEQ_CHAOS=long kills more often, and repeats with seeds.
"""

import os
import random
import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from tests.acceptance.program import Program, kill_group
from tests.chaos.random_kills import killing
from tests.support.hooks import calls, hook, url
from tests.support.receiver import Receiver

LONG = os.environ.get("FILEQ_CHAOS") == "long"
KILLS, SEEDS = (60, range(4)) if LONG else (4, range(1))
EACH = 4

pytestmark = pytest.mark.timeout(3600 if LONG else 300)

_OVER = "update hook_calls set leased_until = null, due_at = 0, first_tried_at = null"
"""A killed worker's calls wait for its lease to be over, and what failed is tried again later and later: not here."""


def fill(fileq: Program, motifs: list[Path], number: int) -> None:
    """Add photos of their own, and one that is none."""
    folder = fileq.folder / "in" / str(number)
    folder.mkdir(parents=True)
    for name in range(EACH):
        shutil.copy(motifs[name % len(motifs)], folder / f"{number}-{name}.jpg")
    (folder / "broken.jpg").write_bytes(b"no picture")
    fileq.run("add", folder, "-r", "thumbnail", "-o", fileq.folder / "out", "--key", f"order-{number}")


@pytest.mark.parametrize("seed", SEEDS)
def test_each_end_is_told_in_order_and_by_one_id_whoever_is_killed(fileq: Program, motifs, seed) -> None:
    chance = random.Random(seed)
    answers = [chance.choice((204, 204, 204, 500, 503, 302)) for _ in range(8 * KILLS)]
    killed = []
    with Receiver(*answers, 204) as shop:
        hook(fileq, url(shop, 'on = ["done", "failed", "batch"]', 'timeout = "2s"'))
        for number in range(KILLS):
            fill(fileq, motifs, number)
            fileq.run("retry", "--failed")
            process = fileq.start("worker", "--drain", "--workers", "2")
            with killing(process, 2.5, chance) as who:
                process.wait(120)
            killed += who
            kill_group(process)  # what is left of it
            fileq.pretend(_OVER)
        while calls(fileq):
            fileq.run("worker", "--drain")
            fileq.pretend(_OVER)
        assert set(fileq.states()) == {"done", "failed"}
        assert len(killed) >= KILLS // 3, "who is killed too late dies for nothing"
        all_told(fileq, shop)


def all_told(fileq: Program, shop: Receiver) -> None:
    """Check that each end of each job and batch was told, by one id and one body, and the last end as the last."""
    told: dict[int, list[tuple[str, str]]] = defaultdict(list)
    batches = set()
    for event in {event["id"]: event for event in shop.events}.values():  # each where it was told first
        if "job" in event:
            told[event["job"]["id"]].append((event["event"], event["job"]["state"]))
        else:
            batches.add(event["batch"]["batch"])
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for received in shop.received:
        bodies[received.event["id"]].add(received.body)
    assert all(len(texts) == 1 for texts in bodies.values())
    states = dict(fileq.ask("select id, state from jobs"))
    assert told.keys() == states.keys()
    assert batches == {batch for (batch,) in fileq.ask("select id from batches")}
    for job_id, state in states.items():
        assert told[job_id][-1] == (f"job.{state}", state)
        assert state == "failed" or told[job_id] == [("job.done", "done")]
