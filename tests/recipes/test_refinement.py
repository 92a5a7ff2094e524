"""Recipes that are changed or made by options: the order of steps, what stays, and what can't be."""

import pytest

from fileq.config import built_in_recipes
from fileq.operations.base import op_name
from fileq.operations.builtin.crop import Crop
from fileq.operations.builtin.grayscale import Grayscale
from fileq.operations.builtin.resize import Resize
from fileq.operations.builtin.rotate import Rotate
from fileq.operations.builtin.watermark import Watermark
from fileq.operations.programs.command import Command
from fileq.recipes.recipe import Output, Recipe, fill_enlarge
from fileq.recipes.refinement import Refinement, nameless_recipe, refine_recipe
from fileq.recipes.table import recipe_table
from fileq.units import Dimensions

SMALL, LARGE = (Resize(fit=Dimensions.parse(size), enlarge=False) for size in ("400x", "800x"))
SQUARE, GRAY, MARK = Crop(aspect="1:1"), Grayscale(), Watermark(text="© Me")
COPY = Command(argv=("cp", "{source}", "{output}"))


def names(steps):
    return [op_name(step) for step in steps]


def test_the_steps_of_a_nameless_recipe_are_in_the_order_that_makes_sense():
    recipe = nameless_recipe(Refinement(watermark=MARK, steps=(GRAY,), sizes=(SMALL,), crop=SQUARE))
    assert names(recipe.steps) == ["crop", "resize", "grayscale", "watermark"]


def test_a_step_takes_the_place_of_one_of_its_kind():
    recipe = Recipe(name="own", steps=(Rotate(degrees=90), LARGE, MARK, SMALL))
    refined = refine_recipe(recipe, Refinement(sizes=(SMALL,), watermark=Watermark(text="New"), steps=(GRAY,)))
    assert refined.steps == (Rotate(degrees=90), SMALL, GRAY, Watermark(text="New"))


def test_a_new_size_comes_after_what_cuts_and_turns_and_before_all_else():
    recipe = Recipe(name="own", steps=(Rotate(degrees=90), GRAY))
    assert names(refine_recipe(recipe, Refinement(sizes=(SMALL,))).steps) == ["rotate", "resize", "grayscale"]
    assert names(refine_recipe(recipe, Refinement(crop=SQUARE)).steps) == ["crop", "rotate", "grayscale"]


def test_the_only_size_of_a_recipe_is_changed_where_it_stands():
    recipe = Recipe(name="own", outputs=(Output(steps=(LARGE, GRAY)),))
    refined = refine_recipe(recipe, Refinement(sizes=(SMALL,)))
    assert (refined.steps, refined.outputs[0].steps) == ((), (SMALL, GRAY))


def test_several_sizes_are_outputs_that_share_what_comes_before():
    refined = refine_recipe(
        built_in_recipes()["web"], Refinement(crop=SQUARE, sizes=(SMALL, LARGE, SMALL), steps=(GRAY,), program=COPY)
    )
    assert refined.steps == (SQUARE,)
    assert [output.steps for output in refined.outputs] == [(SMALL, GRAY, COPY), (LARGE, GRAY, COPY)]
    assert {output.name for output in refined.outputs} == {"{stem}-{width}.{ext}"}


def test_a_format_changes_a_name_that_has_the_ending_of_another():
    recipe = Recipe(name="own", outputs=(Output(name="{stem}.jpg"), Output(name="{stem}-x.webp")))
    refined = refine_recipe(recipe, Refinement(format="webp", quality=5))
    assert [(output.name, output.format, output.quality) for output in refined.outputs] == [
        ("{stem}.{ext}", "webp", 5), ("{stem}-x.webp", "webp", 5),
    ]  # fmt: skip


