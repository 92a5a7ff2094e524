"""The tables of the fields that names and folders can have."""

from fileq.manual.markdown_table import markdown_table
from fileq.recipes.output_names import FOLDER_FIELDS, NAME_FIELDS

MEANINGS = {
    "stem": "the source's name without its ending",
    "ext": "the ending of the output's format",
    "name": "the source's whole name",
    "folder": "the name of the source's folder",
    "relative": "the source's folder, below the one that you named",
    "recipe": "the recipe's name",
    "width": "the output's width in pixels",
    "height": "the output's height in pixels",
    "page": "the page's number, from 1",
    "date": "the day when the picture was taken, else when the file was last changed",
    "time": "the time of day of that",
    "counter": "the source's number among those that go to the same folder; it keeps that number",
    "hash": "16 hex digits that belong to the file's content",
}
"""What each field of a name is."""

FOLDER_MEANINGS = {
    "folder": "the whole path of the source's folder",
    "recipe": MEANINGS["recipe"],
    "relative": MEANINGS["relative"],
}
"""What each field of a folder is."""


def name_fields() -> str:
    """Return the table of the fields of a name in Markdown, each with an example of its value."""
    rows = [(f"`{{{name}}}`", MEANINGS.get(name, ""), f"`{example}`") for name, example in NAME_FIELDS.items()]
    return markdown_table(("field", "what it is", "for example"), rows)


def folder_fields() -> str:
    """Return the table of the fields of a folder in Markdown."""
    rows = [(f"`{{{name}}}`", FOLDER_MEANINGS.get(name, "")) for name in FOLDER_FIELDS]
    return markdown_table(("field", "what it is"), rows)
