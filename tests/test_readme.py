"""The README's tables say what the code says. `python -m tests.test_readme` writes them anew."""

import re
from pathlib import Path

import pytest

from fileq.errors import ErrorKind
from fileq.job import TRANSITIONS, JobState
from fileq.operations import BUILT_IN

README = Path(__file__).parent.parent / "README.md"

MEANINGS = {
    ErrorKind.UNREADABLE: "not a picture, or damaged",
    ErrorKind.UNSUPPORTED: "a format or mode that the recipe can't take",
    ErrorKind.TOO_LARGE: "more pixels than `max_pixels`",
    ErrorKind.MISSING: "the source is gone",
    ErrorKind.CHANGED: "the source changed after it was added, or while it was read",
    ErrorKind.CONFLICT: "the output exists, or belongs to another job",
    ErrorKind.NO_SPACE: "the disk is full",
    ErrorKind.PERMISSION: "the system forbids it",
    ErrorKind.TIMEOUT: "it took longer than `timeout`",
    ErrorKind.MEMORY: "it needed more than `memory`",
    ErrorKind.CRASHED: "its process died",
    ErrorKind.COMMAND: "an external program failed",
    ErrorKind.INTERNAL: "a fault in fileq, or one of the system's that has no name",
}

REASONS = {
    (JobState.QUEUED, JobState.RUNNING): "a worker claims it",
    (JobState.RUNNING, JobState.QUEUED): "its worker died or was stopped",
    (JobState.RUNNING, JobState.WAITING): "a fault that may pass: tried again, later each time",
    (JobState.WAITING, JobState.RUNNING): "it is due again",
    (JobState.DONE, JobState.QUEUED): "add, where its outputs are gone, or with --force",
    (JobState.FAILED, JobState.QUEUED): "retry, or add",
    (JobState.FAILED, JobState.SUPERSEDED): "a newer version of its source was added",
    (JobState.CANCELLED, JobState.QUEUED): "retry, or add",
    (JobState.SUPERSEDED, JobState.QUEUED): "add, where that version is back",
}


def operations() -> list[str]:
    rows = []
    for operation in BUILT_IN:
        summary = (operation.__doc__ or "").strip().splitlines()[0]
        rows.append(f"| `{operation.__struct_config__.tag}` | {summary} |")
    return rows


def kinds() -> list[str]:
    return [f"| `{kind}` | {MEANINGS[kind]} | {'yes' if kind.is_transient else ''} |" for kind in ErrorKind]


def states() -> list[str]:
    """A line for each transition: from its state, named once, to the next one."""
    lines = []
    for before in JobState:
        following = [after for after in JobState if after in TRANSITIONS[before]]
        for number, after in enumerate(following):
            start = f"{before} ".ljust(11, "─") if number == 0 else " " * 11
            corner = "├" if number else "┬"
            corner = ("└" if number else "─") if after is following[-1] else corner
            lines.append(f"{start}{corner}──▶ {after:<12}{REASONS.get((before, after), '')}".rstrip())
    return lines


TABLES = {"operations": operations, "kinds": kinds}


def written(mark: str) -> list[str]:
    """The rows above a mark, without the table's head."""
    above, found, _ = README.read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")
    assert found, f"the README has no <!-- {mark} -->"
    rows = re.split(r"\| --- \|.*\n", above)[-1]
    return rows.splitlines()


@pytest.mark.parametrize("mark", TABLES)
def test_the_readmes_table_says_what_the_code_says(mark: str) -> None:
    assert written(mark) == TABLES[mark]()


def drawn() -> str:
    """The README's diagram of a job's states, as it is in its block."""
    _, found, below = README.read_text(encoding="utf-8").partition("<!-- states -->\n```text\n")
    assert found, "the README has no diagram of states"
    return below.partition("```\n")[0]


def test_the_readmes_diagram_of_states_is_the_table_of_transitions() -> None:
    assert drawn().splitlines() == states()


def rewrite() -> None:
    text = README.read_text(encoding="utf-8")
    for mark, rows in TABLES.items():
        old = "".join(f"{row}\n" for row in written(mark))
        end = f"<!-- {mark} -->\n"
        text = text.replace(old + end, "".join(f"{row}\n" for row in rows()) + end)
    text = text.replace(drawn(), "".join(f"{line}\n" for line in states()))
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
