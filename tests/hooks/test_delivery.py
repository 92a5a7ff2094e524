"""What is told, and what is kept of a call that went wrong."""

import json
import sys

import msgspec
import pytest

from fileq.config.settings import HookSettings
from fileq.hooks import HookEvent
from fileq.hooks.body import compose_event, encode_event
from fileq.hooks.delivery import deliver_call
from fileq.hooks.event import decode_event
from fileq.hooks.program import event_fields
from fileq.hooks.rules import list_rules
from fileq.hooks.target import describe_target
from fileq.job import OutputInfo
from fileq.ledger import open_ledger
from fileq.ledger.tables.outputs import PublishedFile
from fileq.units import Duration
from tests.support.jobs import DAMAGED, NOW, begin, enter, finish
from tests.support.receiver import Receiver

HOOK = HookSettings(url="http://127.0.0.1:1", on=("done", "failed", "batch"), name="shop")


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(str(tmp_path / "state" / "fileq.db")) as opened:
        opened.hooks.replace_rules("here", list_rules((HOOK,)), NOW)
        yield opened


def told(ledger, call):
    document = compose_event(ledger, call)
    assert document is not None
    return document


def lease(ledger, now=NOW + 1):
    return ledger.hook_calls.lease_call(list_rules((HOOK,)), now, 30)


def end_well(ledger, job, path):
    token = begin(ledger, job)
    ledger.outputs.reserve_path(path, job, f"{path}.tmp")
    output = PublishedFile(OutputInfo(path=path, format="jpeg", width=16, height=12, bytes=50), "50-5", 1234)
    ledger.outputs.announce_output(job, output, "")
    finish(ledger, token)
    ledger.outputs.record_published({job: [output]}, NOW)


def test_an_event_of_a_name_that_is_not_utf_8_comes_whole_to_a_function(ledger):
    (job,) = enter(ledger, "/photos/caf\udce9.jpg")
    end_well(ledger, job, "/photos/small/caf\udce9.jpg")
    body = encode_event(told(ledger, lease(ledger)))
    body.encode("ascii")
    event = decode_event(body.encode())
    assert isinstance(event, HookEvent)
    assert event.job is not None
    assert event.job.source == "/photos/caf\udce9.jpg"
    assert event.job.outputs[0].path == "/photos/small/caf\udce9.jpg"
    assert event.time.timestamp() == NOW


def test_all_that_is_told_has_a_place_in_the_event_of_a_function(ledger):
    done, failed = enter(ledger, "/a.jpg", "/b.jpg")
    end_well(ledger, done, "/small/a.jpg")
    ledger.attempts.fail_attempt(begin(ledger, failed), DAMAGED, NOW)
    for _ in range(3):
        document = told(ledger, lease(ledger))
        event = msgspec.to_builtins(decode_event(encode_event(document)))
        assert {key: value for key, value in event.items() if value is not None}.keys() == document.keys()
        for part in {"job", "batch"} & document.keys():
            assert event[part].keys() == document[part].keys()


def test_a_failure_is_told_as_it_was_though_the_job_has_begun_anew(ledger):
    (job,) = enter(ledger)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    ledger.jobs.retry_jobs([job])
    document = told(ledger, lease(ledger, NOW))
    assert document["event"] == "job.failed"
    assert document["job"]["state"] == "failed"
    assert document["job"]["error"]["message"] == DAMAGED.message
    assert document["job"]["finished_at"] is not None


def test_a_batch_that_goes_on_is_not_told_of(ledger):
    (job,) = enter(ledger)
    ledger.attempts.fail_attempt(begin(ledger, job), DAMAGED, NOW)
    ledger.hook_calls.delete_call(lease(ledger))
    ledger.jobs.retry_jobs([job])
    call = lease(ledger)
    assert call.event == "batch"
    assert not deliver_call(ledger, HOOK, call, {})
    assert ledger.hook_calls.summarize() == []


def test_no_secret_of_the_environment_is_kept(ledger):
    finish(ledger, begin(ledger, enter(ledger)[0]))
    program = "import os, sys; sys.exit('no ' + os.environ['SHOP_KEY'])"
    hook = HookSettings(command=(sys.executable, "-c", program), name="shop", timeout=Duration(20))
    assert not deliver_call(ledger, hook, lease(ledger, NOW), {"SHOP_KEY": "s3cr3t-of-ours"})
    (call,) = ledger.hook_calls.list_failed_calls(9)
    assert call.problem.endswith("failed with exit code 1: no ….")


def test_a_url_is_shown_without_what_may_be_a_key():
    shown = {
        "https://ada:s3cr3t@shop.example:444/hooks/T0K3N?key=1": "https://shop.example:444/…",
        "https://shop.example": "https://shop.example",
        "${SHOP_URL}": "${SHOP_URL}",
        "${SHOP_URL}/": "${SHOP_URL}",
        "${SHOP_URL}/services/T0K3N": "${SHOP_URL}/…",
        "http://[::1": "…",
    }
    assert {url: describe_target(HookSettings(url=url)) for url in shown} == shown


def test_a_program_gets_nothing_of_what_an_event_has_not():
    batch = {"id": "1", "event": "batch.ended", "batch": {"batch": 7, "source": "/photos", "key": None}}
    fields = event_fields(batch)
    assert (fields["batch"], fields["job"], fields["key"], fields["error"]) == ("7", "", "", "")


def test_the_rules_of_a_hook_of_two_recipes_are_two_for_each_event_of_jobs():
    rules = list_rules((HookSettings(function="a:b", on=("done", "batch"), recipe=("web", "webp"), name="a:b"),))
    assert [(rule.event, rule.recipe_name) for rule in rules] == [("done", "web"), ("done", "webp"), ("batch", "")]


def test_the_body_of_a_later_try_is_that_of_the_first_one(ledger):
    (job,) = enter(ledger)
    end_well(ledger, job, "/small/a.jpg")
    with Receiver(500, 200) as receiver:
        hook = msgspec.structs.replace(HOOK, url=receiver.url)
        assert not deliver_call(ledger, hook, lease(ledger, ledger.now()), {})
        ledger.hook_calls.delete_call(lease(ledger))  # of the batch
        ledger.jobs.give_key(job, "later")
        assert deliver_call(ledger, hook, lease(ledger, ledger.now() + 10), {})
    assert receiver.received[0].body == receiver.received[1].body
    assert json.loads(receiver.received[0].body)["job"]["key"] is None