def test_lossless_alone_packs_files_again_and_takes_the_place_of_a_quality():
    (output,) = nameless_recipe(Refinement(lossless=True)).outputs
    assert output == built_in_recipes()["optimize"].outputs[0]
    recipe = Recipe(name="own", outputs=(Output(format="webp", quality=5),))
    (output,) = refine_recipe(recipe, Refinement(lossless=True)).outputs
    assert (output.lossless, output.quality) == (True, None)


def test_a_list_of_formats_leaves_the_ending_open():
    recipe = Recipe(name="own", outputs=(Output(name="{stem}.jpg"), Output(name="{stem}-x.{ext}", alpha_format="png")))
    refined = refine_recipe(recipe, Refinement(format=("webp", "jpeg")))
    assert [(output.name, output.formats, output.alpha_format) for output in refined.outputs] == [
        ("{stem}.{ext}", ("webp", "jpeg"), None), ("{stem}-x.{ext}", ("webp", "jpeg"), None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("recipe", "changes", "words"),
    [
        (Recipe(name="two", outputs=(Output(), Output(name="x.jpg"))), Refinement(name="{stem}.png"), "2 outputs"),
        (Recipe(name="two", outputs=(Output(), Output(name="x.jpg"))), Refinement(sizes=(SMALL, LARGE)), "several"),
        (Recipe(name="one"), Refinement(name="x.png", format="webp"), "--format webp"),
        (Recipe(name="one"), Refinement(name="x.png", format=("png", "webp")), "--format png,webp"),
        (Recipe(name="one"), Refinement(name="x.png", sizes=(SMALL, LARGE)), "{width}"),
    ],
)
def test_a_change_that_does_not_fit_a_recipe_is_refused(recipe, changes, words):
    with pytest.raises(ValueError, match=words):
        refine_recipe(recipe, changes)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        (Refinement(sizes=(SMALL,), format="webp", quality=80), "400x-webp"),
        (Refinement(sizes=(Resize(scale=0.5),)), "50pct"),
        (Refinement(crop=Crop(aspect="16:9"), steps=(GRAY,)), "crop-16x9-grayscale"),
        (Refinement(quality=80), "quality-80"),
        (Refinement(format=("avif", "webp"), quality=80), "avif-webp"),
        (Refinement(program=Command(argv=("/opt/my tool.sh", "{source}", "{output}"))), "mytool"),
        (Refinement(metadata="none"), "metadata-none"),
        (Refinement(lossless=True), "lossless"),
        (Refinement(colors=64), "64-colors"),
        (Refinement(lossless=True, format="jxl"), "jxl-lossless"),
    ],
)
def test_the_folder_of_a_nameless_recipe_says_what_it_makes(changes, name):
    assert nameless_recipe(changes).out == "{folder}/" + name


def test_a_nameless_recipe_with_a_program_alone_is_for_every_file():
    assert nameless_recipe(Refinement(program=COPY)).match == ("*",)
    assert nameless_recipe(Refinement(program=COPY, quality=5)).match == Recipe(name="x").match


def test_the_same_options_make_a_recipe_of_the_same_fingerprint():
    changes = Refinement(sizes=(SMALL,), watermark=MARK, quality=5)
    assert nameless_recipe(changes).fingerprint == nameless_recipe(changes).fingerprint


def test_what_hdr_screens_show_is_changed_where_it_is_said_and_else_as_the_recipe_has_it():
    recipe = Recipe(name="own", hdr="drop")
    assert refine_recipe(recipe, Refinement(hdr="tonemap")).hdr == "tonemap"
    assert refine_recipe(recipe, Refinement(sizes=(SMALL,))).hdr == "drop"
    assert not Refinement(hdr="tonemap").says_what_is_made


def test_a_table_has_what_is_not_a_default():
    recipe = Recipe(name="own", steps=(SMALL,), outputs=(Output(format="webp", quality=5),), metadata="none")
    assert recipe_table(fill_enlarge(recipe)) == {
        "steps": [{"op": "resize", "fit": "400x"}],
        "outputs": [{"format": "webp", "quality": 5}],
        "metadata": "none",
    }
