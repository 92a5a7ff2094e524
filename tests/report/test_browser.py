"""The page in a real browser: nothing is wrong, nothing is fetched, all figures are those of the JSON."""

import base64
import json
import os
import re
import time
from pathlib import Path

import pytest

from tests.report.sample_week import write_sample_week
from tests.support.browser import set_view, start_chromium

UNITS = {
    "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "B/s": 1, "KB/s": 1e3, "MB/s": 1e6, "ms": 1e-3, "s": 1, "min": 60,
    "h": 3600, "": 1,
}  # fmt: skip
WIDTHS = (400, 768, 1024, 1200, 1400)


class Page:
    """A page in headless Chromium."""

    def __init__(self, driver):
        self._driver = driver

    def look(self, width, *, scheme="light", media=""):
        """See it at this width, in this colour scheme, on a screen or in print."""
        set_view(self._driver, width, scheme=scheme, media=media)

    def ask(self, script):
        return self._driver.execute_script(f"return {script}")

    def log(self, kind):
        return self._driver.get_log(kind)

    def picture(self, path):
        """A picture of the whole page."""
        height = self.ask("document.documentElement.scrollHeight")
        width = self.ask("innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        taken = self._driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        path.write_bytes(base64.b64decode(taken["data"]))

    def pdf(self, path):
        printed = self._driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
        path.write_bytes(base64.b64decode(printed["data"]))


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """The page of a week of work, and the JSON of the same command."""
    folder = tmp_path_factory.mktemp("browser")
    program = write_sample_week(folder / "work", time.time())
    path = folder / "page.html"
    return path, program.json("report", "--html", path)


@pytest.fixture(scope="module")
def page(reported, tmp_path_factory):
    path, _ = reported
    profile, logs = tmp_path_factory.mktemp("profile"), ("browser", "performance")
    with start_chromium(profile, "--force-device-scale-factor=1", logs=logs) as driver:
        driver.get(path.as_uri())
        yield Page(driver)


@pytest.fixture
def kept(tmp_path):
    """Where pictures of the page stay for a look."""
    folder = Path(os.environ.get("FILEQ_KEEP", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_nothing_is_wrong_and_nothing_is_fetched(page, reported):
    page.look(1400)
    events = [json.loads(entry["message"])["message"] for entry in page.log("performance")]
    asked = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    urls = {one["request"]["url"] for one in asked if not one["documentURL"].startswith("chrome:")}  # its first tab
    assert {url for url in urls if not url.startswith("data:")} == {reported[0].as_uri()}
    assert page.log("browser") == []


def at(document, path):
    for key in path.split("."):
        document = document[int(key) if isinstance(document, list) else key]
    return document


def in_words(text):
    """The number that is meant by "1,200", "402 MB" or "3 min 20 s"."""
    parts = re.findall(r"(-?[\d.,]+)\s*([A-Za-z/]*)", text)
    assert parts
    return sum(float(number.replace(",", "")) * UNITS[unit] for number, unit in parts)


def _rounding(path, value):
    """Times are told in whole seconds from 10 on, in tenths below."""
    return 0 if "second" not in path else 0.51 if value >= 10 else 0.051


def test_every_figure_is_that_of_the_json(page, reported):
    _, document = reported
    shown = page.ask(
        "[...document.querySelectorAll('data[data-figure]')].map(one => [one.dataset.figure, one.value, one.innerText])"
    )
    assert len(shown) > 80
    for path, value, text in shown:
        assert float(value) == at(document, path)
        assert in_words(text) == pytest.approx(float(value), rel=0.006, abs=_rounding(path, float(value)))
    wanted = {
        "jobs.done",
        "jobs.failed",
        "files",
        "outputs",
        "bytes_in",
        "bytes_out",
        "bytes_saved",
        "seconds",
        "vanished",
    }
    wanted |= {f"removed.{key}" for key in document["removed"]}
    wanted |= {f"failures.{number}.count" for number in range(len(document["failures"]))}
    wanted |= {f"recipes.{number}.seconds" for number in range(len(document["recipes"]))}
    wanted |= {f"days.{number}.done" for number in range(len(document["days"]))}
    assert wanted <= {path for path, _, _ in shown}


def test_the_bars_are_as_long_as_the_json_says(page, reported):
    _, document = reported
    page.look(1400)
    bars = page.ask(
        "[...document.querySelectorAll('rect[data-figure]')].map(one => { const box = one.getBoundingClientRect();"
        " return [one.dataset.figure, Number(one.dataset.value), box.width, box.height] })"
    )
    assert all(value == at(document, path) for path, value, _, _ in bars)
    for pattern, side in (
        (r"days.\d+.(done|failed)", 3),
        (r"days.\d+.bytes_(in|out)", 3),
        (r"recipes", 2),
        (r"formats", 2),
    ):
        mine = [bar for bar in bars if re.match(pattern, bar[0])]
        largest = max(mine, key=lambda bar: bar[1])
        assert largest[side] > 60
        for bar in mine:
            assert bar[side] == pytest.approx(largest[side] * bar[1] / largest[1], abs=0.5)


def test_all_thumbnails_load_and_every_recipe_is_among_them(page, reported):
    page.look(1400)
    sizes = page.ask("[...document.images].map(one => [one.naturalWidth, one.naturalHeight, one.complete])")
    assert len(sizes) == 48
    assert all(complete and 0 < max(width, height) <= 240 for width, height, complete in sizes)
    recipes = set(page.ask("[...document.querySelectorAll('.recipe')].map(one => one.innerText)"))
    assert recipes == {recipe["recipe"] for recipe in reported[1]["recipes"]}


OVERFLOWING = """[...document.querySelectorAll('body *')].filter(one => {
    const box = one.getBoundingClientRect();
    if (one.closest('thead') && getComputedStyle(one.closest('thead')).position === 'absolute') return false;
    return box.width && (box.right > document.documentElement.clientWidth + 1 || box.left < -1);
}).map(one => one.outerHTML.slice(0, 120))"""
CUT = """[...document.querySelectorAll('.chart text')].filter(one => {
    const box = one.getBoundingClientRect(), frame = one.closest('figure').getBoundingClientRect();
    return box.width && (box.left < frame.left || box.right > frame.right || box.bottom > frame.bottom);
}).map(one => one.outerHTML)"""

SQUEEZED = """[...document.querySelectorAll('table')].filter(one =>
    one.getBoundingClientRect().right > one.parentElement.getBoundingClientRect().right + 1
    || [...one.querySelectorAll('tbody th')].some(head => head.getBoundingClientRect().width < 60)
).map(one => one.innerText)"""


@pytest.mark.parametrize("media", ["", "print"])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_stands_out(page, width, media):
    page.look(width, media=media)
    assert page.ask(OVERFLOWING) == []
    assert page.ask(CUT) == []
    assert page.ask(SQUEEZED) == []
    assert page.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


CONTRASTS = """(() => {
    const light = text => {
        const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map(one => one / 255)
            .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = one => {
        for (; one; one = one.parentElement) {
            const colour = getComputedStyle(one).backgroundColor;
            if (!/, 0\\)$/.test(colour)) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const found = [];
    for (const one of document.querySelectorAll('body *:not(title)')) {
        if (![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
        const style = getComputedStyle(one), inside = one.closest('svg');
        const text = light(inside ? style.fill : style.color), below = light(ground(one));
        const ratio = (Math.max(text, below) + 0.05) / (Math.min(text, below) + 0.05);
        if (ratio < 4.5) found.push([one.outerHTML.slice(0, 90), ratio]);
    }
    return found;
})()"""


@pytest.mark.parametrize(("scheme", "media"), [("light", ""), ("dark", ""), ("dark", "print")])
def test_all_text_has_contrast_and_print_is_light(page, scheme, media):
    page.look(1400, scheme=scheme, media=media)
    assert page.ask(CONTRASTS) == []
    ground = page.ask("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(250, 249, 247)", "dark": "rgb(22, 24, 28)"}[scheme] or media
    if media == "print":
        assert ground == "rgb(255, 255, 255)"


def test_pictures_of_it_are_kept_for_a_look(page, kept):
    for name, width, scheme in (("light", 1400, "light"), ("dark", 1400, "dark"), ("narrow", 400, "light")):
        page.look(width, scheme=scheme)
        page.picture(kept / f"report-{name}.png")
    page.look(1400, scheme="dark")
    page.pdf(kept / "report-print.pdf")
    assert all((kept / f"report-{name}.png").stat().st_size > 50_000 for name in ("light", "dark", "narrow"))
    assert (kept / "report-print.pdf").read_bytes().startswith(b"%PDF")
