"""Hosts whose clocks are wrong by an hour share a ledger on a server: they go by its clock, and no job is harmed."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.support.photos import write
from tests.support.postgres import own_schema

HOUR = 3600
JOBS = 40

_SHIFTED = """
import time
_real = time.time
time.time = lambda: _real() + {offset}
"""


class Host(Program):
    """A host of its own name and machine, whose clock is wrong by so many seconds. It shares the folder with others."""

    def __init__(self, folder: Path, server: str, offset: float) -> None:
        super().__init__(folder, server)
        shift = folder / f"clock{offset:+}"
        shift.mkdir()
        (shift / "sitecustomize.py").write_text(_SHIFTED.format(offset=offset), "utf-8")
        path = self.environment.get("PYTHONPATH", "")
        self.environment |= {"PYTHONPATH": f"{shift}:{path}" if path else str(shift)}


@pytest.fixture
def hosts(tmp_path: Path, postgres: str) -> Iterator[tuple[Host, Host, Host]]:
    write(tmp_path / "photos", JOBS, (640, 480))
    with own_schema(postgres) as address:
        yield tuple(Host(tmp_path, address, offset) for offset in (0, HOUR, -HOUR))  # type: ignore[misc]


def test_all_is_done_once_and_no_host_takes_another_for_dead(hosts: tuple[Host, Host, Host]) -> None:
    right, fast, slow = hosts
    with ExitStack() as stack:
        for host in hosts:
            stack.enter_context(host.worker("-w", "1"))
        known = right.worker_pids()
        fast.run("add", "photos", "-r", "web")
        slow.run("add", "photos", "-r", "thumbnail")
        right.run("wait")
        assert sorted(right.worker_pids()) == sorted(known)
    assert right.states() == {"done": 2 * JOBS}
    assert right.ask("select max(attempts), max(deaths) from jobs") == [(1, 0)]
    ((first, last),) = right.ask("select min(added_at), max(finished_at) from jobs")
    assert 0 <= last - first < HOUR / 2, "all times are of one clock"


@pytest.mark.parametrize("wrong", [1, 2])
def test_a_delay_is_one_whatever_the_clock_of_who_asks_for_it(hosts: tuple[Host, Host, Host], wrong: int) -> None:
    hosts[wrong].run("add", "photos", "--at", "1s")
    hosts[3 - wrong].run("worker", "--drain")
    assert hosts[0].states() == {"done": JOBS}


@pytest.mark.parametrize(("wrong", "way"), [(1, "1 h 0 min ahead of"), (2, "1 h 0 min behind")])
def test_doctor_says_that_the_clock_is_wrong(hosts: tuple[Host, Host, Host], wrong: int, way: str) -> None:
    checks = {check["name"]: check for check in hosts[wrong].json("doctor")["checks"]}
    assert checks["clock"]["state"] == "warning"
    assert f"{way} the database's" in checks["clock"]["message"]
    assert "time server" in checks["clock"]["remedy"]


def test_doctor_finds_a_right_clock_steady(hosts: tuple[Host, Host, Host]) -> None:
    checks = {check["name"]: check for check in hosts[0].json("doctor")["checks"]}
    assert checks["clock"]["state"] == "ok"
