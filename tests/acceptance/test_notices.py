"""Notices, from the config to the mail that arrives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program, wait_until
from tests.support.mail_server import MailServer, text_of

PASSWORD = "s3cr3t/p@ss"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer(password=PASSWORD) as server:
        yield server


def notify(fileq: Program, *urls: str, **keys: object) -> None:
    lines = "".join(f"{key} = {value!r}\n" for key, value in keys.items())
    fileq.trust(f"[notify]\nurls = {list(urls)!r}\n{lines}")
    fileq.environment["MAIL_PASSWORD"] = PASSWORD


def everything(fileq: Program) -> bytes:
    """The bytes of the database and its neighbours."""
    return b"".join(path.read_bytes() for path in fileq.folder.glob("ledger.db*"))


def test_a_mail_tells_how_a_batch_has_ended(fileq: Program, photos: Path, mail: MailServer) -> None:
    (photos / "broken.jpg").write_bytes(b"no picture")
    notify(fileq, mail.url())
    fileq.run("add", photos, "-r", "thumbnail")
    fileq.run("worker", "--drain")
    (message,) = mail.mails
    assert "batch 1 has ended, 1 of 9 jobs failed" in message["subject"]
    assert "Batch 1: 8 done, 1 failed; 8 outputs, " in text_of(message)
    assert "1 unreadable." in text_of(message)
    assert "fileq list --state failed --batch 1" in text_of(message)
    assert fileq.ask("select count(*) from notifications") == [(0,)]


def test_what_a_run_does_is_seen_and_not_told(fileq: Program, photos: Path, mail: MailServer) -> None:
    notify(fileq, mail.url())
    fileq.run("run", photos, "-r", "thumbnail")
    fileq.run("add", photos, "-r", "webp")
    fileq.run("worker", "--drain")
    assert "batch 2 has ended" in mail.mails[0]["subject"]
    assert "Batch 1" not in text_of(mail.mails[0])


def test_a_mail_server_that_is_down_is_told_about_without_the_secret(
    fileq: Program, photos: Path, mail: MailServer, tmp_path: Path
) -> None:
    mail.down()
    notify(fileq, mail.url(), "json://ada:${MAIL_PASSWORD}@127.0.0.1:1/${MAIL_PASSWORD}?-x=${MAIL_PASSWORD}")
    fileq.run("add", photos, "-r", "thumbnail")
    said = tmp_path / "said"
    with said.open("wb") as stderr:
        process = fileq.start("--debug", "worker", "--drain", stderr=stderr, stdout=stderr)
        assert process.wait(120) == 0
    ((problem,),) = fileq.ask("select problem from notifications")
    assert problem.startswith("notify.urls[0] (mailto://…): ")
    assert "Connection refused" in problem
    assert "notify.urls[1] (json://…): " in problem
    shown = said.read_bytes() + everything(fileq) + fileq.run("config").stdout.encode() + problem.encode()
    for secret in (b"s3cr3t", b"p@ss", b"p%40ss", b"czNjcjN0"):
        assert secret not in shown


def test_a_program_is_told_too(fileq: Program, photos: Path) -> None:
    told = fileq.folder / "told"
    script = fileq.folder / "tell.py"
    script.write_text(
        "import os, sys\n"
        f"open({str(told)!r}, 'a').write(f'{{sys.argv[1:]}} {{os.environ[\"TOKEN\"]}}\\n{{sys.stdin.read()}}')\n"
    )
    fileq.trust(f'[notify]\non = ["failed"]\ncommand = ["python", "{script}", "{{event}}"]\n')
    fileq.environment["TOKEN"] = "t0ken"
    (photos / "broken.jpg").write_bytes(b"no picture")
    fileq.run("add", photos, "-r", "thumbnail")
    fileq.run("worker", "--drain")
    lines = told.read_text().splitlines()
    assert lines[0] == "['failed'] t0ken"
    assert "broken.jpg: " in told.read_text()


def test_a_worker_that_stays_sends_what_it_finds_at_its_start(fileq: Program, photos: Path, mail: MailServer) -> None:
    notify(fileq, mail.url())
    fileq.run("add", photos, "-r", "thumbnail")
    fileq.run("worker", "--drain", "--no-periodic")
    with fileq.worker():
        wait_until(lambda: mail.mails)
    assert "batch 1 has ended" in mail.mails[0]["subject"]


def test_doctor_sends_a_test_when_it_is_asked_to(fileq: Program, mail: MailServer) -> None:
    notify(fileq, mail.url())
    assert "Sent to 1 target." in fileq.run("doctor", "--notify").stdout
    assert "this is a test" in mail.mails[0]["subject"]
    mail.down()
    answer = fileq.run("doctor", "--notify", expect=1)
    assert "notify.urls[0]" in answer.stdout
    assert PASSWORD not in answer.stdout
    fileq.configure("")
    assert "There is nobody to tell" in fileq.run("doctor", "--notify", expect=2).stderr


def test_the_weekly_report_comes_with_its_page(fileq: Program, photos: Path, mail: MailServer) -> None:
    notify(fileq, mail.url(), on=["report"])
    fileq.run("run", photos, "-r", "thumbnail")
    said = fileq.json("schedule", "run", "report")
    assert said["outcome"] == "done"
    fileq.run("worker", "--drain")
    (message,) = mail.mails
    assert "the last week: 8 jobs done" in message["subject"]
    assert "thumbnail: 8 jobs" in text_of(message)
    (page,) = message.iter_attachments()
    assert page.get_content_type() == "text/html"
    (written,) = fileq.folder.rglob("reports/*")  # beside a file of a ledger, or in the state folder
    payload = page.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.strip() == written.read_bytes().strip()
    assert str(written) in said["message"]
