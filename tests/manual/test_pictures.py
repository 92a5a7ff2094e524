"""The manual on pictures: behind each item of its list stands a test, and its example is the one that is tried."""

import re
import textwrap

from fileq.manual import read_source
from fileq.operations import plugins
from tests.manual.pages import ROOT


def items() -> list[str]:
    return re.findall(r"^- \*\*.*?(?=^- \*\*|^$)", read_source("pictures"), re.DOTALL | re.MULTILINE)


def test_every_item_of_the_list_names_tests_and_all_of_them_exist():
    assert len(items()) >= 15
    for item in items():
        named = re.findall(r"(tests/[\w/]+\.py)::(\w+)", item)
        assert named, item
        for path, test in named:
            assert f"\ndef {test}(" in (ROOT / path).read_text("utf-8"), f"{path} has no {test}"


def test_the_example_of_an_own_operation_is_the_one_of_the_code():
    known = textwrap.dedent((plugins.__doc__ or "").split("posterizing`\n")[1].split("and this")[0])
    example = read_source("plugins").split("<!-- plugin -->")[1].split("```python\n")[1].split("```")[0]
    assert example.strip() == known.strip()
    assert len([line for line in example.splitlines() if line]) <= 10
