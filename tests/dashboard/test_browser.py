"""The pages in a real browser: nothing is wrong, nothing is too wide, and what changes is seen without a reload."""

import time

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.dashboard.conftest import state_of
from tests.support.browser import set_view, start_chromium

WIDTHS = (390, 800, 1280)
PATIENCE = 60


@pytest.fixture(scope="module")
def browser(desk, tmp_path_factory):
    with start_chromium(
        tmp_path_factory.mktemp("profile"), "--force-device-scale-factor=1", logs=["browser"]
    ) as driver:
        driver.get(desk.address)
        yield driver


def until(browser, text):
    WebDriverWait(browser, PATIENCE).until(lambda seen: text in seen.find_element(By.TAG_NAME, "body").text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "jobs", "jobs/1", "batches/1", "failures"])
def test_no_page_is_wider_than_the_screen_and_nothing_is_wrong_in_it(desk, browser, path, scheme):
    browser.get_log("browser")
    for width in WIDTHS:
        set_view(browser, width, scheme=scheme)
        browser.get(f"http://127.0.0.1:{desk.port}/{path}")
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    dark = browser.execute_script("return getComputedStyle(document.body).backgroundColor") != "rgb(250, 249, 247)"
    assert dark is (scheme == "dark")
    assert browser.get_log("browser") == []


def test_pictures_before_and_after_are_seen(desk, browser):
    set_view(browser, 1280)
    browser.get(f"http://127.0.0.1:{desk.port}/jobs/1")
    sizes = "return [...document.images].map(image => image.complete && image.naturalWidth)"
    WebDriverWait(browser, PATIENCE).until(lambda seen: all(seen.execute_script(sizes)))
    assert browser.execute_script(sizes) == [480, 480]


def test_a_job_that_is_done_is_seen_without_a_reload(fileq, desk, browser, failing):
    browser.get(f"http://127.0.0.1:{desk.port}/jobs/{failing['id']}")
    browser.execute_script("window.same = true")
    until(browser, "Try again")
    fileq.run("retry", str(failing["id"]))
    until(browser, "queued")
    fileq.run("worker", "--drain")
    until(browser, "Try again")
    assert len(browser.find_elements(By.CSS_SELECTOR, "[data-part=tries] tbody tr")) == 2
    assert browser.execute_script("return window.same") is True


def test_by_keyboard_alone_a_job_is_tried_again_and_cancelled(fileq, desk, browser, failing):
    browser.get(f"http://127.0.0.1:{desk.port}/jobs/{failing['id']}")
    press_at(browser, "Try again")
    until(browser, "1 job queued again.")
    assert state_of(fileq, failing["id"]) == "queued"
    press_at(browser, "Cancel")
    press_at(browser, "Cancel this job")
    until(browser, "1 job cancelled.")
    assert state_of(fileq, failing["id"]) == "cancelled"


def press_at(browser, words):
    """Go on with the tab key until what has the focus has these words, and press it."""
    for _ in range(40):
        focused = browser.switch_to.active_element
        if focused.text == words:
            focused.send_keys(Keys.ENTER)
            return
        focused.send_keys(Keys.TAB)
        time.sleep(0.01)
    pytest.fail(f"{words} can't be reached by the keyboard")
