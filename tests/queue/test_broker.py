"""A broker loses what it had, is away, or takes nothing: the ledger knows what was not sent, and sends it again."""

import datetime as dt
import struct

import pytest
from huey.exceptions import HueyException

from fileq import control, queue
from fileq.config.database_address import resolve_broker_address
from fileq.errors import BrokerError, BrokerRefused, LedgerError, UsageError
from fileq.ledger.tables.jobs import QueueEntry
from fileq.queue.connection import settle_broker
from fileq.roots import Roots
from fileq.worker.tasks import create_huey
from tests.support.jobs import NOW, enter
from tests.support.redis import own_redis


@pytest.fixture
def server():
    with own_redis() as server:
        yield server


@pytest.fixture
def connect(database, server):
    """What opens the ledger with the server as its broker."""
    ledgers = []

    def connect(address=server.address, path=database):
        ledgers.append(queue.open_connected_ledger(path, 1.0, address))
        return ledgers[-1]

    yield connect
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
def ledger(connect):
    return connect()


@pytest.fixture
def huey(ledger):
    return create_huey(ledger, queue.MAIN)


def send_new(ledger, *sources, name=queue.MAIN):
    """The ids of new jobs, which are sent in the transaction that enters them."""
    with ledger.transaction():
        jobs = enter(ledger, *sources, queue=name)
        entries = [QueueEntry(job_id=job, priority=0, due_at=None, size=1) for job in jobs]
        queue.send(ledger, name, entries, NOW)
    return jobs


def received(huey):
    messages = []
    while (task := huey.dequeue()) is not None:
        messages.append(list(task.args))
    return messages


def tick(huey):
    """What Huey's scheduler does each second."""
    assert huey.read_schedule(dt.datetime.now(dt.UTC)) == []


def sources(count):
    return [f"/photos/{number}.jpg" for number in range(count)]


def test_nothing_is_sent_before_the_transaction_has_ended(ledger, huey):
    with ledger.transaction():
        job = enter(ledger)[0]
        queue.send(ledger, queue.MAIN, [QueueEntry(job_id=job, priority=0, due_at=None, size=1)], NOW)
        assert received(huey) == []
    assert received(huey) == [[job]]


def test_what_a_flush_took_away_is_sent_again_within_a_tick(ledger, huey, server):
    jobs = send_new(ledger, *sources(300))
    tick(huey)
    server.ask("flushall")
    assert received(huey) == []
    tick(huey)
    assert received(huey) == [[job] for job in jobs]


def test_so_is_what_was_lost_when_the_server_was_killed(ledger, huey, server):
    jobs = send_new(ledger, *sources(20))
    server.kill()
    server.start()
    tick(huey)
    tick(huey)
    assert received(huey) == [[job] for job in jobs]


def test_a_flush_is_seen_where_more_was_sent_before_anybody_looked(ledger, huey, server, connect):
    first = send_new(ledger, "/a")
    server.ask("flushall")
    second = send_new(connect(), "/b")
    tick(huey)
    assert sorted(received(huey)) == [first, second]


def test_a_queue_that_somebody_threw_away_is_sent_again(ledger, huey, server):
    jobs = send_new(ledger, *sources(5))
    tick(huey)
    server.ask("del", *server.ask("keys", "huey.redis.*"))
    assert received(huey) == []
    tick(huey)
    assert received(huey) == [[job] for job in jobs]


def test_who_queues_while_the_server_is_away_is_told_and_nothing_is_lost(ledger, huey, server):
    server.kill()
    jobs = send_new(ledger, "/a")
    assert "can't be reached" in str(ledger.outbox.failure)
    server.start()
    tick(huey)
    assert ledger.outbox.failure is None
    assert received(huey) == [jobs]


def test_one_who_died_between_the_commit_and_the_sending_lost_nothing(ledger, huey):
    jobs = enter(ledger)
    tick(huey)
    assert received(huey) == [jobs]


def test_messages_do_not_pile_up_however_often_they_are_sent_again(ledger, huey, server):
    jobs = send_new(ledger, *sources(10))
    for _ in range(3):
        assert control.resend_jobs(ledger, queue.MAIN, NOW, patience=0.0) == 10
    assert received(huey) == [[job] for job in jobs]


def test_what_a_worker_took_and_could_not_tell_the_ledger_it_gets_the_next_time(ledger, huey, monkeypatch):
    jobs = send_new(ledger, "/a")

    def refuse(*_):
        raise LedgerError("No.")

    with monkeypatch.context() as patched:
        patched.setattr(ledger.sent_messages, "mark_taken", refuse)
        with pytest.raises(LedgerError):
            huey.dequeue()
    assert received(huey) == [jobs]


def test_what_the_server_gave_away_and_nobody_heard_of_is_sent_again(ledger, huey, server):
    jobs = send_new(ledger, "/a", "/b")
    tick(huey)
    server.freeze()
    with pytest.raises(BrokerError, match="can't be reached"):
        huey.dequeue()
    server.thaw()
    server.ask("zpopmin", *server.ask("keys", "huey.redis.*"))
    tick(huey)
    assert sorted(received(huey)) == [[job] for job in jobs]


def test_a_mark_of_what_was_taken_meanwhile_does_not_hide_it(ledger):
    (job,) = enter(ledger)
    ledger.outbox.check_broker(NOW)
    identity = ledger.meta.find_value("broker")
    ledger.sent_messages.mark_taken(queue.messages.encode_message([job]), NOW + 1)
    assert ledger.sent_messages.mark_sent([job], NOW, identity) == 0
    assert ledger.sent_messages.mark_sent([job], NOW + 1, "another") == 0
    assert ledger.sent_messages.mark_sent([job], NOW + 1, identity) == 1


