"""Which files a recipe is for, and by what it is known."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fileq.config import built_in_recipes
from fileq.recipes.recipe import Conditions, Output, Recipe

PIECES = st.lists(st.sampled_from(["*", "?", "[ab]", ".", "jpg", "a", "B", "*.jpg", "*."]), max_size=4).map("".join)


@pytest.mark.parametrize("name", ["a.jpg", "A.JPG", "a.b.heic", ".jpg", "caf\udce9\n.Png"])
def test_a_recipe_is_for_all_pictures_unless_it_says_otherwise(name):
    assert Recipe(name="x").matches(name)


@pytest.mark.parametrize("name", ["a.txt", "jpg", "a.jpg.part", "a.jpgx", ""])
def test_what_no_picture_is_called_does_not_match(name):
    assert not Recipe(name="x").matches(name)


@given(st.lists(PIECES, min_size=1, max_size=3), st.text("abB.jpg", max_size=8))
def test_patterns_mean_what_a_shell_means_by_them_in_any_case(patterns, name):
    expected = any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)
    assert Recipe(name="x", match=tuple(patterns)).matches(name) is expected


def test_a_new_fileq_makes_nothing_anew_that_an_older_one_has_made():
    recipes = built_in_recipes()
    assert {name: recipes[name].fingerprint for name in ("web", "optimize")} == {
        "web": "7a02a12f5dcfeff7",  # since animations stay animations
        "optimize": "982cce71148b2a50",  # since it is lossless
    }


@pytest.mark.parametrize(
    "other",
    [
        Recipe(name="x", when=Conditions(min_width=2)),
        Recipe(name="x", outputs=(Output(only_smaller=True),)),
        Recipe(name="x", outputs=(Output(quality=9),)),
        Recipe(name="x", hdr="tonemap"),
        Recipe(name="y"),
    ],
)
def test_another_recipe_has_another_fingerprint(other):
    assert other.fingerprint != Recipe(name="x").fingerprint
