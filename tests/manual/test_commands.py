"""What documents say is what happens: each command in them is run, and each config is read."""

import re
import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest

from fileq.config import load_config
from tests.acceptance.program import PATIENCE, kill_group, wait_until
from tests.manual.pages import DOCUMENTS, blocks_of, page_of, source_of

UNTIL_STOPPED = "until stopped"
NOT_HERE = ("not a config", "on the server")
NOT_TRIED = ("not tried: ", "try", "test", "on the server", "django: ")  # .ci/run, test_several_machines, tests/django


def commands(text):
    """The commands of a shell block, each whole."""
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def run_until_stopped(sandbox, line):
    """Run a command that works until it is stopped; stop it once it has nothing left to do."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec {line}"], cwd=sandbox.folder, env=sandbox.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until(lambda: process.poll() is not None or is_idle(sandbox, process.pid))
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        kill_group(process)
    assert process.returncode == 0, said


def is_idle(sandbox, pid):
    """Whether the worker of this process, or its watcher, is there, and no job is unfinished."""
    code, said = sandbox.run("fileq status --json")
    assert code == 0, said
    is_there = re.search(rf'"pid": {pid}\b', said)
    return is_there and all(f'"{state}": 0' in said for state in ("queued", "running", "waiting"))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_command_of_a_document_works_as_it_stands_there(document, sandbox):
    for block in blocks_of(page_of(document)):
        if block.language == "toml" and block.mark not in NOT_HERE and not block.text.startswith("steps = "):
            sandbox.config(block.text)
        if block.language != "sh" or block.mark.startswith(NOT_TRIED):
            continue
        if block.mark == UNTIL_STOPPED:
            for line in commands(block.text):
                run_until_stopped(sandbox, line)
            continue
        code, said = sandbox.run(block.text)
        assert code in block.may_end_with, (block.text, said)
        assert "Traceback" not in said, said


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_config_of_a_document_can_be_read(document, tmp_path):
    for block in blocks_of(source_of(document)):
        if block.language == "toml" and block.mark != "not a config":
            file = tmp_path / "fileq.toml"
            file.write_text(block.text, "utf-8")
            load_config(str(file), environ={}, cwd=str(tmp_path))


def sessions(text):
    """The commands of a console block, each with what it answers."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def loosely(text):
    """A text without what differs from one machine to another: figures, and the folders on the way to a file."""
    return re.sub(r"\d[\d,.]*", "N", re.sub(r"\S*/(?=[\w]+\.\w+$)", "", text, flags=re.MULTILINE)).strip()


def test_a_session_with_the_cleaning_says_what_is_shown(sandbox):
    """The one page that shows answers: those of an old gallery."""
    assert sandbox.run("rm photos/IMG_0003.jpg photos/IMG_0004.jpg; fileq run photos")[0] == 0
    outdate_outputs(sandbox)
    (block,) = [block for block in blocks_of(source_of("retention")) if block.language == "console"]
    for command, answer in sessions(block.text):
        code, said = sandbox.run(command)
        assert code == 0, said
        assert loosely(said) == loosely(answer)


def outdate_outputs(sandbox):
    """Let the outputs be forty days old: in the ledger, as the clock can't be set."""
    with closing(sqlite3.connect(sandbox.environment["FILEQ_DATABASE"])) as connection, connection:
        connection.execute("update outputs set published_at = published_at - 40 * 86400")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_block_of_a_document_passes_the_tests_unseen(document):
    for block in blocks_of(page_of(document)):
        known = (*NOT_TRIED, "exit: ", UNTIL_STOPPED, "not a config", "plugin", "states")
        assert not block.mark or block.mark.startswith(known), block.mark
        if block.language == "console":
            assert document == "retention"
