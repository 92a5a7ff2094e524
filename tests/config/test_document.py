"""On which line a key stands."""

from fileq.config.document import key_lines, nearest_line

TEXT = """\
default = ["web"]

[worker]   # a comment
timeout = "5m"
"max_pixels" = 3

[recipes.shop]
steps = [
    { op = "resize" },
]
[[recipes.shop.outputs]]
name = "a"
[[recipes.shop.outputs]]
quality = 3
"""


def test_tables_and_keys_have_lines():
    lines = key_lines(TEXT)
    assert lines["default"] == 1
    assert lines["worker"] == 3
    assert lines["worker.timeout"] == 4
    assert lines["worker.max_pixels"] == 5


def test_tables_of_a_list_are_numbered():
    lines = key_lines(TEXT)
    assert lines["recipes.shop.outputs[0].name"] == 12
    assert lines["recipes.shop.outputs[1].quality"] == 14


def test_a_key_inside_of_a_value_has_the_line_of_what_holds_it():
    lines = key_lines(TEXT)
    assert nearest_line("recipes.shop.steps[0].op", lines) == 8
    assert nearest_line("recipes.shop.outputs[1].name", lines) == 13
    assert nearest_line("nowhere", lines) is None
