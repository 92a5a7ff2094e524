"""fileq help: the manual where people are, and the help of each command."""

import os
import pty
import subprocess
import sys

import pytest

from fileq.manual import TOPICS
from fileq.operations.programs.command import Command
from fileq.operations.reference import describe_operation
from tests.acceptance.program import PATIENCE


def test_help_lists_the_topics(fileq):
    told = fileq.run("help").stdout
    for topic, about in TOPICS.items():
        assert f"  {topic} " in told
        assert about in told
    assert [one["topic"] for one in fileq.json("help")] == list(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_is_plain_text_where_it_is_piped(fileq, topic):
    told = fileq.run("help", topic).stdout
    assert told.startswith("# ")
    assert "\x1b" not in told
    assert "<!--" not in told
    assert fileq.json("help", topic)["markdown"] == told


def test_help_of_a_command_is_its_help(fileq):
    for words in (("run",), ("schedule", "run"), ("service", "install")):
        assert fileq.run("help", *words).stdout == fileq.run(*words, "--help").stdout


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["cookbok"], "Did you mean cookbook?"),
        (["rnu"], "Did you mean run?"),
        (["schedule", "rnu"], "Did you mean run?"),
        (["zzz"], "fileq help lists the topics"),
        (["run", "fast"], "fileq help lists the topics"),
        (["cookbook", "run"], "There is no topic or command cookbook run."),
    ],
)
def test_what_is_not_there_is_said_with_the_nearest_right_name(fileq, words, nearest):
    said = fileq.run("help", *words, expect=2).stderr
    assert said.startswith("Error: There is no topic or command ")
    assert nearest in said


def test_help_needs_no_config_that_is_right_and_no_database(fileq):
    fileq.configure("wrong = 1")
    fileq.run("help", "keys")
    assert not fileq.database.exists()


def seen(fileq, *arguments, pager):
    """What a terminal of 80 columns and 24 rows shows."""
    main, terminal = pty.openpty()
    environment = fileq.environment | {"PAGER": pager, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    environment.pop("NO_COLOR")
    process = subprocess.Popen(
        [sys.executable, "-m", "fileq", *arguments],
        cwd=fileq.folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # Linux says so where the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(main)
    assert process.wait(PATIENCE) == 0, shown
    return shown.decode()


def test_a_long_page_comes_by_the_pager_and_a_short_one_without(fileq):
    pager = "sed s/^/PAGED:/"
    long = seen(fileq, "help", "cookbook", pager=pager)
    assert all(line.startswith("PAGED:") for line in long.splitlines())
    short = seen(fileq, "help", "exit-codes", pager=pager)
    assert "PAGED:" not in short
    assert "130" in short
    assert "\x1b[" in short


def test_without_a_pager_the_page_is_shown_all_the_same(fileq):
    for pager in ("", "no-such-pager"):
        assert "Cookbook" in seen(fileq, "help", "cookbook", pager=pager)


def test_a_reader_who_leaves_the_pager_ends_the_command_well(fileq):
    seen(fileq, "help", "keys", pager="head -3")


def test_commands_on_a_page_are_shown_in_one_piece_to_be_copied(fileq):
    line = describe_operation(Command).example
    assert len(line) > 80
    assert line in seen(fileq, "help", "steps", pager="cat")
