"""Notices by e-mail, with a real mail server: what arrives is read."""

import email.policy

import pytest

from fileq import notifications
from fileq.config.settings import NotifySettings
from fileq.ledger.tables.notifications import BACKOFF, PATIENCE
from fileq.notifications import enqueue_notification
from tests.support.jobs import NOW
from tests.support.mail_server import CERTIFICATE, MailServer, text_of

MINUTE = BACKOFF[0]


def by(*urls):
    return NotifySettings(urls=urls)


def deliver(ledger, notify, now=NOW, environ=None):
    return notifications.deliver_notifications(ledger.database.path, notify, now, environ or {})


def test_a_notice_arrives_as_it_was_written(ledger, mail):
    notify = by(mail.url())
    enqueue_notification(
        ledger, notify, "failed", "2 Aufträge für Käthe", "Zwei:\n  <b>größer</b> & 'kleiner'\n\n:smile: \\n ${X}", NOW
    )
    assert deliver(ledger, notify) == 1
    (message,) = mail.mails
    assert message["subject"] == "2 Aufträge für Käthe"
    assert message["from"].addresses[0].addr_spec == "fileq@example.com"
    assert message["to"] == "ada@example.com"
    assert mail.recipients == [["ada@example.com"]]
    assert message.get_content_type() == "text/plain"
    assert text_of(message).splitlines() == ["Zwei:", "  <b>größer</b> & 'kleiner'", "", ":smile: \\n ${X}"]
    assert ledger.notifications.list_notifications() == []


def test_nothing_in_a_name_becomes_a_header(ledger, mail):
    notify = by(mail.url())
    name = "a\r\nBcc: eve@example.com\n\u2028\u202e\x1b[31m caf\udce9\0.jpg"
    enqueue_notification(ledger, notify, "failed", f"{name} failed", f"{name} failed", NOW)
    assert deliver(ledger, notify) == 1
    (message,) = mail.mails
    assert mail.recipients == [["ada@example.com"]]
    assert message["bcc"] is None
    assert message["subject"] == r"a\r\nBcc: eve@example.com\n\u2028\u202e\x1b[31m caf\xe9\x00.jpg failed"
    assert "\x1b" not in text_of(message)
    assert "\u202e" not in text_of(message)


def test_the_reports_page_goes_along(ledger, mail, tmp_path):
    page = tmp_path / "Woche 12 ü?name=x&y.html"
    page.write_text("<h1>Woche</h1>", "utf-8")
    notify = by(mail.url())
    enqueue_notification(ledger, notify, "report", "The week", "It was good.", NOW, attachment=str(page))
    assert deliver(ledger, notify) == 1
    (attachment,) = mail.mails[0].iter_attachments()
    assert (attachment.get_content_type(), attachment.get_filename()) == ("text/html", "Woche 12 __name_x_y.html")
    assert attachment.get_content() in ("<h1>Woche</h1>", b"<h1>Woche</h1>")
    assert "It was good." in text_of(mail.mails[0])


@pytest.mark.parametrize("name", ["evil\r\nX-Evil: yes\r\n\r\nbody.html", 'quo"te; filename=other.exe.html'])
def test_the_name_of_the_page_makes_no_header(ledger, mail, tmp_path, name):
    page = tmp_path / name
    page.write_text("page")
    notify = by(mail.url())
    enqueue_notification(ledger, notify, "report", "The week", "It was good.", NOW, attachment=str(page))
    assert deliver(ledger, notify) == 1
    parts = list(mail.mails[0].walk())
    assert len(parts) == 3
    assert not any("X-Evil" in part for part in parts)


def test_the_text_goes_where_the_page_is_gone(ledger, mail, tmp_path):
    notify = by(mail.url())
    enqueue_notification(
        ledger, notify, "report", "The week", "It was good.", NOW, attachment=str(tmp_path / "gone.html")
    )
    assert deliver(ledger, notify) == 1
    assert "It was good." in text_of(mail.mails[0])


