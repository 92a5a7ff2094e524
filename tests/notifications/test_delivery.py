"""Sending under bad luck: two at once, killed, hanging, without Apprise."""

import multiprocessing
import pickle
import socket
import subprocess
import sys
from contextlib import closing
from functools import partial

import pytest

from fileq import notifications
from fileq.config.settings import NotifySettings
from fileq.ledger.tables.notifications import BACKOFF, LEASE, PATIENCE
from fileq.notifications import apprise, enqueue_notification
from tests.acceptance.program import wait_until
from tests.support.jobs import NOW

MINUTE = BACKOFF[0]


def by(*urls):
    return NotifySettings(urls=urls)


def deliver(ledger, notify, now=NOW, environ=None):
    return notifications.deliver_notifications(ledger.database.path, notify, now, environ or {})


def problem(ledger):
    (notice,) = ledger.notifications.list_notifications()
    return notice.problem


@pytest.fixture
def silence():
    """The port of a server that accepts, and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def test_of_several_deliverers_at_once_each_notice_is_sent_by_one(ledger, mail):
    notify = by(mail.url())
    for number in range(12):
        enqueue_notification(ledger, notify, "failed", f"Number {number}", "It was.", NOW)
    with multiprocessing.get_context("forkserver").Pool(3) as pool:
        results = [
            pool.apply_async(notifications.deliver_notifications, (ledger.database.path, notify, NOW, {}))
            for _ in range(3)
        ]
        assert sum(result.get(60) for result in results) == 12
        pool.close()
        pool.join()  # else they are sent SIGTERM, which children of a fork server of fileq's may not heed
    assert sorted(str(message["subject"]) for message in mail.mails) == sorted(f"Number {n}" for n in range(12))
    assert ledger.notifications.list_notifications() == []


def test_what_a_killed_deliverer_had_begun_is_sent_later(ledger, mail, silence):
    hanging = by(f"mailto://127.0.0.1:{silence}/?from=a@example.com&to=ada@example.com")
    enqueue_notification(ledger, hanging, "failed", "Hello", "It was.", NOW)
    child = multiprocessing.get_context("spawn").Process(
        target=notifications.deliver_notifications, args=(ledger.database.path, hanging, NOW, {})
    )
    child.start()
    wait_until(lambda: ledger.notifications.list_notifications()[0].tries)
    child.kill()
    child.join()
    assert deliver(ledger, by(mail.url()), NOW + LEASE - 10) == 0
    assert deliver(ledger, by(mail.url()), NOW + LEASE + 10) == 1
    assert len(mail.mails) == 1


def test_whoever_had_it_before_the_kill_does_not_get_it_again(ledger, mail, silence):
    hanging = f"mailto://127.0.0.1:{silence}/?from=a@example.com&to=ada@example.com"
    notify = by(mail.url(), hanging)
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    child = multiprocessing.get_context("spawn").Process(
        target=notifications.deliver_notifications, args=(ledger.database.path, notify, NOW, {})
    )
    child.start()
    wait_until(lambda: ledger.notifications.list_notifications()[0].targets)
    child.kill()
    child.join()
    assert deliver(ledger, by(mail.url(), mail.url()), NOW + LEASE + 60) == 1
    assert len(mail.mails) == 2


@pytest.mark.parametrize("limit", ["fileq's", "the URL's"])
def test_a_server_that_accepts_and_says_nothing_is_left_in_time(ledger, silence, monkeypatch, limit):
    if limit == "fileq's":
        monkeypatch.setattr(apprise, "TIMEOUT", 0.3)
    cto = 2 if limit == "fileq's" else 1
    notify = by(f"mailto://127.0.0.1:{silence}/?from=a@example.com&to=ada@example.com&cto={cto}")
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    assert deliver(ledger, notify) == 0
    assert ("did not finish" if limit == "fileq's" else "timed out") in problem(ledger)


def test_without_apprise_the_extra_is_named_and_nothing_is_lost(ledger, mail, monkeypatch):
    notify = by(mail.url())
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "apprise", None)
        without.delitem(sys.modules, "fileq.notifications.apprise", raising=False)
        without.delattr("fileq.notifications.apprise", raising=False)
        assert deliver(ledger, notify) == 0
        assert "pip install 'fileq[notify]'" in problem(ledger)
        assert any("fileq[notify]" in one for one in notifications.find_target_problems(notify, {}))
        assert "fileq[notify]" in notifications.send_now(notify, "Test", "It works.", {})[0]
    assert deliver(ledger, notify, NOW + PATIENCE) == 1
    assert len(mail.mails) == 1


def test_a_service_that_apprise_does_not_know_is_a_problem(ledger):
    notify = by("carrier-pigeon://loft")
    (said,) = notifications.find_target_problems(notify, {})
    assert said.startswith("notify.urls[0] (carrier-pigeon://…): Apprise knows no service of that name")
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    assert deliver(ledger, notify) == 0
    assert "knows no service" in problem(ledger)


def test_where_nobody_is_to_be_told_nothing_is_entered_or_sent(ledger, mail):
    for notify in (NotifySettings(), NotifySettings(urls=(mail.url(),), on=("report",))):
        enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
        assert deliver(ledger, notify) == 0
    assert (ledger.notifications.list_notifications(), mail.mails) == ([], [])


def test_doctor_hears_what_waits_and_what_was_given_up(ledger, mail):
    mail.down()
    notify = by(mail.url())
    assert notifications.describe_unsent(ledger, NOW) == []
    enqueue_notification(ledger, notify, "failed", "First", "It was.", NOW)
    enqueue_notification(ledger, notify, "failed", "Second", "It was.", NOW)
    deliver(ledger, notify)
    (said,) = notifications.describe_unsent(ledger, NOW)
    assert said.startswith('Not sent yet: 2 notices, the last one "Second"; tried again in ')
    assert "Connection refused" in said
    deliver(ledger, notify, NOW + PATIENCE)
    (said,) = notifications.describe_unsent(ledger, NOW + PATIENCE)
    assert said.startswith("Given up after a day: 2 notices")


def test_a_variable_that_is_missing_is_seen_before_anything_is_to_be_told():
    notify = NotifySettings(urls=("json://${HOST}/",), command=("echo", "${TOKEN}"))
    said = notifications.find_target_problems(notify, {"TOKEN": "x"})
    assert said == ["notify.urls[0] (json://…): the environment has no HOST; set it where the worker is started."]


def test_all_that_is_handed_to_a_child_can_be_pickled(ledger):
    call = partial(notifications.deliver_notifications, ledger.database.path, by("json://x"), NOW, {})
    assert pickle.loads(pickle.dumps(call))() == 0


def test_apprise_is_not_imported_before_a_url_is_told():
    code = (
        "import sys; from fileq import notifications; from fileq.config.settings import NotifySettings;"
        " notifications.send_now(NotifySettings(command=('true',)), 'Test', 'It works.', {});"
        " sys.exit('apprise' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
