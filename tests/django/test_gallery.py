"""The example project, run for real: server, worker, mail server, browser, and kills in between."""

import io
import os
import signal
import statistics
import sys

import psutil
import pytest
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.acceptance.program import PATIENCE, wait_until
from tests.support.browser import set_view, start_chromium
from tests.support.mail_server import text_of
from tests.support.photos import photo

TIMES = 5


@pytest.fixture(scope="module")
def large():
    """A photo of 50 megapixels, as a camera writes it."""
    file = io.BytesIO()
    photo((8660, 5774), 1).save(file, "JPEG", quality=88)
    return file.getvalue()


def test_an_upload_is_answered_before_anybody_works_on_it(site, jpeg, large, capsys):
    with site.server():
        site.upload("warm", "warm.jpg", jpeg())
        medians = {}
        for name, content in (("small", jpeg()), ("50 MP", large)):
            taken = [site.upload(name, f"{name}.jpg", content) for _ in range(TIMES)]
            medians[name] = [statistics.median(column) for column in zip(*taken, strict=True)]
        states = [one for row in site.states(*range(1, 2 * TIMES + 2)).values() for one in row.values()]
    assert {one["state"] for one in states} == {"queued"}
    assert len(states) == 2 * (2 * TIMES + 1)
    made = [path for path in (site.folder / "media").rglob("*") if path.is_file() and path.parent.name != "photos"]
    assert made == []
    for _, cpu in medians.values():
        assert cpu < 50, "decoding 50 megapixels alone takes several times that; other processes' load does not count"
    with capsys.disabled():
        said = ", ".join(f"{name} {whole:.0f} ms (CPU {cpu:.0f} ms)" for name, (whole, cpu) in medians.items())
        sys.stderr.write(f"\nserver work for an upload, median of {TIMES}: {said} ({len(large) / 1e6:.1f} MB)\n")


def test_the_page_shows_the_finished_picture_by_itself_and_a_mail_comes(site, mails, jpeg, tmp_path):
    for name, content in (("sea.jpg", jpeg((1200, 900))), ("broken.jpg", jpeg((900, 900))[:3000])):
        (tmp_path / name).write_bytes(content)
    with site.server(), start_chromium(tmp_path / "profile", logs=["browser"]) as browser:
        for title, name in (("Broken", "broken.jpg"), ("The sea", "sea.jpg")):
            browser.get(site.address)
            browser.find_element(By.NAME, "title").send_keys(title)
            browser.find_element(By.NAME, "image").send_keys(str(tmp_path / name))
            browser.find_element(By.TAG_NAME, "button").click()
            wait_until(lambda title=title: title in text(browser))
        browser.execute_script("window.sameDocument = true")
        assert browser.find_elements(By.TAG_NAME, "img") == []
        with site.worker():
            WebDriverWait(browser, PATIENCE).until(lambda seen: "See it whole" in text(seen))
            WebDriverWait(browser, PATIENCE).until(lambda seen: seen.execute_script(_WIDTHS) == [640])
            WebDriverWait(browser, PATIENCE).until(lambda seen: seen.find_elements(By.CSS_SELECTOR, _FAILED))
            reason = site.states(1)["1"]["web"]["error"]["message"]
            assert reason in text(browser)
            wait_until(lambda: mails.mails)
        assert browser.execute_script("return window.sameDocument"), "it was not loaded again"
        assert str(site.folder) not in text(browser), "where the files are is nobody's business"
        for width in (390, 1280):
            set_view(browser, width)
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
            if kept := os.environ.get("FILEQ_KEEP"):
                browser.save_screenshot(f"{kept}/gallery-{width}.png")
        assert browser.get_log("browser") == []
        url = text_of(mails.mails[0]).split()[-1]
        assert mails.mails[0]["Subject"] == "The sea is ready"
        assert Image.open(io.BytesIO(site.ask(url)[2])).size == (1200, 900)


_FAILED = "[data-state=failed]"
_WIDTHS = "return [...document.images].filter(image => image.complete).map(image => image.naturalWidth)"


def text(browser):
    return browser.execute_script("return document.body.innerText")


def test_a_worker_that_is_killed_while_it_works_loses_nothing(site, mails, large, jpeg):
    with site.server():
        site.upload("large", "large.jpg", large)
        with site.worker("--workers", "1") as worker:
            wait_until(lambda: site.ask_ledger("select id from jobs where state = 'running'"))
            os.killpg(worker.pid, signal.SIGKILL)
        assert all(one["state"] == "queued" for one in site.states(1)["1"].values())
        site.upload("small", "small.jpg", jpeg())
        with site.worker():
            wait_until(
                lambda: all(one["state"] == "done" for row in site.states(1, 2).values() for one in row.values())
            )
            wait_until(lambda: len(mails.mails) == 2)
    assert (site.folder / "media" / "photos" / "large.jpg").read_bytes() == large


_DIE = """
import os, signal
from django.core.files.base import ContentFile
from django.db import transaction
from gallery.models import Photo
with transaction.atomic():
    transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
    Photo.objects.create(title="late", image=ContentFile(open("in.jpg", "rb").read(), "late.jpg"))
"""


def test_a_process_that_is_killed_between_the_commit_and_the_queue_loses_nothing(site, jpeg):
    (site.folder / "in.jpg").write_bytes(jpeg())
    site.shell(_DIE, expect=-signal.SIGKILL)
    (row,) = site.rows()
    assert row["pending"]
    assert "job" not in row["web"], "the row is there, and its job is not"
    with site.worker():
        wait_until(lambda: site.rows()[0]["state"] == "done")


def test_a_command_queues_the_same_without_a_worker(site, jpeg):
    (site.folder / "in.jpg").write_bytes(jpeg())
    site.shell(_DIE, expect=-signal.SIGKILL)
    assert "looked after: 1." in site.manage("queue_versions", "gallery.Photo")
    assert site.rows()[0]["web"]["job"]
    assert "looked after: 0." in site.manage("queue_versions", "trials.Plain")
    assert "No installed app" in site.manage("queue_versions", "shop.Photo", expect=1)


def test_a_receiver_that_raises_is_called_again_and_the_row_is_told_all_the_same(site, mails, jpeg):
    mails.down()
    with site.server(), site.worker():
        site.upload("sea", "sea.jpg", jpeg())
        wait_until(lambda: all(one["state"] == "done" for one in site.states(1)["1"].values()))
        wait_until(lambda: "Connection refused" in site.manage("fileq", "hooks"))
        mails.up()
        site.manage("fileq", "hooks", "--retry")
        wait_until(lambda: mails.mails)


def test_rows_hear_of_their_jobs_long_before_a_process_was_started_for_each(site, mails, jpeg):
    with site.server():
        for number in range(15):
            site.upload(f"photo {number}", f"{number}.jpg", jpeg())
        with site.worker():
            photos = range(1, 16)
            wait_until(lambda: all(one["url"] for row in site.states(*photos).values() for one in row.values()))
            assert site.ask_ledger("select count(*) from hook_calls")[0][0] > 0
            wait_until(lambda: len(mails.mails) == 15)


def test_nothing_of_a_worker_is_left_when_it_is_stopped(site):
    with site.worker() as worker:
        wait_until(lambda: '"pid"' in site.manage("fileq", "workers", "--json"))
        children = psutil.Process(worker.pid).children(recursive=True)
        worker.terminate()
        assert worker.wait(PATIENCE) == 0
        psutil.wait_procs(children, timeout=30)
        assert not any(child.is_running() for child in children)
