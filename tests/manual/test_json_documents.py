"""The manual's page on JSON names each key of each document that a command prints."""

import json
import re
from typing import Any

import pytest
import typer

from fileq.cli.app import root_app
from fileq.manual import read_source


def documented():
    """The dotted keys of each document, by the commands of its heading."""
    sections = re.split(r"^## ", read_source("json"), flags=re.MULTILINE)[1:]
    keys = {}
    for section in sections:
        heading, _, text = section.partition("\n")
        items = re.findall(r"^- (.*?)(?=^- |\Z)", text, re.DOTALL | re.MULTILINE)
        keys[heading] = {key for item in items for key in re.findall(r"`([a-z_\[\].]+)`", item.partition(":")[0])}
    return keys


def printed(document, known, prefix=""):
    """The dotted keys of a document, down to where the manual goes."""
    if isinstance(document, list):
        return {key for item in document for key in printed(item, known, prefix)}
    found = set()
    for name, value in document.items():
        key = f"{prefix}{name}"
        below = f"{key}[]." if isinstance(value, list) else f"{key}."
        if value and any(one.startswith(below) for one in known):
            found |= printed(value, known, below)
        elif value or not any(one.startswith((f"{key}[].", f"{key}.")) for one in known):
            found.add(key)
    return found


DOCUMENTS = {
    "fileq run": "fileq run photos broken -r thumbnail --json",
    "fileq list": "fileq list --json",
    "fileq show": "fileq show 1 --json",
    "fileq add --dry-run": "fileq add photos broken --force --dry-run --json",
    "fileq add": "fileq add photos --force --json",
    "fileq status": "fileq status --json",
    "fileq batches": "fileq batches --json",
    "fileq workers": "fileq workers --json",
    "fileq retry": "fileq retry --failed --json",
    "fileq cancel": "fileq cancel --all --json",
    "fileq pause": "fileq pause --json",
    "fileq recipes": "fileq recipes --json",
    "fileq recipes --preview": "fileq recipes --preview photos/IMG_0001.jpg -r web --json",
    "fileq operations": "fileq operations --json",
    "fileq report": "fileq report --json",
    "fileq forget": "fileq forget --failed --json",
    "fileq clean": "fileq clean --dry-run --json",
    "fileq undo": "fileq undo 1 --dry-run --json",
    "fileq schedule": "fileq schedule --json",
    "fileq schedule run": "fileq schedule run clean --json",
    "fileq hooks": "fileq hooks --json",
    "fileq database copy": "fileq database copy copy.db --json",
    "fileq doctor": "fileq doctor --json",
    "fileq config": "fileq config --json",
    "fileq trust": "fileq trust --json",
    "fileq init": "mkdir new && cd new && fileq init --json",
    "fileq help": "fileq help json --json",
    "fileq watch": "fileq watch inbox -r web -o ready --once --json",
}
NOT_PRINTED = {"fileq service", "fileq trust --list"}  # one changes the system's services, the other has no keys


def test_each_document_is_one_that_the_test_prints():
    assert set(documented()) == {*DOCUMENTS, *NOT_PRINTED}


def test_each_command_that_answers_in_json_is_on_the_page():
    group: Any = typer.main.get_command(root_app)
    context = group.make_context("fileq", ["status"], resilient_parsing=True)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if any("--json" in param.opts for param in command.get_params(context)):
            assert re.search(rf"(^## |`)fileq {name}\b", read_source("json"), re.MULTILINE), name


def test_each_key_of_each_document_is_in_the_manual(sandbox):
    (sandbox.folder / "broken").mkdir()
    (sandbox.folder / "broken" / "a.jpg").write_text("no picture")
    (sandbox.folder / "inbox" / "new.jpg").write_bytes((sandbox.folder / "photos" / "IMG_0001.jpg").read_bytes())
    sandbox.config('[[watch]]\npath = "inbox"\n')
    known = documented()
    missing = {}
    for heading, command in DOCUMENTS.items():
        _, said = sandbox.run(f"{command} 2>errors")
        document = json.loads(said)
        if unknown := printed(document, known[heading]) - known[heading]:
            missing[heading] = sorted(unknown)
    assert missing == {}, "fileq/manual/json.md"


@pytest.mark.parametrize("command", ["fileq wait --json", "fileq resume --json"])
def test_a_command_that_answers_as_another_does_so(command, sandbox):
    _, said = sandbox.run(command)
    known = documented()["fileq status" if "wait" in command else "fileq pause"]
    assert printed(json.loads(said), known) <= known
