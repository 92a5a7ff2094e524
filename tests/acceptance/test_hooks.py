"""Something happens when it is done: from the config to the web application, the program and the function."""

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.acceptance.program import Program, kill_group, wait_until
from tests.support.receiver import Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def hook(fileq: Program, *lines: str) -> None:
    fileq.trust("".join(f"[[hook]]\n{line}\n" for line in lines))


def url(receiver: Receiver, *more: str) -> str:
    return "\n".join((f'url = "{receiver.url}/ready?shop=1"', *more))


def add(fileq: Program, folder: Path, *options: str) -> None:
    fileq.run("add", folder, "-r", "thumbnail", *options)


def calls(fileq: Program) -> int:
    return int(fileq.ask("select count(*) from hook_calls")[0][0])


def test_a_url_is_told_of_each_job_and_of_the_batch_signed_with_its_key(
    fileq: Program, photos: Path, shop: Receiver
) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    fileq.environment["SHOP_SECRET"] = SECRET
    hook(fileq, url(shop, 'on = ["done", "failed", "batch"]', 'secret = "${SHOP_SECRET}"'))
    add(fileq, photos, "--key", "order-17")
    fileq.run("worker", "--drain")
    assert len(shop.received) == 10
    assert sorted(event["event"] for event in shop.events) == ["batch.ended", *["job.done"] * 8, "job.failed"]
    for received in shop.received:
        assert received.path == "/ready?shop=1"
        signed = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.{received.body.decode()}"
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        digest = hmac.new(key, signed.encode(), hashlib.sha256).digest()
        assert received.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
        assert received.event["id"] == received.headers["webhook-id"]
    for event in shop.events:
        assert (event.get("job") or event["batch"])["key"] == "order-17"
    (done,) = [event for event in shop.events if event.get("job", {}).get("id") == 1 and "job" in event]
    shown = fileq.json("show", "1")
    assert done["job"] == {key: value for key, value in shown.items() if key in done["job"]}
    assert os.path.exists(done["job"]["outputs"][0]["path"])
    (batch,) = [event["batch"] for event in shop.events if "batch" in event]
    assert batch == fileq.json("batches")[0] | {"key": "order-17"}
    assert calls(fileq) == 0


def test_a_job_is_told_while_the_others_run(fileq: Program, photos: Path, shop: Receiver) -> None:
    hook(fileq, url(shop))
    with fileq.worker():
        add(fileq, photos)
        wait_until(lambda: len(shop.received) == 8)
    assert len({event["id"] for event in shop.events}) == 8


def test_what_a_run_makes_is_told_before_it_ends(fileq: Program, photos: Path, shop: Receiver) -> None:
    hook(fileq, url(shop, 'on = ["done", "batch"]'))
    fileq.run("run", photos, "-r", "thumbnail")
    assert len(shop.told) == 9


def test_a_hook_of_a_recipe_hears_of_its_jobs_alone(fileq: Program, photos: Path, shop: Receiver) -> None:
    hook(fileq, url(shop, 'recipe = "webp"'))
    add(fileq, photos)
    fileq.run("add", photos, "-r", "webp")
    fileq.run("worker", "--drain")
    assert {event["job"]["recipe"] for event in shop.events} == {"webp"}


def test_a_url_that_fails_first_is_told_again_with_the_same_id_and_body(fileq: Program, photos: Path) -> None:
    with Receiver(500, 503, 200) as shop:
        hook(fileq, url(shop, 'on = ["batch"]'))
        add(fileq, photos)
        fileq.run("worker", "--drain")
        assert len(shop.received) == 1
        assert fileq.ask("select problem from hook_calls") == [("it answered 500 Internal Server Error.",)]
        with fileq.worker():
            for _ in range(2):
                count = len(shop.received)
                wait_until(lambda: fileq.ask("select 1 from hook_calls where leased_until is null") or not calls(fileq))
                fileq.pretend("update hook_calls set due_at = 0")
                wait_until(lambda count=count: len(shop.received) > count)
            wait_until(lambda: calls(fileq) == 0)
    assert len({(received.headers["webhook-id"], received.body) for received in shop.received}) == 1


