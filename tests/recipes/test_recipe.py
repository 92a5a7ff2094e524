"""Which files a recipe is for."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fileq.recipes.recipe import Recipe

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
