"""Colour and movement."""

import io
import re

import pytest

from fileq.display import Answer, BatchProgress, Column, Facts, Progress, SlotProgress, StatusView, Table, Text, Tone
from fileq.display.rich import RichAnswerWriter, RichMessageWriter
from fileq.display.text_width import text_width

_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
EVIL = "/pictures/a\x1b[2J\n\udcff very long name that goes on and on and on and on and on 0001.jpg"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(params=[60, 120])
def columns(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(request.param))
    monkeypatch.setenv("LINES", "30")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return request.param


def plain(stream):
    return _CODES.sub("", stream.getvalue())


def test_no_line_is_wider_than_the_terminal(columns):
    stream = Terminal()
    table = Table(
        [Column("job"), Column("state"), Column("source", kind="path")], [("1", Text("failed", Tone.BAD), EVIL)] * 3
    )
    RichAnswerWriter(stream).answer(Answer(None, [Text("Jobs", Tone.TITLE), Facts([("folder", "/x")]), table]))
    lines = plain(stream).splitlines()
    assert all(text_width(line) <= columns for line in lines)
    assert sum("failed" in line for line in lines) == 3
    assert "0001.jpg" in lines[-1]


def test_names_are_made_safe_in_tables_errors_and_progress(columns):
    stream = Terminal()
    RichAnswerWriter(stream).answer(Answer(None, [Table([Column("source", kind="path")], [(EVIL,)])]))
    messages = RichMessageWriter(stream)
    messages.error(EVIL, EVIL)
    messages.show_progress(Progress(ended=1, total=9, slots=[SlotProgress(EVIL, "web", 3.0)]))
    messages.clear_progress()
    assert "\x1b[2J" not in stream.getvalue()
    assert "\udcff" not in stream.getvalue()


def test_progress_shows_count_failures_rate_time_and_slots(columns):
    stream = Terminal()
    messages = RichMessageWriter(stream)
    slots = [SlotProgress("/a/IMG_1.jpg", "web", 3.2), SlotProgress()]
    progress = Progress(ended=61, total=120, failed=2, rate_per_minute=492, seconds_left=7.1, slots=slots)
    messages.show_progress(progress)
    messages.clear_progress()
    text = plain(stream)
    for part in ("61 of 120", "2 failed", "8.2 a second", "7.1 s left", "IMG_1.jpg", "3.2 s", "idle"):
        assert part in text


def test_the_live_status_keeps_within_the_terminal_and_shows_names_before_a_long_bar(columns):
    stream = Terminal()
    messages = RichMessageWriter(stream)
    progress = Progress(ended=112, total=136, failed=1, share=0.23, rate_per_minute=230, seconds_left=106.0)
    batches = [
        BatchProgress(batch_id=2, source="mix", recipes="avif, webp", progress=progress),
        BatchProgress(batch_id=31, source="photos/" + "deep/" * 30, recipes="thumbnail", progress=progress),
    ]
    messages.show_status(StatusView(batches=batches, total=progress, notes=[Text("No worker. Start: fileq worker")]))
    lines = plain(stream).split("\n")
    assert all(text_width(line.strip("\r")) < columns for line in lines)
    assert "mix" in lines[0]
    assert "avif, webp" in lines[0] or columns < 80
    assert "23 %  112 of 136" in lines[1]
    messages.clear_progress()


def test_progress_leaves_no_trace(columns):
    stream = Terminal()
    messages = RichMessageWriter(stream)
    messages.show_progress(Progress(ended=1, total=2))
    messages.clear_progress()
    assert stream.getvalue().endswith(("\x1b[2K", "\x1b[?25h"))
    stream.truncate(0)
    messages.clear_progress()
    assert stream.getvalue() == ""


def test_colour_may_be_forced_into_a_file_and_movement_may_not(columns):
    stream = io.StringIO()
    messages = RichMessageWriter(stream)
    messages.show_progress(Progress(ended=1, total=2))
    messages.show_scanned(10)
    messages.clear_progress()
    assert stream.getvalue() == ""
    messages.error("Wrong.")
    assert "\x1b[" in stream.getvalue()