def test_two_ledgers_on_one_server_do_not_mix(connect, huey, ledger, tmp_path):
    other = connect(path=str(tmp_path / "other.db"))
    ours, theirs = send_new(ledger, "/a"), send_new(other, "/b", "/c")
    assert received(huey) == [ours]
    assert received(create_huey(other, queue.MAIN)) == [[job] for job in theirs]


def test_messages_of_a_ledger_without_a_broker_go_to_it_once_it_has_one_and_back(connect, database, server):
    without = connect(None)
    jobs = send_new(without, "/a", "/b")
    ledger = connect()
    huey = create_huey(ledger, queue.MAIN)
    tick(huey)
    assert server.ask("zcard", *server.ask("keys", "huey.redis.*")) == 2
    settle_broker(without, NOW)
    assert control.resend_jobs(without, queue.MAIN, NOW) == 2
    assert sorted(received(create_huey(without, queue.MAIN))) in ([jobs], [[job] for job in jobs])


def test_one_who_knows_of_no_broker_can_queue_all_the_same(connect, ledger, huey):
    tick(huey)
    jobs = send_new(connect(None), "/a")
    tick(huey)
    assert received(huey) == [jobs]


@pytest.mark.parametrize(
    "data", [b"", b"short", b"\x80\x04nonsense", b'{"id": "x", "name": "os.system", "args": ["ls"]}']
)
def test_what_does_not_come_from_fileq_is_no_message(ledger, huey, server, data):
    jobs = send_new(ledger, "/a")
    server.ask("zadd", *server.ask("keys", "huey.redis.*"), "-9", struct.pack(">Q", 0) + data)
    with pytest.raises((ValueError, HueyException, KeyError)):
        huey.dequeue()
    assert received(huey) == [jobs]


def refused(ledger, source="/a"):
    """What is said where nothing can be sent."""
    (job,) = send_new(ledger, source)
    assert ledger.outbox.failure is not None
    unsent = ledger.jobs.find_unsent_jobs(queue.MAIN, NOW, patience=60.0, limit=9)
    assert job in [entry.job_id for entry in unsent], "nothing is lost"
    return ledger.outbox.failure


def test_a_server_whose_memory_is_full_is_named(ledger, server):
    server.ask("config", "set", "maxmemory", "1")
    assert "its memory is full" in str(refused(ledger))


def test_a_replica_is_named(ledger, server):
    server.ask("replicaof", "localhost", "1")
    assert "it is read-only" in str(refused(ledger))


def test_a_wrong_password_is_named_and_not_shown(connect, server):
    server.ask("config", "set", "requirepass", "right")
    for password in (":hush@", ""):
        path = server.address.removeprefix("unix://")
        error = refused(connect(f"unix://{password}{path}"), f"/photos/{password}.jpg")
        assert isinstance(error, BrokerRefused)
        assert "does not let this user in" in str(error)
        assert "hush" not in str(error)


def test_a_server_that_speaks_something_else_is_named(connect, tmp_path):
    import socket
    import threading

    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer():
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        error = refused(connect(f"redis://127.0.0.1:{listening.getsockname()[1]}"))
        thread.join()
    assert isinstance(error, BrokerError)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://host", "http:// is none"),
        ("host:6379", "none that fileq can use"),
        ("redis://:pa/ss@host", "password in the broker's address"),
        ("redis://host:many", "has the port many, which is none"),
    ],
)
def test_what_is_no_address_is_refused_and_shows_no_password(address, words):
    with pytest.raises(UsageError, match=words) as refused:
        resolve_broker_address(address, {})
    assert "ss@" not in str(refused.value)


def test_an_address_with_what_the_client_does_not_know_is_refused_before_anything_is_queued(connect):
    ledger = connect("redis://localhost/0?color=green")
    with pytest.raises(UsageError, match="no address of a broker"):
        send_new(ledger, "/a")
    assert ledger.overview.tally_jobs().unfinished == 0


def test_a_password_may_come_from_the_environment():
    assert resolve_broker_address("redis://:${SECRET}@host", {"SECRET": "a/b"}) == "redis://:a%2Fb@host"


def test_jobs_are_found_by_the_hosts_that_have_their_roots_alone(ledger, huey, monkeypatch):
    monkeypatch.setattr("fileq.roots._here", Roots({"photos": "/mnt/photos"}))
    shared, plain = enter(ledger, "/mnt/photos/a.jpg", "/b.jpg")
    with_roots = create_huey(ledger, queue.MAIN)
    tick(with_roots)
    monkeypatch.setattr("fileq.roots._here", Roots({"photos": "/mnt/photos"}, absent=["photos"]))
    assert received(huey) == [[plain]]
    assert received(with_roots) == []
    monkeypatch.setattr("fileq.roots._here", Roots({"photos": "/mnt/photos"}))
    assert received(with_roots) == [[shared]]


def test_a_part_of_a_queue_that_only_others_can_do_is_not_thought_lost(ledger, huey, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("fileq.roots._here", Roots({"photos": "/mnt/photos"}))
        enter(ledger, "/mnt/photos/a.jpg")
        tick(create_huey(ledger, queue.MAIN))
        assert ledger.sent_messages.has_sent(queue.MAIN)
    assert not ledger.sent_messages.has_sent(queue.MAIN)
