"""No secret shows, whatever goes wrong: not in the ledger, a problem, a log, or on the terminal."""

import logging
import socket
import sys
import threading
import traceback
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

import pytest
from apprise.apprise import any_abandoned_calls_still_running

from fileq import notifications
from fileq.config.settings import NotifySettings
from fileq.notifications import apprise, enqueue_notification
from fileq.notifications.redaction import Redactor
from fileq.notifications.targets import DeliveryError
from tests.acceptance.program import wait_until
from tests.notifications.web import WebService
from tests.support.jobs import NOW
from tests.support.mail_server import MailServer

SECRET = "s3cr3t/Pass@w0rd+x"
PIECES = ("s3cr3t", "Pass", "w0rd", "czNjcjN0")  # the last one begins it in base64
ENVIRON = {"SECRET": SECRET}

PLACES = {
    "user info": "json://ada:{}@127.0.0.1:{}/",
    "user": "json://{}@127.0.0.1:{}/",
    "path": "json://127.0.0.1:{1}/hooks/{0}/end",
    "query": "json://127.0.0.1:{1}/?token={0}",
    "parameter": "json://127.0.0.1:{1}/?-token={0}",
    "header": "json://127.0.0.1:{1}/?%2BX-Token={0}",
    "form": "form://127.0.0.1:{1}/?:token={0}",
    "xml": "xml://127.0.0.1:{1}/{0}?:token={0}",
    "host": "slack://{0}/{0}/{0}#{0}",
    "no host": "tgram://{0}:{0}/{0}",
    "signed requests": "twitter://{0}/{0}/{0}/{0}/?mode=tweet",
    "port": "json://127.0.0.1:{0}/{1}",
    "scheme that is none": "nothing://{0}:{1}/",
    "no scheme": "{0}{1}",
    "no URL": "://{0}{1}",
    "mail": "mailto://ada:{0}@127.0.0.1:1/?from=a@example.com&to=b@example.com",
    "mail's host": "mailto://ada:x@{0}.example:{1}",
    "mail's sender": "mailto://ada:x@127.0.0.1:1/?from={0}&to={0}@x.example",
}


@pytest.fixture
def terminal(capfd):
    """All that is logged, at every level, goes to stderr, as a program in its debugging would have it."""
    root, level = logging.getLogger(), logging.getLogger().level
    handler = logging.StreamHandler(sys.__stderr__)
    root.addHandler(handler)
    root.setLevel(1)
    yield capfd
    root.removeHandler(handler)
    root.setLevel(level)


def shows(text):
    return [piece for piece in PIECES if piece.lower() in text.lower()]


def everything(ledger, terminal):
    """All that fileq has written anywhere."""
    path = Path(ledger.database.path)
    files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    return files.decode("latin-1") + "".join(terminal.readouterr())


def written(way, place, port):
    """The URL in the config, and the environment that goes with it."""
    if way == "in the config, quoted":
        return place.format(quote(SECRET, safe=""), port), {}
    if way == "in the config, half quoted":
        return place.format(quote_plus(SECRET), port), {}
    if way == "a whole URL":
        return "${URL}", {"URL": place.format(quote(SECRET, safe=""), port)}
    return place.format("${SECRET}", port), ENVIRON


@pytest.mark.parametrize("way", ["by a variable", "a whole URL", "in the config, quoted", "in the config, half quoted"])
@pytest.mark.parametrize("place", PLACES)
def test_a_secret_that_did_not_help_shows_nowhere(ledger, terminal, monkeypatch, place, way):
    monkeypatch.setattr(apprise, "TIMEOUT", 5.0)
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")  # nothing of these tests leaves the machine
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with WebService() as service:
        url, environ = written(way, PLACES[place], service.port)
        notify = NotifySettings(urls=(url,))
        enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
        assert notifications.deliver_notifications(ledger.database.path, notify, NOW, environ) == 0
        problems = [
            *notifications.find_target_problems(notify, environ),
            *notifications.describe_unsent(ledger, NOW),
            *notifications.send_now(notify, "Test", "It works.", environ),
        ]
    (notice,) = ledger.notifications.list_notifications()
    assert notice.problem.startswith("notify.urls[0] (")
    assert problems
    assert not shows("\n".join([notice.problem, *problems, everything(ledger, terminal)]))


