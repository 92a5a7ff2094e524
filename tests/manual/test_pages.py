"""The manual is whole: each topic has a page, and each part that is made from the code is complete."""

import re
from pathlib import Path

import msgspec
import pytest

import fileq.manual
from fileq.cli.app import PANELS
from fileq.config import Settings, built_in_recipes
from fileq.errors import ErrorKind, ExitCode
from fileq.health.run import ALL_CHECKS
from fileq.job import TRANSITIONS, JobState
from fileq.manual import PARTS, TOPICS, read_page, read_source
from fileq.manual.config_keys import config_keys
from fileq.manual.exit_codes import MEANINGS as EXIT_CODE_MEANINGS
from fileq.manual.failures import EXPLANATIONS
from fileq.manual.name_fields import FOLDER_MEANINGS
from fileq.manual.name_fields import MEANINGS as FIELD_MEANINGS
from fileq.manual.state_diagram import REASONS, state_diagram
from fileq.operations import BUILT_IN
from fileq.operations.base import op_name
from fileq.recipes.output_names import FOLDER_FIELDS, NAME_FIELDS
from tests.manual.pages import README

FOLDER = Path(fileq.manual.__file__).parent


def test_each_page_is_a_topic_and_each_topic_has_a_page():
    assert {path.stem for path in FOLDER.glob("*.md")} == set(TOPICS)


def test_no_topic_has_the_name_of_a_command():
    assert not set(TOPICS) & {name for panel in PANELS for name in panel.names}


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_has_a_title_and_nothing_that_only_its_file_needs(topic):
    page = read_page(topic)
    assert re.match(r"# \S.*\n\n\S", page)
    assert "<!--" not in page
    assert page.count("\n# ") == 0 or "```sh\n" in page  # one title; in a shell # is a comment


def test_each_part_stands_on_a_page():
    named = {name for topic in TOPICS for name in re.findall(r"<!-- made: ([\w-]+) -->", read_source(topic))}
    assert named == set(PARTS)


@pytest.mark.parametrize("topic", [*TOPICS, README.name])
def test_what_a_page_says_to_read_is_there(topic):
    text = README.read_text("utf-8") if topic == README.name else read_page(topic)
    commands = {name for panel in PANELS for name in panel.names}
    for name in re.findall(r"`fileq help ([\w-]+)", text):
        assert name in TOPICS or name in commands, name


def test_each_kind_of_failure_has_a_cause_and_a_remedy_in_sentences():
    assert list(EXPLANATIONS) == list(ErrorKind)
    for cause, remedy in EXPLANATIONS.values():
        assert re.match(r"[A-Z].*\.$", cause)
        assert re.match(r"[A-Z].*[.`]$", remedy)


def test_each_exit_code_has_a_meaning():
    assert list(EXIT_CODE_MEANINGS) == list(ExitCode)


def test_each_field_of_a_name_and_of_a_folder_has_a_meaning():
    assert set(FIELD_MEANINGS) == set(NAME_FIELDS)
    assert set(FOLDER_MEANINGS) == set(FOLDER_FIELDS)


def test_the_diagram_of_states_is_the_table_of_transitions():
    lines = state_diagram().splitlines()[1:-1]
    assert len(lines) == sum(map(len, TRANSITIONS.values()))
    before = ""
    for line in lines:
        found = re.match(r"(\w*)[ ─┬├└]*──▶ (\w+)", line)
        assert found
        before = found[1] or before
        assert JobState(found[2]) in TRANSITIONS[JobState(before)]
    assert all(after in TRANSITIONS[before] for before, after in REASONS)


def test_each_operation_and_each_built_in_recipe_stands_in_the_manual():
    for operation in BUILT_IN:
        assert f"\n## {op_name(operation)}\n" in read_page("steps")
    for name in built_in_recipes():
        assert f"| `{name}` |" in read_page("custom-recipes")


def test_each_key_of_the_config_stands_in_the_manual_with_a_sentence():
    keys = re.findall(r"^- `(\w+)[^`]*` \(.+?\): (.*)$", config_keys(), re.MULTILINE)
    assert len(keys) == config_keys().count("\n- ")
    assert {"default", "timeout", "match", "max_bytes", "move_to", "cron", "urls"} <= {name for name, _ in keys}
    assert [name for name, sentence in keys if len(sentence) < 4] == []
    sections = re.findall(r"^## (\S+)$", config_keys(), re.MULTILINE)
    for field in msgspec.structs.fields(Settings):
        assert f"[{field.name}" in "".join(sections) or field.name in {name for name, _ in keys}


def test_each_check_of_the_doctor_stands_in_the_manual():
    rows = re.findall(r"^\| ([a-z ]+) \| .* \|$", read_source("health"), re.MULTILINE)[1:]
    assert set(rows) == {name for name, _ in ALL_CHECKS}


def test_the_readme_is_short():
    assert len(README.read_text("utf-8").splitlines()) <= 210
