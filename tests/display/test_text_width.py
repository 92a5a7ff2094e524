"""Nothing in a file's name may steer a terminal, and no line is longer than it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fileq.display.text_width import pad, shorten, shorten_path, text_width
from fileq.escapes import escape_controls

ANY_NAME = st.text(st.characters(codec=None))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("IMG_1.jpg", "IMG_1.jpg"),
        ("caf\u00e9 \u4e2d.jpg", "caf\u00e9 \u4e2d.jpg"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        ("caf\udce9", "caf\\xe9"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_steers_a_terminal_is_written_out(name, safe):
    assert escape_controls(name) == safe


@given(ANY_NAME)
def test_no_name_can_steer_a_terminal_or_break_an_encoding(name):
    safe = escape_controls(name)
    safe.encode("utf-8")
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in safe)


def test_a_long_name_loses_its_middle():
    assert shorten("IMG_20260517_holiday.jpeg", 15) == "IMG_202\u2026ay.jpeg"[:8] + "ay.jpeg"
    assert shorten("short.jpg", 15) == "short.jpg"


@given(ANY_NAME.map(escape_controls), st.integers(0, 40))
def test_a_shortened_name_fits(name, room):
    assert text_width(shorten(name, room)) <= room


@pytest.mark.parametrize(
    ("room", "short"),
    [
        (40, "/pictures/2026/holiday/IMG_1.jpg"),
        (24, "/pictures/2026…/IMG_1.jpg"[:13] + "\u2026/IMG_1.jpg"),
        (11, "\u2026/IMG_1.jpg"),
        (9, "IMG_1.jpg"),
        (7, "IMG\u2026jpg"),
    ],
)
def test_a_path_loses_folders_before_it_loses_its_name(room, short):
    assert shorten_path("/pictures/2026/holiday/IMG_1.jpg", room) == short


@given(ANY_NAME.map(escape_controls), st.integers(0, 40))
def test_a_shortened_path_fits(path, room):
    assert text_width(shorten_path(path, room)) <= room


def test_wide_letters_count_twice():
    assert text_width("\u4e2d\u6587.jpg") == 8
    assert text_width("e\u0301") == 1
    assert pad("\u4e2d", 4) == "\u4e2d  "
    assert pad("7", 3, is_right=True) == "  7"
