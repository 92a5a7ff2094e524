"""The ending of an output's name says what the file is."""

import msgspec
import pytest

from fileq.config.name_endings import ending_problems
from fileq.recipes.recipe import Recipe, decode_unit


def problem(output, **recipe):
    made = msgspec.convert({"name": "x", "outputs": [output], **recipe}, Recipe, dec_hook=decode_unit)
    return "; ".join(f"{one.message}. {one.remedy}" for one in ending_problems(made))


COMMAND = {"op": "command", "argv": ["x", "{source}", "{output}"]}


@pytest.mark.parametrize(
    ("output", "part"),
    [
        ({"name": "{stem}.jpg", "format": "webp"}, "ends in .jpg, and the format is webp"),
        ({"name": "{stem}.jpg", "format": "jpeg", "alpha_format": "png"}, "and the format is png"),
        ({"name": "{stem}.jpg", "format": "same"}, "and the format is"),
        ({"name": "{stem}.jpg", "format": ["jpeg", "webp"]}, "ends in .jpg, and the format is webp"),
        ({"name": "{name}", "format": ["same", "webp"]}, "ends as the source does, and the format is webp"),
        ({"name": "{stem}", "format": "jpeg"}, 'has no ending, such as .jpg. Write "{stem}.{ext}".'),
        ({"name": "{stem}"}, "has no ending"),
        ({"name": "sub.jpg/{stem}"}, "has no ending"),
        ({"name": "{stem}.{page:03}"}, "has no ending"),
        ({"name": ".jpg"}, "has no ending"),
        ({"name": "{stem}.jgp"}, "ends in .jgp, and no format does"),
        ({"name": "{name}", "format": "webp"}, "ends as the source does, and the format is webp"),
    ],
)
def test_a_name_that_does_not_say_what_the_file_is_is_refused(output, part):
    assert part in problem(output)


@pytest.mark.parametrize(
    "output",
    [
        {},
        {"name": "{stem}.{ext}", "format": "webp", "alpha_format": "png"},
        {"name": "{stem}-{width}.JPEG", "format": "jpeg"},
        {"name": "{name}"},
        {"name": "{name}", "format": "same"},
        {"name": "{name}.webp"},
        {"name": "{stem}.mp4", "steps": [COMMAND]},
    ],
)
def test_a_name_that_says_it_is_taken(output):
    assert problem(output) == ""


def test_the_format_of_the_source_fits_where_only_that_is_matched():
    output = {"name": "{stem}.jpg", "format": "same"}
    assert problem(output, match=["*.jpg", "*.JPEG"]) == ""
    assert "and the format is png" in problem(output, match=["*.jpg", "*.png"])


def test_a_recipe_of_a_program_makes_any_type():
    assert problem({"name": "{stem}.mp4"}, steps=[COMMAND]) == ""