def test_a_redirect_is_not_followed_and_what_is_gone_is_given_up(fileq: Program, photos: Path, shop: Receiver) -> None:
    with Receiver(302, location=shop.url) as moved, Receiver(410) as gone:
        hook(fileq, url(moved, 'on = ["batch"]', 'name = "moved"'), url(gone, 'on = ["batch"]', 'name = "gone"'))
        add(fileq, photos)
        fileq.run("worker", "--drain")
    assert shop.received == []
    rows = fileq.ask("select hook, problem, given_up_at is null from hook_calls order by hook")
    assert [(name, bool(waits)) for name, _, waits in rows] == [("gone", False), ("moved", True)]
    assert "410" in rows[0][1]
    assert "302" in rows[1][1]


def test_a_hanging_url_holds_up_neither_jobs_nor_other_hooks(fileq: Program, photos: Path, shop: Receiver) -> None:
    with Receiver(delay=600) as hangs:
        hook(fileq, url(hangs, 'name = "hangs"'), url(shop, 'name = "shop"'))
        with fileq.worker():
            add(fileq, photos)
            wait_until(lambda: len(shop.received) == 8 and len(hangs.received) > 0)
            assert len(hangs.received) == 1
            assert fileq.states() == {"done": 8}


def test_a_url_that_does_not_answer_in_time_is_told_again(fileq: Program, photos: Path) -> None:
    with Receiver(delay=5) as slow:
        hook(fileq, url(slow, 'on = ["batch"]', 'timeout = "1s"'))
        add(fileq, photos)
        fileq.run("worker", "--drain")
    assert fileq.ask("select problem, tries from hook_calls") == [("it did not answer within 1 s.", 1)]


def test_the_ends_of_a_job_are_told_in_their_order_also_where_the_first_one_was_not_delivered(
    fileq: Program, photos: Path
) -> None:
    picture = min(photos.iterdir())
    whole = picture.read_bytes()
    with Receiver(500, 200) as shop:
        hook(fileq, url(shop))
        picture.write_bytes(whole[:2000])
        add(fileq, picture)
        fileq.run("worker", "--drain")
        fileq.run("retry", "1")
        fileq.pretend("update jobs set size = ?, mtime_ns = ?", len(whole), picture.stat().st_mtime_ns)
        with picture.open("r+b") as file:
            file.write(whole)
        fileq.pretend("update jobs set mtime_ns = ?", picture.stat().st_mtime_ns)
        with fileq.worker():
            wait_until(lambda: fileq.states() == {"done": 1} and calls(fileq) == 0)
    assert [event["event"] for event in shop.events] == ["job.failed", "job.failed", "job.done"]
    assert {event["job"]["id"] for event in shop.events} == {1}


def test_what_was_cancelled_by_a_command_is_told(fileq: Program, photos: Path, shop: Receiver) -> None:
    hook(fileq, url(shop, 'on = ["cancelled", "batch"]'))
    fileq.run("worker", "--drain")
    add(fileq, photos)
    fileq.run("cancel", "--all")
    fileq.run("worker", "--drain")
    assert sorted(told.split()[0] for told in shop.told) == ["batch.ended", *["job.cancelled"] * 8]


@pytest.mark.parametrize("killed", ["before", "amid"])
def test_a_worker_that_is_killed_after_the_end_loses_nothing_and_doubles_have_one_id(
    fileq: Program, photos: Path, killed: str
) -> None:
    with Receiver(delay=600 if killed == "amid" else 0) as shop:
        hook(fileq, url(shop))
        with fileq.worker("--workers", "1") as worker:
            add(fileq, photos)
            wait_until(lambda: fileq.states().get("done", 0) >= 1 and (killed == "before" or shop.received))
            kill_group(worker)
        shop.delay = 0
        fileq.pretend("update hook_calls set leased_until = 0 where leased_until is not null")
        fileq.run("worker", "--drain")
        assert len(shop.told) == 8
        if killed == "amid":
            assert len(shop.received) == 9
        assert {event["job"]["id"] for event in shop.events} == set(range(1, 9))


def test_of_several_workers_one_delivers(fileq: Program, photos: Path, shop: Receiver) -> None:
    hook(fileq, url(shop, 'on = ["done", "batch"]'))
    with fileq.worker("--workers", "1"), fileq.worker("--workers", "1"):
        add(fileq, photos)
        wait_until(lambda: len(shop.told) == 9)
        wait_until(lambda: calls(fileq) == 0)
    assert len(shop.received) == 9


def function(fileq: Program, body: str) -> None:
    """A module with the function that hooks call."""
    (fileq.folder / "lib").mkdir(exist_ok=True)
    (fileq.folder / "lib" / "shophooks.py").write_text(f"import json, os, sys, time\n{body}")
    fileq.environment["PYTHONPATH"] = os.pathsep.join((str(fileq.folder / "lib"), os.environ.get("PYTHONPATH", "")))


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


