"""Three hosts, a server and a shared folder: hosts die, freeze and are cut off, the server dies; all is done once.

Messages lie in the database, or on a broker that is flushed and killed as well. FILEQ_CHAOS=long has 3,000 jobs, and
FILEQ_CHAOS_JOBS says otherwise; for each 1,000 all that can happen happens again, each time to other hosts.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
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
from tests.support.redis import RedisServer, own_redis

JOBS = int(os.environ.get("FILEQ_CHAOS_JOBS", "0")) or (3000 if os.environ.get("FILEQ_CHAOS") == "long" else 240)
ROUNDS = max(1, JOBS // 1000)
pytestmark = [pytest.mark.skipif(bool(LACKING), reason=LACKING), pytest.mark.timeout(max(300, JOBS))]
SILENCE = 8.0
"""Seconds for which a host is cut off, or frozen: twice as long as it may be silent."""

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


@pytest.fixture(params=["database", "broker"])
def broker(request: pytest.FixtureRequest) -> Iterator[RedisServer | None]:
    """Where messages lie, if not in the database."""
    if request.param == "database":
        yield None
        return
    with own_redis() as server:
        yield server


@pytest.fixture
def onlooker(tmp_path: Path, server: Server) -> Iterator[Program]:
    """Who sees and steers from the server itself, and has no root."""
    with own_schema(server.address) as address:
        yield Program(tmp_path, address)


@pytest.fixture
def machines(tmp_path: Path, server: Server, broker: RedisServer | None, onlooker: Program) -> Iterator[list[Machine]]:
    share = tmp_path / "export"
    write(share / "photos", JOBS, (64, 48))
    assert onlooker.server is not None
    schema = onlooker.server.partition("options=")[2]
    with ExitStack() as stack:
        port = stack.enter_context(listening(server.socket))
        database = f"postgresql://postgres@{{}}:{port}/postgres?options={schema}"
        made = [
            Machine(tmp_path / host.name, host, share, database.format(host.server))
            for host in stack.enter_context(hosts(tmp_path, 3))
        ]
        if broker is not None:
            broker_port = stack.enter_context(listening(broker.socket))
            for machine in made:
                machine.environment["FILEQ_BROKER"] = f"redis://{machine.host.server}:{broker_port}/0"
        yield made


def digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.is_file()}


def done(onlooker: Program) -> int:
    try:
        return onlooker.states().get("done", 0)
    except psycopg.OperationalError:
        return 0


class Chaos:
    """Three hosts that work, and what happens to them; `happened` counts it."""

    def __init__(
        self, machines: list[Machine], server: Server, broker: RedisServer | None, onlooker: Program, stack: ExitStack
    ) -> None:
        self.machines, self.server, self.broker = machines, server, broker
        self._onlooker = onlooker
        self._stack = stack
        self._chance = random.Random(JOBS)
        self.happened: Counter[str] = Counter()
        self.workers = {machine: self._work(machine) for machine in machines}

    def _work(self, machine: Machine) -> subprocess.Popen[bytes]:
        process = machine.start("worker", "-w", "2", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._stack.callback(kill_group, process)
        return process

    def reach(self, jobs: float) -> None:
        """Wait until so many jobs are done; each hundred may take as long as anything may."""
        known = 0
        while known < jobs:
            goal = min(jobs, known + 100)
            wait_until(lambda goal=goal: done(self._onlooker) >= goal)
            known = done(self._onlooker)

    def kill_host(self, machine: Machine) -> None:
        kill_group(self.workers[machine])
        self.happened["host killed"] += 1

    def bring_back(self, machine: Machine) -> None:
        self.workers[machine] = self._work(machine)

    def kill_server(self) -> None:
        self.server.kill()
        self.server.start()
        self.happened["server killed"] += 1

    def trouble_broker(self) -> None:
        if self.broker is None:
            return
        self.broker.ask("flushall")
        self.happened["broker flushed"] += 1
        if self._chance.random() < 0.5:
            self.broker.kill()
            self.broker.start()
            self.happened["broker killed"] += 1

    def end_connections(self) -> None:
        with psycopg.connect(self.server.address, autocommit=True) as connection:
            ended = connection.execute(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where pid <> pg_backend_pid()"
                " and backend_type = 'client backend' and random() < 0.1"
            ).fetchone()
        assert ended is not None
        self.happened["connections ended"] += ended[0]
        time.sleep(self._chance.uniform(0.2, 0.6))

    def do_all(self, start: float, length: float) -> None:
        """Have all happen that can, while so many jobs are done from `start` on."""
        dying, lonely, freezing = self.machines
        self.reach(start + 0.05 * length)
        self.kill_host(dying)
        self.trouble_broker()
        self.reach(start + 0.15 * length)
        self.bring_back(dying)
        lonely.host.cut_off()
        self.happened["host cut off"] += 1
        gone = time.monotonic() + SILENCE
        self.reach(start + 0.25 * length)
        self.kill_server()
        wait_until(lambda: time.monotonic() > gone)
        lonely.host.join()
        self.reach(start + 0.4 * length)
        freeze(self.workers[freezing], frozen=True)
        self.happened["host frozen"] += 1
        gone = time.monotonic() + SILENCE
        self.kill_server()
        self.trouble_broker()
        self.reach(start + 0.5 * length)
        wait_until(lambda: time.monotonic() > gone)
        freeze(self.workers[freezing], frozen=False)
        self.reach(start + 0.6 * length)
        self.kill_server()
        while done(self._onlooker) < start + 0.85 * length:
            self.end_connections()
            if self._chance.random() < 0.2:
                self.trouble_broker()
        self.machines = [lonely, freezing, dying]  # next time it is others' turn


def test_three_hosts_under_all_that_can_happen_do_everything_once(
    machines: list[Machine], server: Server, broker: RedisServer | None, onlooker: Program, tmp_path: Path
) -> None:
    share = tmp_path / "export"
    before = digests(share / "photos")
    first = machines[0]
    first.run("add", first.folder / "share" / "photos", "-r", "slow", "-o", first.folder / "share" / "out")
    began = time.monotonic()
    with ExitStack() as stack:
        chaos = Chaos(machines, server, broker, onlooker, stack)
        for number in range(ROUNDS):
            chaos.do_all(number * JOBS / ROUNDS, JOBS / ROUNDS)
        chaos.reach(JOBS)
        wait_until(lambda: onlooker.states() == {"done": JOBS})
        seconds = time.monotonic() - began
        names = {machine.host.name for machine in machines}
        assert {worker["host"] for worker in onlooker.json("workers") if worker["state"] != "gone"} <= names
        assert {host["host"] for host in onlooker.json("report")["hosts"]} == names
        onlooker.run("worker", "--stop", "--all")
        for process in chaos.workers.values():
            assert process.wait(timeout=60) == 0
    outcomes = dict(onlooker.ask("select outcome, count(*) from attempts group by outcome"))
    ((tries,),) = onlooker.ask("select max(tries) from jobs")
    counted = f"{dict(chaos.happened)}. Attempts: {outcomes}, at most {tries} tries."
    sys.stdout.write(f"{JOBS:,} jobs, {seconds:.0f} s. {counted}\n")
    assert digests(share / "photos") == before
    assert sorted(digests(share / "out").values()) == sorted(before.values()), "each output whole, and none twice"
    assert outcomes["done"] == JOBS
    # These hosts see each other's processes, and who takes a worker for dead ends its programs: that may cost a try.
    assert tries <= 2
    assert not list(share.rglob(".*")), "no temp file is left"
