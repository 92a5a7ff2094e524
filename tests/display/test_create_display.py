"""Which display it is."""

import io
import subprocess
import sys

import pytest

from fileq.display import Answer, Progress, Text, create_display, is_rich_terminal
from tests.support.recording_display import RecordingDisplay


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "rich"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, True),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_movement_is_on_terminals_and_colours_may_be_forced_elsewhere(stream, environ, rich):
    assert is_rich_terminal(stream, environ) is rich


def test_answers_go_to_stdout_and_the_rest_to_stderr():
    out, err = io.StringIO(), io.StringIO()
    display = create_display(stdout=out, stderr=err, environ={})
    display.answer(Answer({}, [Text("118 done")]))
    display.hint("No worker is running.")
    display.error("Wrong.", "Fix it.")
    assert out.getvalue() == "118 done\n"
    assert err.getvalue() == "No worker is running.\nError: Wrong. Fix it.\n"


def test_a_long_list_is_cut_for_people_and_not_for_pipes():
    assert create_display(stdout=Terminal(), stderr=io.StringIO(), environ={"NO_COLOR": "1"}).rows == 50
    assert create_display(stdout=io.StringIO(), stderr=io.StringIO(), environ={}).rows is None


def test_plain_and_json_do_not_wait_for_rich():
    code = (
        "import sys, io; from fileq.display import *; from fileq.display import create_display\n"
        "for json in (True, False):\n"
        "    d = create_display(json=json, stdout=io.StringIO(), stderr=io.StringIO(), environ={})\n"
        "    d.answer(Answer([], [Text('x')])); d.hint('x'); d.error('x'); d.show_scanned(3)\n"
        "    d.show_progress(Progress(ended=1, total=2))\n"
        "print('rich' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_a_recording_remembers_everything():
    display = RecordingDisplay()
    display.answer(Answer(1))
    display.hint("a")
    display.error("b", "c")
    display.show_scanned(4)
    display.show_progress(Progress(ended=1, total=2))
    display.clear_progress()
    assert (display.answers, display.hints, display.errors) == ([Answer(1)], ["a"], [("b", "c")])
    assert (display.scanned, display.progress) == ([4], [Progress(ended=1, total=2)])
