"""Failures as they come: each in a log, and on a terminal only as many as one can read."""

import io

from fileq.cli.views.outcome.failure_lines import FailureLines
from fileq.display import Text, create_display
from fileq.display.answer import text_of
from tests.support.recording_display import RecordingDisplay


def said_by(display):
    return [text_of(line) for line in display.lines]


def test_a_terminal_gets_some_in_a_minute_and_the_count_of_the_others():
    display, now = RecordingDisplay(), [0.0]
    lines = FailureLines(display, lambda: now[0])
    for number in range(200):
        lines.show(Text(f"failed {number}"))
    assert said_by(display) == [f"failed {number}" for number in range(20)]
    now[0] = 61.0
    lines.show(Text("failed late"))
    assert said_by(display)[20:] == ["and 180 more failures", "failed late"]
    lines.close()
    assert len(display.lines) == 22


def test_what_was_not_shown_is_said_at_the_end_at_the_latest():
    display = RecordingDisplay()
    lines = FailureLines(display, lambda: 0.0)
    for number in range(21):
        lines.show(Text(f"failed {number}"))
    lines.close()
    assert said_by(display)[20:] == ["and 1 more failure"]


def test_a_log_gets_each():
    stream = io.StringIO()
    lines = FailureLines(create_display(stdout=io.StringIO(), stderr=stream), lambda: 0.0)
    for number in range(200):
        lines.show(Text(f"failed {number}"))
    lines.close()
    assert stream.getvalue().splitlines() == [f"failed {number}" for number in range(200)]
