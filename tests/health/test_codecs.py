"""What recipes need, and may not be there."""

import importlib.util

import pytest
from PIL import features

from fileq.health.check import CheckState
from fileq.images.formats import optional_codecs


@pytest.fixture
def without(monkeypatch):
    """Have a package or a feature of Pillow's missing."""

    def miss(name):
        optional_codecs.codec_problem.cache_clear()
        find, check = importlib.util.find_spec, features.check
        monkeypatch.setattr(importlib.util, "find_spec", lambda asked: None if asked == name else find(asked))
        monkeypatch.setattr(features, "check", lambda asked: asked != name and check(asked))

    yield miss
    optional_codecs.codec_problem.cache_clear()


RECIPES = {
    "pillow_jxl": '[[recipes.mine.outputs]]\nname = "{stem}.jxl"',
    "pypdfium2": '[recipes.mine]\nmatch = ["*.pdf"]',
    "pi_heif": '[recipes.mine]\nmatch = ["*.HEIC"]',
    "avif": '[[recipes.mine.outputs]]\nformat = "avif"',
    "webp": '[[recipes.mine.outputs]]\nalpha_format = "webp"',
}


@pytest.mark.parametrize("missing", RECIPES)
def test_a_recipe_that_needs_what_is_not_installed_is_bad(checked, without, missing):
    checked.configure(RECIPES[missing])
    assert checked.run_check("codecs").state is CheckState.OK
    without(missing)
    found = checked.run_check("codecs")
    assert found.state is CheckState.BAD
    assert "The recipe mine needs a codec: " in found.message
    assert "pip install" in found.remedy


def test_the_remedy_names_the_extra(checked, without):
    checked.configure(RECIPES["pillow_jxl"])
    without("pillow_jxl")
    assert "'fileq[jxl]'" in checked.run_check("codecs").remedy


def test_a_built_in_recipe_may_lack_its_codec_until_somebody_uses_it(checked, without):
    without("avif")
    assert checked.run_check("codecs").state is CheckState.OK
    checked.configure('default = ["avif"]')
    assert checked.run_check("codecs").state is CheckState.BAD


def test_all_pictures_means_those_that_can_be_read(checked, without):
    checked.configure('[recipes.mine]\ndescription = "of all pictures"')
    without("pillow_jxl")
    assert checked.run_check("codecs").state is CheckState.OK


STEP = {
    "program": '{{ op = "command", argv = ["{0}", "{{source}}", "{{output}}"] }}',
    "picture": '{{ op = "watermark", picture = "{0}" }}',
    "font": '{{ op = "watermark", text = "x", font = "{0}" }}',
}


@pytest.mark.parametrize("kind", STEP)
@pytest.mark.parametrize("where", ["[recipes.mine]", "[[recipes.mine.outputs]]"])
def test_a_program_a_picture_or_a_font_that_is_not_there_is_bad(checked, tmp_path, kind, where):
    checked.configure(f"{where}\nsteps = [ {STEP[kind].format(tmp_path / 'nowhere')} ]")
    found = checked.run_check("codecs")
    assert found.state is CheckState.BAD
    assert "nowhere" in found.message
    assert found.remedy


def test_a_program_on_the_path_and_a_picture_that_is_there_are_well(checked, tmp_path):
    (tmp_path / "logo.png").write_bytes(b"a picture")
    steps = f"{STEP['picture'].format(tmp_path / 'logo.png')}, {STEP['program'].format('python3')}"
    checked.configure(f"[recipes.mine]\n[[recipes.mine.outputs]]\nsteps = [ {steps} ]")
    found = checked.run_check("codecs")
    assert (found.state, found.message) == (CheckState.OK, "2 recipes in use have all that is needed.")