def test_the_reason_says_what_went_wrong_all_the_same(ledger):
    with WebService(403) as service:
        notify = NotifySettings(urls=(f"json://ada:${{SECRET}}@127.0.0.1:{service.port}/${{SECRET}}",))
        enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
        notifications.deliver_notifications(ledger.database.path, notify, NOW, ENVIRON)
        assert unquote(service.requests[0][0]) == f"/{SECRET}"
    assert "error=403" in ledger.notifications.list_notifications()[0].problem


def test_a_mail_servers_words_are_kept_without_the_secret(ledger, terminal):
    with MailServer(password="another") as mail:
        notify = NotifySettings(urls=(mail.url(),))
        enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
        assert notifications.deliver_notifications(ledger.database.path, notify, NOW, {"MAIL_PASSWORD": SECRET}) == 0
        assert mail.passwords
        assert set(mail.passwords) == {SECRET}
    assert "Authentication" in ledger.notifications.list_notifications()[0].problem
    assert not shows(everything(ledger, terminal))


def test_what_a_service_says_that_was_left_in_time_shows_nowhere(ledger, terminal, monkeypatch):
    monkeypatch.setattr(apprise, "TIMEOUT", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"mailto://ada:x@127.0.0.1:{silent.getsockname()[1]}/?from=a@example.com&to=b@example.com"
        broken = "json://127.0.0.1:1/"
        notify = NotifySettings(urls=(url, broken))
        enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
        assert notifications.deliver_notifications(ledger.database.path, notify, NOW, ENVIRON) == 0
    wait_until(lambda: not any_abandoned_calls_still_running())
    assert "did not finish" in ledger.notifications.list_notifications()[0].problem
    assert "127.0.0.1" not in everything(ledger, terminal)


def test_what_another_thread_says_is_no_reason():
    with apprise._capture_log() as said:
        for speak in (partial(logging.getLogger("apprise").warning, word) for word in ("theirs", "theirs too")):
            thread = threading.Thread(target=speak)
            thread.start()
            thread.join()
        logging.getLogger("apprise").warning("ours")
    assert said == ["ours"]


def test_a_variable_that_is_not_set_is_named(ledger):
    notify = NotifySettings(urls=("json://${NOTHING}/",), command=("echo", "${NOBODY}"))
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    assert notifications.deliver_notifications(ledger.database.path, notify, NOW, {"NOBODY": ""}) == 0
    (notice,) = ledger.notifications.list_notifications()
    for expected in (
        "notify.command: the environment has no NOBODY; ",
        "notify.urls[0] (json://…): the environment has no NOTHING; ",
    ):
        assert expected in notice.problem


@pytest.mark.parametrize("url", [f"json://127.0.0.1:1/{SECRET}", f"nothing://{SECRET}"])
def test_a_traceback_shows_no_secret(url):
    scrubber = Redactor()
    scrubber.add_url(url)
    with pytest.raises(DeliveryError) as raised:
        apprise.check_url(f"{url}\0", scrubber) if "nothing" in url else apprise.send_to_url(url, _notice(), scrubber)
    assert not shows("".join(traceback.format_exception(raised.value)))


def _notice():
    from fileq.ledger.tables.notifications import Notification

    return Notification(
        notification_id=1,
        event="failed",
        title="Hello",
        body="It was.",
        attachment=None,
        created_at=NOW,
        due_at=NOW,
        tries=1,
        targets=None,
        problem=None,
        given_up_at=None,
    )


@pytest.mark.parametrize(
    ("secret", "text", "scrubbed"),
    [
        ("hunter2", "hunter2 HUNTER2 xhunter2x", "… … x…x"),
        ("abc", "abc (abc) abcd", "… (…) abcd"),
        ("a b", "a%20b a+b a b", "… … …"),
        ("a/b@", "a%2fb%40 a/b%40", "… …"),
        ('x"y', 'x\\"y x&quot;y', "… …"),
        ("a/ü@b", "a%2F\\u00fc@b a/%c3%bc%40b a%252f\\xc3\\xbc&#64;b", "… … …"),
        ("", "nothing", "nothing"),
    ],
)
def test_a_secret_is_known_in_all_its_forms(secret, text, scrubbed):
    scrubber = Redactor()
    scrubber.add_secret(secret)
    assert scrubber.redact(text) == scrubbed
