"""Chromium, and what it makes of a picture: the pixels of each frame as its own decoders give them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.common.exceptions import JavascriptException
from selenium.webdriver.chrome.service import Service

_OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

_DECODE = """
const [content, type, done] = arguments;
(async () => {
  const data = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
  const decoder = new ImageDecoder({data, type, premultiplyAlpha: "none"});
  await decoder.tracks.ready;
  await decoder.completed;
  const track = decoder.tracks.selectedTrack, frames = [];
  for (let at = 0; at < track.frameCount; at++) {
    const {image} = await decoder.decode({frameIndex: at});
    const pixels = new Uint8Array(image.allocationSize({format: "RGBA"}));
    await image.copyTo(pixels, {format: "RGBA"});
    let text = "";
    for (let from = 0; from < pixels.length; from += 8192)
      text += String.fromCharCode(...pixels.subarray(from, from + 8192));
    const size = [image.visibleRect.width, image.visibleRect.height];
    frames.push({size, duration: (image.duration || 0) / 1000, pixels: btoa(text)});
    image.close();
  }
  return {frames, repetitions: track.repetitionCount === Infinity ? -1 : track.repetitionCount};
})().then(done, error => done({error: String(error)}));
"""

_SHOW = """
const [content, type, done] = arguments;
(async () => {
  const data = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
  const element = new Image();
  element.src = URL.createObjectURL(new Blob([data], {type}));
  await element.decode();
  return [element.naturalWidth, element.naturalHeight];
})().then(done, () => done(null));
"""

_DRAW = """
const [content, type, done] = arguments;
(async () => {
  const data = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
  const element = new Image();
  element.src = URL.createObjectURL(new Blob([data], {type}));
  await element.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [element.naturalWidth, element.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(element, 0, 0);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  let text = "";
  for (let from = 0; from < pixels.length; from += 8192)
    text += String.fromCharCode(...pixels.subarray(from, from + 8192));
  return [canvas.width, canvas.height, btoa(text)];
})().then(done, () => done(null));
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """The frames that a browser shows in RGBA, how long each stays in ms, and how often all play (0: for ever)."""

    frames: list[Image.Image]
    durations: list[float]
    plays: int


class Browser:
    """Headless Chromium as a judge of pictures."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def decode(self, path: Path, type_: str) -> Shown | None:
        """What is shown of a file of this MIME type; None where it is a broken picture."""
        answer = self._ask(_DECODE, path, type_)
        if answer is None or "error" in answer:
            return None
        frames = [
            Image.frombytes("RGBA", tuple(frame["size"]), base64.b64decode(frame["pixels"]))
            for frame in answer["frames"]
        ]
        return Shown(frames, [frame["duration"] for frame in answer["frames"]], answer["repetitions"] + 1)

    def size(self, path: Path, type_: str) -> tuple[int, int] | None:
        """The size in pixels at which an <img> shows a file, turned upright; None where it is a broken picture."""
        answer = self._ask(_SHOW, path, type_)
        return None if answer is None else (answer[0], answer[1])

    def draw(self, path: Path, type_: str) -> Image.Image | None:
        """What an <img> of a file shows, in sRGB and turned upright; None where it is a broken picture."""
        answer = self._ask(_DRAW, path, type_)
        return None if answer is None else Image.frombytes("RGBA", (answer[0], answer[1]), base64.b64decode(answer[2]))

    def _ask(self, script: str, path: Path, type_: str):
        try:
            return self._driver.execute_async_script(script, base64.b64encode(path.read_bytes()).decode(), type_)
        except JavascriptException:
            return None


@contextmanager
def start_chromium(profile: Path, *options: str, logs: Iterable[str] = ()) -> Iterator[webdriver.Chrome]:
    """Start Chromium with a profile in this folder; `logs` are the kinds of its logs that are kept."""
    chosen = webdriver.ChromeOptions()
    chosen.binary_location = "/usr/bin/chromium"
    for option in (*_OPTIONS, *options, f"--user-data-dir={profile}"):
        chosen.add_argument(option)
    chosen.set_capability("goog:loggingPrefs", dict.fromkeys(logs, "ALL"))
    driver = webdriver.Chrome(options=chosen, service=Service("/usr/bin/chromedriver"))
    try:
        yield driver
    finally:
        driver.quit()


def set_view(driver: webdriver.Chrome, width: int, *, scheme: str = "light", media: str = "") -> None:
    """Have a page seen at this width, in this colour scheme, on a screen or in print."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """Start Chromium with a profile in this folder, at a page where its decoders may be asked."""
    page = folder / "page.html"
    page.write_text("<!doctype html><title>judge</title>")
    with start_chromium(folder / "profile") as driver:
        driver.set_script_timeout(30)
        driver.get(page.as_uri())
        yield Browser(driver)
