"""Lines on a terminal: words wrap, and a command that can be pasted stays in one piece."""

import io

import pytest
from rich.text import Text as RichText

from fileq.display import Answer, Facts, Text
from fileq.display.rich import RichAnswerWriter, RichMessageWriter
from fileq.display.rich_lines import wrap_text
from fileq.display.text_width import text_width

STOPPED = "133 jobs wait. Go on: the same command. Drop the rest: fileq cancel --batch 17"


def wrapped(text, room):
    return [line.plain for line in wrap_text(RichText(text), room)]


def test_a_command_that_does_not_fit_the_line_stands_on_one_of_its_own():
    assert wrapped(STOPPED, 65) == [
        "133 jobs wait. Go on: the same command. Drop the rest:", "fileq cancel --batch 17",
    ]  # fmt: skip
    assert wrapped(STOPPED, 100) == [STOPPED]


def test_a_command_that_no_line_has_room_for_is_left_to_the_terminal():
    command = "fileq --database '/data/a long way/fileq.db' cancel --batch 17"
    assert wrapped(f"Drop the rest: {command}. Then look.", 30) == ["Drop the rest:", f"{command}.", "Then look."]


@pytest.mark.parametrize("room", [1, 2, 7, 20, 80])
@pytest.mark.parametrize(
    "text", ["", "a", "one two  three", "写真の写真の写真の写真の", "x" * 90, " indented", "fileq goes on."]
)
def test_all_else_is_wrapped_within_the_room_and_nothing_is_lost(text, room):
    lines = wrapped(text, room)
    assert all(text_width(line) <= max(2, room) for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_two_commands_of_one_text_are_in_one_piece_each():
    text = "Wait for it: fileq wait 3. Or drop them: fileq cancel --batch 3"
    assert wrapped(text, 26) == ["Wait for it: fileq wait 3.", "Or drop them:", "fileq cancel --batch 3"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_hints_errors_facts_and_texts_keep_commands_in_one_piece(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    messages, answers = RichMessageWriter(stream, has_colors=False), RichAnswerWriter(stream, has_colors=False)
    command = "fileq --database /somewhere/else/ledger.db retry --failed --batch 22 --run"
    messages.hint(f"Some have failed. Try again: {command}")
    messages.error("Some have failed.", f"Try again: {command}")
    answers.answer(Answer(None, [Text(f"Try again: {command}"), Facts([("try again", command)])]))
    assert stream.getvalue().count(command) == 4
