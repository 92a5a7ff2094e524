"""Plain lines."""

import io

from fileq.display import Answer, Column, Facts, Progress, Table, Text
from fileq.display.plain import PlainAnswerWriter, PlainMessageWriter, QuietMessageWriter


def answered(*blocks):
    stream = io.StringIO()
    PlainAnswerWriter(stream).answer(Answer(None, blocks))
    return stream.getvalue()


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_facts_stand_below_each_other():
    assert answered(Facts([("files", "3"), ("bytes in", Text("9"))])) == "files     3\nbytes in  9\n"


def test_a_table_of_known_rows_is_aligned():
    table = Table(
        [Column("job", kind="number"), Column("recipe"), Column("source")],
        [("1", "web", "a"), ("22", "thumbnail", "b")],
    )
    assert answered(table) == "JOB  RECIPE     SOURCE\n  1  web        a\n 22  thumbnail  b\n"


def test_a_long_table_is_written_as_it_comes_and_cut_nowhere():
    name = "x" * 500
    table = Table([Column("state", 9), Column("source", kind="path")], iter([("done", name)]))
    assert answered(table) == f"STATE      SOURCE\ndone       {name}\n"


def test_names_are_made_safe_everywhere():
    evil = "a\x1b[2J\n\udcff"
    shown = answered(Text(evil), Facts([("name", evil)]), Table([Column("source")], [(evil,)]))
    assert "\x1b" not in shown
    assert shown.count("a\\x1b[2J\\n\\xff") == 3


def test_an_error_is_one_paragraph_with_its_remedy():
    stream = io.StringIO()
    PlainMessageWriter(stream).error("There is no file x\n.", "Check its name.")
    assert stream.getvalue() == "Error: There is no file x\\n. Check its name.\n"


def test_progress_is_a_calm_line_now_and_then():
    stream, clock = io.StringIO(), Clock()
    messages = PlainMessageWriter(stream, clock)
    for second in range(31):
        clock.now = float(second)
        messages.show_progress(Progress(ended=second, total=100, failed=2, rate_per_minute=60, seconds_left=70.0))
    assert stream.getvalue().splitlines() == [
        "5 of 100 done, 2 failed, 1 min 10 s left, 1 a second.",
        "15 of 100 done, 2 failed, 1 min 10 s left, 1 a second.",
        "25 of 100 done, 2 failed, 1 min 10 s left, 1 a second.",
    ]


def test_an_idle_worker_says_nothing():
    stream, clock = io.StringIO(), Clock()
    messages = PlainMessageWriter(stream, clock)
    for hour in range(5):
        clock.now = hour * 3600.0
        messages.show_progress(Progress(ended=0, total=0))
    assert stream.getvalue() == ""


def test_quiet_says_errors_alone():
    stream, clock = io.StringIO(), Clock()
    messages = QuietMessageWriter(stream, clock)
    clock.now = 100.0
    messages.hint("x")
    messages.show_scanned(1000)
    messages.show_progress(Progress(ended=1, total=2))
    messages.error("Wrong.")
    assert stream.getvalue() == "Error: Wrong.\n"
