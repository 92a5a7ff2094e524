"""Something happens when it is done: from the config to the web application, the program and the function."""

import base64
import hashlib
import hmac
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.program import Program, kill_group, wait_until
from tests.support.hooks import add, calls, function, hook, url
from tests.support.receiver import Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


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
        assert "hooks    1 given up; see: fileq hooks\n" in fileq.run("status").stdout
        assert fileq.json("status")["hooks"] == [{"name": "shop", "waiting": 0, "retrying": 0, "given_up": 1}]
        assert "There is no hook shp. Did you mean shop?" in fileq.run("hooks", "shp", expect=2).stderr
        assert fileq.run("hooks", "--retry").stdout == "1 call is due again.\n"
        fileq.run("worker", "--drain")
        assert fileq.json("hooks")["failed"] == []
        assert "hooks" not in fileq.run("status").stdout
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
