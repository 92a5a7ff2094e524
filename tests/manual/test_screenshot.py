"""The README's picture of a run shows what the program shows."""

import re

from tests.manual.pages import README
from tests.support.screenshot import LINE, SVG, is_midway, new_photos, picture, run, text_of


def masked(svg):
    """The text of a picture without what differs from run to run: figures, units, and which photos are at work."""
    lines = [re.sub(r"━|─|╸|╺", "", line) for line in text_of(svg)]
    lines = [re.sub(r"\d[\d.,]*", "N", line) for line in lines]
    lines = [re.sub(r"N([KMG]?B|ms|s|min)(?=[^a-z]|$|left|sofar|saved)", "N_", line) for line in lines]
    # Both are said once enough is done to know them, which depends on when a screen is taken.
    return [line.replace("N_left", "").replace("Nasecond", "") for line in lines]


def test_the_readmes_picture_is_what_the_program_shows_today(tmp_path):
    """To make it anew: python -m tests.support.screenshot."""
    new_photos(tmp_path)
    screens, end = run(tmp_path)
    kept = masked(SVG.read_text("utf-8"))
    now = {tuple(masked(picture(screen, end))) for screen in screens if is_midway(screen)}
    assert tuple(kept) in now


def test_the_picture_loads_nothing_and_runs_nothing():
    svg = SVG.read_text("utf-8")
    assert not re.search(r"<script|url\(['\"]?http|href=|@import", svg)
    assert svg.count("http") == svg.count("http://www.w3.org") + svg.count("https://www.textualize.io")


def test_the_readme_shows_the_picture():
    text = README.read_text("utf-8")
    assert f"({SVG.relative_to(README.parent)})" in text
    assert LINE.partition(" --quality")[0] in text
