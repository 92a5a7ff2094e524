"""The recipes that are there without a config."""

import msgspec
import pytest

from fileq.config import load_config
from fileq.recipes.recipe import decode_recipe, encode_recipe


@pytest.fixture(scope="module")
def recipes(tmp_path_factory):
    file = tmp_path_factory.mktemp("config") / "fileq.toml"
    file.write_text("", "utf-8")
    return load_config(str(file), environ={}).settings.recipes


@pytest.mark.parametrize("name", ["web", "thumbnail", "jpeg", "png", "webp", "avif", "pdf", "optimize", "shrink"])
def test_each_has_a_description_and_goes_to_a_folder_of_its_name(recipes, name):
    assert recipes[name].description.endswith(".")
    assert recipes[name].out == "{folder}/{recipe}"
    assert [output.name for output in recipes[name].outputs] == ["{stem}.{ext}"]


@pytest.mark.parametrize(("name", "side"), [("web", 1600), ("thumbnail", 300)])
def test_those_that_shrink_fit_into_a_square(recipes, name, side):
    (step,) = recipes[name].steps
    assert (step.fit.width, step.fit.height, step.enlarge) == (side, side, False)
    (output,) = recipes[name].outputs
    assert (output.format, output.alpha_format, output.animation_format) == ("jpeg", "webp", "webp")


def test_optimize_keeps_format_and_size_and_never_grows_a_file(recipes):
    (output,) = recipes["optimize"].outputs
    assert (output.format, output.min_saving, recipes["optimize"].steps) == ("same", 0.0, ())


def test_each_survives_the_ledger(recipes):
    for recipe in recipes.values():
        assert decode_recipe(encode_recipe(recipe)) == recipe
        assert decode_recipe(encode_recipe(recipe)).fingerprint == recipe.fingerprint


def test_a_fingerprint_changes_with_the_outputs_and_not_with_the_policy(recipes):
    web = recipes["web"]
    assert msgspec.structs.replace(web, on_conflict="skip", description="x").fingerprint == web.fingerprint
    assert msgspec.structs.replace(web, background="black").fingerprint != web.fingerprint
