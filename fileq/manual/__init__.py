"""The manual: pages in Markdown, one a topic. Their tables are made from the code when somebody reads them."""

import os
import re
from collections.abc import Callable

from fileq.manual.config_keys import config_keys
from fileq.manual.exit_codes import exit_codes
from fileq.manual.failures import failures
from fileq.manual.name_fields import folder_fields, name_fields
from fileq.manual.operation_list import operation_list
from fileq.manual.recipe_table import recipe_table
from fileq.manual.state_diagram import state_diagram

__all__ = ["PARTS", "TOPICS", "read_page", "read_source"]

TOPICS = {
    "cookbook": "Jobs that people have, each as commands to copy",
    "one-line": "Say in one line what is made, without a config",
    "custom-recipes": "Write your own recipes, and keep them in fileq.toml",
    "steps": "Every operation with its parameters",
    "names": "Every field of a name and of a folder",
    "keys": "Every key of the config, with its default",
    "sources": "Which files fileq takes, and which it leaves alone",
    "pictures": "Colour, orientation, transparency, metadata: what becomes of them",
    "watched-folders": "Have new files processed as they come",
    "reports": "See what was done, in the terminal or as a page",
    "in-the-browser": "See batches, jobs and failures on pages that change by themselves",
    "retention": "Have old outputs removed",
    "clock": "What happens by itself, and when",
    "notices": "Be told by e-mail, by a service or by a program",
    "when-done": "Have a function, a program or a URL called when a job is done",
    "health": "What fileq doctor looks at",
    "config-files": "Which config counts, and what it means to trust one",
    "several-machines": "Share the work between hosts, by PostgreSQL",
    "from-python": "Add files from a program, wait for them, and be told of failures",
    "with-django": "Have versions of uploads made in a Django project",
    "jobs": "The states of a job, and what keeps it safe",
    "errors": "Every kind of failure, its cause and its remedy",
    "json": "Every JSON document and its keys",
    "exit-codes": "What a script is told at the end",
    "plugins": "Bring an operation of your own, in Python",
    "trials": "What fileq was put through",
}
"""Every topic, with a line that says what its page is about. No topic has the name of a command."""

PARTS: dict[str, Callable[[], str]] = {
    "config-keys": config_keys,
    "exit-codes": exit_codes,
    "failures": failures,
    "folder-fields": folder_fields,
    "name-fields": name_fields,
    "operations": operation_list,
    "recipes": recipe_table,
    "states": state_diagram,
}
"""The parts of pages that are made from the code. A page has `<!-- made: NAME -->` in the place of one."""

_PART = re.compile(r"<!-- made: ([\w-]+) -->")
_COMMENT = re.compile(r" *<!--.*?-->\n?", re.DOTALL)


def read_page(topic: str, *, comments: bool = False) -> str:
    """Return the page of a topic as Markdown, with all its parts; with the comments of its file, or without."""
    whole = _PART.sub(lambda part: PARTS[part[1]](), read_source(topic))
    return whole if comments else _COMMENT.sub("", whole)


def read_source(topic: str) -> str:
    """Return the page of a topic as it is in its file, with places for the parts that are made from the code."""
    with open(os.path.join(os.path.dirname(__file__), f"{topic}.md"), encoding="utf-8") as page:
        return page.read()
