"""The broker is looked at where there is one."""

import time

import pytest

from fileq import queue
from fileq.health.check import CheckState
from fileq.presence import ProcessIdentity
from fileq.queue.broker import RedisBroker
from tests.support.jobs import NOW
from tests.support.redis import own_redis


@pytest.fixture
def server():
    with own_redis() as server:
        yield server


@pytest.fixture
def brokered(checked, server):
    checked.configure(f'[queue]\nbroker = "{server.address}"')
    return checked


def test_without_one_there_is_nothing_to_look_at(checked):
    assert checked.run_check("broker").message == "None is used: messages lie in the database."


def test_one_that_takes_messages_is_well(brokered, server):
    found = brokered.run_check("broker")
    assert found.state is CheckState.OK
    assert server.address in found.message


def test_one_that_is_away_is_bad_and_the_other_checks_go_on(brokered, server):
    server.kill()
    checks = brokered.run_checks()
    assert checks["broker"].state is CheckState.BAD
    assert "can't be reached" in checks["broker"].message
    assert checks["queue"].state is CheckState.OK
    server.start()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("config", "set", "maxmemory", "1"), "its memory is full"),
        (("replicaof", "localhost", "1"), "it is read-only"),
        (("config", "set", "requirepass", "x"), "does not let this user in"),
    ],
)
def test_one_that_takes_no_message_is_bad(brokered, server, words, said):
    server.ask(*words)
    found = brokered.run_check("broker")
    assert found.state is CheckState.BAD
    assert said in found.message


def test_one_that_throws_messages_away_is_a_warning(brokered, server):
    server.ask("config", "set", "maxmemory-policy", "allkeys-lru")
    assert brokered.run_check("broker").state is CheckState.OK, "its memory has no limit"
    server.ask("config", "set", "maxmemory", "1gb")
    found = brokered.run_check("broker")
    assert found.state is CheckState.WARNING
    assert "allkeys-lru" in found.message


def test_one_that_was_flushed_is_a_warning_until_a_day_after_all_was_sent_again(brokered, server):
    queue.connect_broker(brokered.ledger, server.address)
    brokered.ledger.outbox.check_broker(NOW)
    server.ask("flushall")
    assert "may be gone" in brokered.run_check("broker").message
    brokered.ledger.outbox.check_broker(NOW)
    found = brokered.run_check("broker", NOW + 60)
    assert (found.state, "sent again" in found.message) == (CheckState.WARNING, True)
    assert brokered.run_check("broker", NOW + 86401).state is CheckState.OK


def test_a_look_at_one_that_hangs_ends(brokered, server):
    server.freeze()
    began = time.monotonic()
    assert brokered.run_check("broker").state is CheckState.BAD
    assert time.monotonic() - began < 10
    server.thaw()


def test_one_that_is_another_server_on_each_host_is_named_where_there_are_several(brokered):
    brokered.register_worker(now=NOW)
    assert brokered.run_check("broker").state is CheckState.OK
    far = ProcessIdentity("mill", 1, "another-machine/b/1/5")
    brokered.ledger.workers.register_worker(far, "fileq", 2, NOW)
    found = brokered.run_check("broker")
    assert found.state is CheckState.WARNING
    assert "there are workers on mill" in found.message


@pytest.mark.parametrize(
    ("address", "is_local"),
    [
        ("redis://localhost", True), ("redis://127.0.0.2:6379/1", True), ("redis://[::1]", True), ("redis://", True),
        ("unix:///run/redis.sock", True), ("redis://db.example/0", False), ("rediss://10.0.0.5", False),
    ],
)  # fmt: skip
def test_an_address_that_each_host_has_for_itself_is_known(address, is_local):
    assert RedisBroker(address, "p").is_local is is_local