@pytest.mark.parametrize("password", ["secret", "p@ss/w%41rd+ #?&=:${X}\"'<"])
@pytest.mark.parametrize("tls", [None, "by STARTTLS", "from the start"])
def test_a_password_from_the_environment_may_hold_anything(ledger, monkeypatch, password, tls):
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with MailServer(password=password, tls=tls) as mail:
        notify = by(mail.url())
        enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
        assert deliver(ledger, notify, environ={"MAIL_PASSWORD": password}) == 1
        assert (mail.passwords, len(mail.mails)) == ([password], 1)


def test_a_server_that_nobody_vouches_for_gets_no_password(ledger):
    with MailServer(password="secret", tls="from the start") as mail:
        notify = by(mail.url())
        enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
        assert deliver(ledger, notify, environ={"MAIL_PASSWORD": "secret"}) == 0
        assert (mail.passwords, mail.mails) == ([], [])
    assert "CERTIFICATE_VERIFY_FAILED" in ledger.notifications.list_notifications()[0].problem


def test_a_whole_url_may_come_from_the_environment(ledger, mail):
    notify = by("${NOTIFY_URL}")
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    assert deliver(ledger, notify, environ={"NOTIFY_URL": mail.url()}) == 1
    assert len(mail.mails) == 1


def test_what_a_server_that_was_down_missed_is_sent_once_when_it_is_due_again(ledger, mail):
    mail.down()
    notify = by(mail.url())
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    assert deliver(ledger, notify) == 0
    assert "Connection refused" in ledger.notifications.list_notifications()[0].problem
    mail.up()
    assert deliver(ledger, notify, NOW + MINUTE - 20) == 0
    assert mail.mails == []
    assert deliver(ledger, notify, NOW + MINUTE + 20) == 1
    assert deliver(ledger, notify, NOW + PATIENCE) == 0
    assert len(mail.mails) == 1


def test_only_the_target_that_failed_is_told_again(ledger, mail):
    with MailServer() as other:
        other.down()
        notify = by(other.url(), mail.url())
        enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
        assert deliver(ledger, notify) == 0
        (notice,) = ledger.notifications.list_notifications()
        assert notice.targets == ("notify.urls[0]",)
        assert notice.problem.startswith("notify.urls[0] (mailto://…): ")
        other.up()
        assert deliver(ledger, notify, NOW + 2 * MINUTE) == 1
        assert (len(mail.mails), len(other.mails)) == (1, 1)


def test_a_target_that_left_the_config_is_not_waited_for(ledger, mail):
    with MailServer() as other:
        other.down()
        notify = by(mail.url(), other.url())
        enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
        deliver(ledger, notify)
    assert deliver(ledger, by(mail.url()), NOW + 2 * MINUTE) == 1
    assert (ledger.notifications.list_notifications(), len(mail.mails)) == ([], 1)


def test_a_recipient_who_is_refused_is_a_problem_in_the_servers_words(ledger, mail):
    mail.refuses = {"ada@example.com"}
    notify = by(mail.url())
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    assert deliver(ledger, notify) == 0
    assert "is not known here" in ledger.notifications.list_notifications()[0].problem


def test_a_test_goes_to_each_target_at_once(mail):
    broken = "json://127.0.0.1:1/"
    (problem,) = notifications.send_now(by(mail.url(), broken), "Test", "It works.", {})
    assert problem.startswith("notify.urls[1] (json://…): ")
    assert mail.mails[0]["subject"] == "Test"


def test_what_the_server_gets_is_a_mail_by_the_book(ledger, mail):
    notify = by(mail.url())
    enqueue_notification(ledger, notify, "failed", "x" * 300 + "ü", "y" * 3000, NOW)
    deliver(ledger, notify)
    (message,) = mail.mails
    assert not message.defects
    assert message["date"].datetime
    assert message["subject"] == "x" * 300 + "ü"
    assert max(map(len, message.as_bytes(policy=email.policy.SMTP).splitlines())) <= 998