FAULTS = {
    "raises": (
        "raise ValueError('no such order')",
        "shophooks:ready failed with exit code 1: ValueError: no such order",
    ),
    "exits": ("os._exit(3)", "shophooks:ready failed with exit code 3"),
    "crashes": ("os.abort()", "shophooks:ready was ended by signal 6"),
    "hangs": ("time.sleep(600)", "shophooks:ready took longer than 2 s"),
}


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


def test_a_config_that_nobody_trusts_calls_nobody(fileq: Program, photos: Path, shop: Receiver) -> None:
    fileq.configure(f"[[hook]]\n{url(shop)}\n")
    add(fileq, photos)
    assert "its [[hook]] is off. Look at it, then: fileq trust" in fileq.run("worker", "--drain").stderr
    assert shop.received == []
    assert calls(fileq) == 0
    assert f"{shop.url}/…" in fileq.run("trust").stdout


def test_what_could_not_be_delivered_is_shown_and_sent_again(fileq: Program, photos: Path) -> None:
    with Receiver(410, 200) as shop:
        hook(fileq, url(shop, 'on = ["batch"]', 'name = "shop"'))
        assert fileq.json("hooks")["hooks"][0]["given_up"] == 0
        add(fileq, photos)
        fileq.run("worker", "--drain")
        shown = fileq.json("hooks")
        assert shown["hooks"] == [
            {"name": "shop", "target": f"{shop.url}/…", "on": ["batch"], "waiting": 0, "retrying": 0, "given_up": 1}
        ]
        (failed,) = shown["failed"]
        assert (failed["event"], failed["batch"], failed["job"]) == ("batch.ended", 1, None)
        assert failed["id"] == shop.received[0].headers["webhook-id"]
        assert "it answered 410 Gone." in fileq.run("hooks").stdout
        said = fileq.run("doctor", expect=1).stdout
        assert "The hook shop: it answered 410 Gone. 1 call given up." in said
        assert "There is no hook shp. Did you mean shop?" in fileq.run("hooks", "shp", expect=2).stderr
        assert fileq.run("hooks", "--retry").stdout == "1 call is due again.\n"
        fileq.run("worker", "--drain")
        assert fileq.json("hooks")["failed"] == []
    assert len({received.headers["webhook-id"] for received in shop.received}) == 1
    assert len(shop.received) == 2


def test_the_doctor_says_which_hook_can_not_be_called(fileq: Program) -> None:
    function(fileq, "def ready(event): pass\n")
    hook(
        fileq,
        'function = "shophooks:ready"',
        'function = "shophooks:raedy"',
        'function = "no_such_module:ready"',
        'function = "no-such-entry-point"',
        'command = ["no-such-program"]',
        'url = "https://shop.example/${SHOP_KEY}"\nname = "shop"',
    )
    fileq.run("status")  # which makes a database: without one there is little to look at
    said = " ".join(fileq.run("doctor").stdout.split())
    assert "shophooks:ready" not in said
    assert "The hook shophooks:raedy: shophooks:raedy failed with exit code 1: AttributeError" in said
    assert "No module named 'no_such_module'" in said
    assert "has the entry point no-such-entry-point" in said
    assert "the program no-such-program was not found" in said
    assert "The hook shop: the environment has no SHOP_KEY" in said


def test_a_web_application_that_adds_by_python_is_called_with_its_key(
    fileq: Program, photos: Path, shop: Receiver
) -> None:
    hook(fileq, url(shop))
    adds = f"import fileq\nwith fileq.connect() as queue: queue.add({str(photos)!r}, 'thumbnail', key='order-17')"
    subprocess.run([sys.executable, "-c", adds], cwd=fileq.folder, env=fileq.environment, check=True)
    fileq.run("worker", "--drain")
    assert [event["job"]["key"] for event in shop.events] == ["order-17"] * 8


def test_a_call_that_is_under_way_is_ended_by_a_worker_that_stops_and_no_other_is_begun(
    fileq: Program, photos: Path
) -> None:
    with Receiver(delay=0.7) as shop:
        hook(fileq, url(shop))
        with fileq.worker() as worker:
            add(fileq, photos)
            wait_until(lambda: fileq.states() == {"done": 8} and len(shop.received) == 1)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
        assert calls(fileq) == 8 - len(shop.received)
        fileq.run("worker", "--drain")
    assert len(shop.received) == len(shop.told) == 8


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
