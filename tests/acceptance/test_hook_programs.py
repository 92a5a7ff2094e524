"""Functions and programs that are called when jobs have ended."""

import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import Program, wait_until
from tests.support.hooks import add, function, hook, url
from tests.support.receiver import Receiver

FAULTS = {
    "raises": (
        "raise ValueError('no such order')",
        "shophooks:ready failed with exit code 1: ValueError: no such order",
    ),
    "exits": ("os._exit(3)", "shophooks:ready failed with exit code 3"),
    "leaves": (
        "sys.exit()",
        "shophooks:ready failed with exit code 1: RuntimeError: it has ended its process by SystemExit(None)",
    ),
    "crashes": ("os.abort()", "shophooks:ready was ended by signal 6"),
    "hangs": ("time.sleep(600)", "shophooks:ready took longer than 2 s"),
}


def test_a_function_is_called_with_the_event(fileq: Program, photos: Path) -> None:
    function(
        fileq,
        "def ready(event):\n"
        "    print('hello')\n"
        "    with open('told', 'a') as file:\n"
        "        file.write(f'{event.event} {event.job.key} {event.job.outputs[0].path} {event.time.year}\\n')\n",
    )
    hook(fileq, 'function = "shophooks:ready"')
    add(fileq, photos, "--key", "order-17")
    fileq.run("worker", "--drain")
    lines = (fileq.folder / "told").read_text().splitlines()
    assert len(lines) == 8
    event, key, path, year = lines[0].split()
    assert (event, key) == ("job.done", "order-17")
    assert int(year) > 2020
    assert os.path.exists(path)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_function_with_a_fault_is_that_hooks_trouble_alone(
    fileq: Program, photos: Path, shop: Receiver, fault: str
) -> None:
    does, problem = FAULTS[fault]
    function(fileq, f"def ready(event):\n    {does}\n")
    hook(fileq, 'function = "shophooks:ready"\ntimeout = "2s"\non = ["batch"]', url(shop, 'on = ["batch"]'))
    add(fileq, photos)
    fileq.run("worker", "--drain")
    assert fileq.ask("select problem from hook_calls") == [(f"{problem}.",)]
    assert shop.told == ["batch.ended 1"]


def test_a_program_gets_the_event_in_its_arguments_on_its_stdin_and_in_variables(fileq: Program, photos: Path) -> None:
    program = (
        "import json, os, sys; json.dump([sys.argv[1:], json.load(sys.stdin), dict(os.environ)], open('told', 'w'))"
    )
    command = [sys.executable, "-c", program, "{event} {key}", "{source}", "$HOME"]
    hook(fileq, f"command = {json.dumps(command)}")
    add(fileq, min(photos.iterdir()), "--key", "order-17")
    fileq.run("worker", "--drain")
    arguments, event, environment = json.loads((fileq.folder / "told").read_text())
    assert arguments == ["job.done order-17", event["job"]["source"], "$HOME"]
    assert environment["FILEQ_HOOK_ID"] == event["id"]
    assert environment["FILEQ_HOOK_KEY"] == "order-17"


def test_a_program_that_is_missing_is_said(fileq: Program, photos: Path) -> None:
    hook(fileq, 'command = ["no-such-program"]\non = ["batch"]')
    add(fileq, photos)
    fileq.run("worker", "--drain")
    assert fileq.ask("select problem from hook_calls") == [("The program no-such-program was not found.",)]


def test_a_program_is_ended_with_its_worker_and_called_again(fileq: Program, photos: Path) -> None:
    program = (
        "import os, time\n"
        "with open('called', 'a') as file: file.write(f'{os.getpid()} {os.environ[\"FILEQ_HOOK_ID\"]}\\n')\n"
        "time.sleep(600)"
    )
    hook(fileq, f"on = ['batch']\ntimeout = '10m'\ncommand = {json.dumps([sys.executable, '-c', program])}")
    called = fileq.folder / "called"
    for times in (1, 2):
        with fileq.worker() as worker:
            if times == 1:
                add(fileq, photos)
            wait_until(lambda times=times: called.exists() and len(called.read_text().splitlines()) == times)
            os.kill(worker.pid, signal.SIGKILL)
            pids = [int(line.split()[0]) for line in called.read_text().splitlines()]
            wait_until(lambda pids=pids: not any(psutil.pid_exists(pid) for pid in pids))
        fileq.pretend("update hook_calls set leased_until = 0")
    assert len({line.split()[1] for line in called.read_text().splitlines()}) == 1
