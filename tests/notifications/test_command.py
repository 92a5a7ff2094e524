"""A real program as the one who is told."""

import json
import sys

import pytest

from fileq import notifications
from fileq.config.settings import NotifySettings
from fileq.notifications import command, enqueue_notification
from tests.support.jobs import NOW

WRITE = "import json, os, sys; json.dump([sys.argv[2:], sys.stdin.read(), os.environ.get('X')], open(sys.argv[1], 'w'))"


def python(program, *arguments):
    return NotifySettings(command=(sys.executable, "-c", program, *arguments))


def deliver(ledger, notify, environ=None):
    return notifications.deliver_notifications(ledger.database.path, notify, NOW, environ or {})


def problem(ledger):
    (notice,) = ledger.notifications.list_notifications()
    return notice.problem


def test_it_gets_the_fields_as_arguments_and_the_body_on_its_stdin(ledger, tmp_path):
    written = tmp_path / "written.json"
    arguments = ("--{event}", "{title}", "{body}", "{other} ${X}", "; $(touch x)")
    notify = python(WRITE, str(written), *arguments)
    enqueue_notification(ledger, notify, "failed", "Käthe's {body} ${X}", "one\ntwo {title}", NOW)
    assert deliver(ledger, notify, {"X": "ü {title}"}) == 1
    assert json.loads(written.read_text()) == [
        ["--failed", "Käthe's {body} ${X}", "one\ntwo {title}", "{other} ü {title}", "; $(touch x)"],
        "one\ntwo {title}\n",
        "ü {title}",
    ]
    assert ledger.notifications.list_notifications() == []


def test_one_that_does_not_read_is_not_waited_for(ledger):
    notify = python("")
    enqueue_notification(ledger, notify, "failed", "Hello", "x" * 10_000_000, NOW)
    assert deliver(ledger, notify) == 1


def test_what_it_says_at_its_end_is_the_problem(ledger):
    notify = python("import sys; sys.exit('the line is\\nbusy')")
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    assert deliver(ledger, notify) == 0
    assert problem(ledger).startswith("notify.command: ")
    assert problem(ledger).endswith(r"failed with exit code 1: the line is\nbusy.")


def test_a_program_that_is_not_there_is_a_problem(ledger):
    notify = NotifySettings(command=("/nowhere/shout",))
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    assert deliver(ledger, notify) == 0
    assert problem(ledger) == "notify.command: The program /nowhere/shout was not found."


def test_one_that_takes_too_long_is_ended(ledger, monkeypatch):
    monkeypatch.setattr(command, "TIMEOUT", 0.2)
    notify = python("import time; time.sleep(600)")
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    assert deliver(ledger, notify) == 0
    assert "took longer than 0.2 s" in problem(ledger)


@pytest.mark.parametrize(
    "said",
    [
        "os.environ['TOKEN']",
        "os.environ['OTHER_SECRET']",
        "sys.argv[1]",
        "repr(os.environ['TOKEN'])",
        "urllib.parse.quote(os.environ['TOKEN'])",
        "base64.b64encode(os.environ['TOKEN'].encode()).decode()",
        "json.dumps({'a': sys.argv[1]})",
        "'x' * 800 + ' ' + os.environ['TOKEN'] + 'y' * 990",
        "os.environ['TOKEN'] + 'z' * 995",
    ],
)
def test_secrets_that_it_repeats_are_not_kept(ledger, said):
    token, other = "hunter2/ü\"' &<Käthe", "Other-Secret"
    notify = python(f"import base64, json, os, sys, urllib.parse; sys.exit('It is ' + {said})", "${TOKEN}")
    enqueue_notification(ledger, notify, "failed", "Hello", "It was.", NOW)
    deliver(ledger, notify, {"TOKEN": token, "OTHER_SECRET": other, "PYTHONUTF8": "1"})
    assert "failed with exit code 1" in problem(ledger)
    for part in ("hunter2", "aHVudGVy", "Käthe", "K%C3%A4the", "\\u00e4the", "Other", "Secret"):
        assert part not in problem(ledger)
