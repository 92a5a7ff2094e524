"""Plots in a terminal, drawn by plotext."""

import io
import re
import subprocess
import sys

import pytest

from fileq.display import Answer, Plot, Series, Tone, plots
from fileq.display.plain import PlainAnswerWriter
from fileq.display.rich import RichAnswerWriter
from fileq.display.text_width import text_width

_CODES = re.compile(r"\x1b\[[0-9;]*m")


def count(value):
    return f"{value:,.0f}"


def vertical(done, failed=None, labels=None):
    series = [Series("done", done, Tone.GOOD)] + ([Series("failed", failed, Tone.BAD)] if failed else [])
    labels = labels or [f"{day + 1} Nov" for day in range(len(done))]
    return Plot(title="Jobs", labels=labels, series=series, describe_value=count, vertical=True)


def horizontal(names, *values):
    series = [Series(f"s{number}", one, Tone.BUSY) for number, one in enumerate(values)]
    return Plot(title="Time", labels=names, series=series, describe_value=count)


def drawn(plot, room=80):
    return plots.plot_lines(plot, room, coloured=False)


def column(lines, at):
    return "".join(line[at] for line in lines)


PLOTS = {
    "week": vertical([3, 5, 0, 9, 118, 1, 5, 6], [1, 0, 0, 0, 10, 0, 0, 2]),
    "one": vertical([1]),
    "400 days": vertical(list(range(400)), [day % 7 for day in range(400)]),
    "huge": vertical([10**12, 3]),
    "tiny": vertical([0.001, 0.0002]),
    "zeros": vertical([0, 0, 7, 0]),
    "wide names": horizontal(["日本語の写真を小さくするレシピ", "web", "e\u0301tude", "x" * 90], [1, 0, 50, 3]),
    "two series": horizontal(["web", "thumb"], [4, 0], [1, 3]),
    "one name": horizontal(["web"], [1]),
    "evil": horizontal(["a\x1b[2J\n\udcff", "\u202egpj"], [1, 2]),
}


@pytest.mark.parametrize("room", [30, 40, 80, 120])
@pytest.mark.parametrize("name", PLOTS)
def test_no_line_is_wider_than_the_room_and_none_steers_the_terminal(name, room):
    lines = drawn(PLOTS[name], room)
    assert lines
    assert all(text_width(line) <= room for line in lines)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("name", PLOTS)
def test_colours_change_nothing_but_colours(name):
    plain = drawn(PLOTS[name], 60)
    assert [_CODES.sub("", line) for line in plots.plot_lines(PLOTS[name], 60, coloured=True)] == plain


def test_the_height_of_a_bar_is_its_share_of_the_axis():
    lines = drawn(vertical([100, 50, 0, 25]))
    bars = [column(lines[:-2], place).count("█") for place in (4, 13, 22, 31)]
    assert bars == [9, 4, 0, 2]
    assert lines[0].startswith("100┤")


def test_a_little_shows_beside_very_much_and_nothing_does_not():
    lines = drawn(vertical([1000, 1, 0], [1, 0, 1]))
    marks = [column(lines[:-2], place) for place in (6, 15, 24)]
    assert [("█" in bar, "░" in bar) for bar in marks] == [(True, True), (True, False), (False, True)]


def test_one_failure_of_1198_does_not_fill_a_row():
    top, *_ = drawn(vertical([1197], [1]))
    assert (top.count("░"), top.count("█")) == (1, 7)


def test_values_have_the_colour_of_their_bar_and_none_is_red():
    lines = plots.plot_lines(horizontal(["web", "thumbnail", "avif"], [20, 10, 5]), 40, coloured=True)
    codes = set(re.findall(r"\x1b\[([0-9;]+)m", "".join(lines)))
    assert codes <= {"0", "38;5;6", "36"}


def test_what_is_stacked_stands_on_what_is_below():
    lines = drawn(vertical([60], [40]))
    bar = column(lines[:-2], 4)
    assert bar == "░" * 4 + "█" * 5


def test_many_days_are_added_up_and_the_heading_says_so():
    plot = vertical([1] * 400)
    assert plots.plot_title(plot, 80) == "Jobs, 6 to a bar"
    lines = drawn(plot, 80)
    assert lines[0].lstrip().startswith("6┤")
    assert sum(mark == "█" for mark in lines[-3]) == 67
    assert plots.plot_title(vertical([1] * 7), 40) == "Jobs"


def test_horizontal_bars_have_their_name_before_and_their_value_behind():
    assert drawn(horizontal(["web", "thumbnail"], [20, 10]), 34) == [
        f"      web┤{'█' * 21} 20",
        f"thumbnail┤{'█' * 10} 10{' ' * 11}",
    ]


def test_the_middle_of_an_axis_is_named_where_it_is_a_number_of_its_own():
    assert [line.split("┤")[0] for line in drawn(vertical([1])) if "┤" in line] == ["1"]
    assert [line.split("┤")[0].strip() for line in drawn(vertical([8])) if "┤" in line] == ["8", "4"]


def test_a_second_plot_has_nothing_of_the_first():
    before = drawn(PLOTS["week"])
    drawn(PLOTS["wide names"], 40)
    assert drawn(PLOTS["week"]) == before


def test_a_plot_of_nothing_is_not_drawn():
    stream = io.StringIO()
    PlainAnswerWriter(stream).answer(Answer(None, [vertical([0, 0])]))
    RichAnswerWriter(stream).answer(Answer(None, [horizontal(["a"], [0])]))
    assert stream.getvalue() == ""


def test_plain_text_has_no_control_codes_and_says_which_mark_is_which():
    stream = io.StringIO()
    PlainAnswerWriter(stream).answer(Answer(None, [PLOTS["week"], PLOTS["one"]]))
    text = stream.getvalue()
    assert "\x1b" not in text
    assert text.startswith("Jobs   █ done   ░ failed\n")
    assert "\nJobs\n" in text
    assert not re.search(r" $", text, re.MULTILINE)


@pytest.mark.parametrize("room", [40, 120])
def test_a_terminal_gets_colours_at_its_own_width(monkeypatch, room):
    monkeypatch.setenv("COLUMNS", str(room))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = io.StringIO()
    RichAnswerWriter(stream).answer(Answer(None, [PLOTS["week"]]))
    lines = _CODES.sub("", stream.getvalue()).splitlines()
    assert max(map(text_width, lines)) == room
    assert "\x1b[32m" in stream.getvalue()
    assert "\x1b[31m" in stream.getvalue()


def test_answers_without_a_plot_do_not_wait_for_plotext():
    said = "import sys; import fileq.display.rich, fileq.display.plain; print('plotext' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout == "False\n"
