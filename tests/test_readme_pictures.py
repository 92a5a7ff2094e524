"""The README on pictures: behind each line of its table stands a test, and its example is the one that is tried."""

import re
import textwrap
from pathlib import Path

from fileq.operations import plugins

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows() -> list[str]:
    table = README.split("## Pictures as they should be")[1].split("<!-- pictures -->")[0]
    return [line for line in table.splitlines() if line.startswith("| ")][2:]


def test_every_line_of_the_table_names_tests_and_all_of_them_exist():
    assert len(rows()) >= 15
    for row in rows():
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for path, test in named:
            assert f"\ndef {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path} has no {test}"


def test_the_example_of_an_own_operation_is_the_one_of_the_manual():
    manual = textwrap.dedent((plugins.__doc__ or "").split("posterizing`\n")[1].split("and this")[0])
    example = README.split("<!-- plugin -->")[1].split("```python\n")[1].split("```")[0]
    assert example.strip() == manual.strip()
    assert len([line for line in example.splitlines() if line]) <= 10
