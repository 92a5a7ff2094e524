"""On which line of a TOML file a key stands: tomllib doesn't say."""

import re

_TABLE = re.compile(r"^\s*(\[\[?)\s*([^\[\]#]+?)\s*\]")
_KEY = re.compile(r"""^\s*([A-Za-z0-9_\-."' ]+?)\s*=""")


def lines_of_keys(text: str) -> dict[str, int]:
    """The line of each dotted key, and of each table, counted from 1. Tables in a list are `name[0]`, `name[1]`.

    It knows no strings over several lines: what looks like a key in one of them is taken for one.
    """
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _numbered(_plain(header[2]), counts, in_list=header[1] == "[[")
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(f"{table}.{_plain(key[1])}".lstrip("."), number)
    return lines


def line_of(key: str, lines: dict[str, int]) -> int | None:
    """The line of a key, or of the nearest thing around it that has one: steps stand inside of a line."""
    while key and key not in lines:
        key = key[: max(key.rfind("."), key.rfind("["), 0)]
    return lines.get(key)


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))


def _numbered(table: str, counts: dict[str, int], *, in_list: bool) -> str:
    """`recipes.shop.outputs` with the number of the table in its list, where it is in one."""
    if in_list:
        counts[table] = counts.get(table, -1) + 1
    parts: list[str] = []
    whole = ""
    for part in table.split("."):
        whole = f"{whole}.{part}".lstrip(".")
        parts.append(f"{part}[{counts[whole]}]" if whole in counts else part)
    return ".".join(parts)
