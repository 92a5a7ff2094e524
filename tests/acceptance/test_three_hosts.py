"""Three hosts, a server and a shared folder: hosts die, freeze and are cut off, the server dies; all is done once.

FILEQ_CHAOS=long has 3,000 jobs, and FILEQ_CHAOS_JOBS says otherwise.
"""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from tests.acceptance.program import Program, kill_group, wait_until
from tests.support.hosts import LACKING, Host, freeze, hosts, listening
from tests.support.photos import write
from tests.support.postgres import Server, own_schema, own_server

pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING)

JOBS = int(os.environ.get("FILEQ_CHAOS_JOBS", "0")) or (3000 if os.environ.get("FILEQ_CHAOS") == "long" else 240)

CONFIG = """
[worker]
heartbeat = "1s"
retry_delay = "1s"

[[root]]
name = "share"
path = "{share}"

[recipes.slow]
steps = [ {{ op = "command", argv = ["sh", "-c", 'sleep 0.1; cp "$0" "$1"', "{{source}}", "{{output}}"] }} ]
outputs = [ {{ name = "{{stem}}.out", format = "same" }} ]
"""


class Machine(Program):
    """fileq on one of the hosts, which has the shared folder at a path of its own."""

    def __init__(self, folder: Path, host: Host, share: Path, database: str) -> None:
        folder.mkdir()
        super().__init__(folder, database)
        self.host = host
        self.environment |= {"PGCONNECT_TIMEOUT": "3"}
        mounted = folder / "share"
        mounted.symlink_to(share)
        self.configure(CONFIG.format(share=mounted))
        self.environment["FILEQ_CONFIG"] = str(folder / "fileq.toml")

    def start(self, *arguments: str | Path | bytes, **options: object) -> subprocess.Popen[bytes]:
        return super().start(*arguments, wrapper=self.host.wrapper, **options)


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server() as server:
        yield server


@pytest.fixture
def onlooker(tmp_path: Path, server: Server) -> Iterator[Program]:
    """Who sees and steers from the server itself, and has no root."""
    with own_schema(server.address) as address:
        yield Program(tmp_path, address)


@pytest.fixture
def machines(tmp_path: Path, server: Server, onlooker: Program) -> Iterator[list[Machine]]:
    share = tmp_path / "export"
    write(share / "photos", JOBS, (64, 48))
    assert onlooker.server is not None
    schema = onlooker.server.partition("options=")[2]
    with hosts(tmp_path, 3) as made, listening(server.socket) as port:
        database = f"postgresql://postgres@{{}}:{port}/postgres?options={schema}"
        yield [Machine(tmp_path / host.name, host, share, database.format(host.server)) for host in made]


def digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def done(onlooker: Program) -> int:
    try:
        return onlooker.states().get("done", 0)
    except psycopg.OperationalError:
        return 0


def test_three_hosts_under_all_that_can_happen_do_everything_once(
    machines: list[Machine], server: Server, onlooker: Program, tmp_path: Path
) -> None:
    share = tmp_path / "export"
    before = digests(share / "photos")
    first = machines[0]
    first.run("add", first.folder / "share" / "photos", "-r", "slow", "-o", first.folder / "share" / "out")
    chance = random.Random(JOBS)
    with ExitStack() as stack:

        def work(machine: Machine) -> subprocess.Popen[bytes]:
            process = machine.start("worker", "-w", "2", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(kill_group, process)
            return process

        workers = {machine.host.name: work(machine) for machine in machines}

        def reach(share_of_all: float) -> None:
            wait_until(lambda: done(onlooker) >= share_of_all * JOBS)

        reach(0.05)
        kill_group(workers["host1"])  # a host dies, and comes back
        reach(0.15)
        workers["host1"] = work(machines[0])
        machines[1].host.cut_off()  # one is cut off for longer than it may be silent
        gone = time.monotonic() + 8
        reach(0.25)
        server.kill()
        server.start()
        wait_until(lambda: time.monotonic() > gone)
        machines[1].host.join()
        reach(0.4)
        freeze(workers["host3"], frozen=True)
        gone = time.monotonic() + 8
        server.kill()
        server.start()
        reach(0.5)
        wait_until(lambda: time.monotonic() > gone)
        freeze(workers["host3"], frozen=False)
        reach(0.6)
        server.kill()
        server.start()
        while done(onlooker) < 0.85 * JOBS:
            with psycopg.connect(server.address, autocommit=True) as connection:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
                    " and backend_type = 'client backend' and random() < 0.1"
                )
            time.sleep(chance.uniform(0.2, 0.6))
        wait_until(lambda: onlooker.states() == {"done": JOBS})
        assert {worker["host"] for worker in onlooker.json("workers") if worker["state"] != "gone"} <= set(workers)
        assert {host["host"] for host in onlooker.json("report")["hosts"]} == set(workers)
        onlooker.run("worker", "--stop", "--all")
        for process in workers.values():
            assert process.wait(timeout=60) == 0
    assert digests(share / "photos") == before
    assert sorted(digests(share / "out").values()) == sorted(before.values()), "each output whole, and none twice"
    assert onlooker.ask("select count(*) from attempts where outcome = 'done'") == [(JOBS,)]
    # These hosts see each other's processes, and who takes a worker for dead ends its programs: that may cost a try.
    ((tries,),) = onlooker.ask("select max(tries) from jobs")
    assert tries <= 2
    assert not list(share.rglob(".*")), "no temp file is left"
