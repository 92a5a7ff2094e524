from __future__ import annotations

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fileq.config import load_config
from fileq.recipes import formats, output_names
from fileq.recipes.output_names import have_collisions, may_be_named
from fileq.recipes.recipe import Output, Recipe

VALUES = dict(output_names.NAME_FIELDS)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{stem}.{ext}", "IMG_1234.jpg"),
        ("{stem}-{page:03}.png", "IMG_1234-001.png"),
        ("{relative}/{stem}.{ext}", "trips/2026/IMG_1234.jpg"),
        ("{date}/{recipe}/{name}", "2026-05-17/web/IMG_1234.jpg"),
        ("{stem}-{width}x{height}.webp", "IMG_1234-1600x1067.webp"),
        ("{hash:.8}.{ext}", "9f86d081.jpg"),
        ("{{{stem}}}.jpg", "{IMG_1234}.jpg"),
    ],
)
def test_fields_are_filled_in(template, name):
    output_names.check_name(template)
    assert output_names.fill_name(template, VALUES) == name


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{stme}.jpg", "did you mean {stem}?"),
        ("{shade}.jpg", "the fields are {stem}"),
        ("{stem.real}.jpg", "unknown field"),
        ("{stem[0]}.jpg", "unknown field"),
        ("{}.jpg", "unknown field"),
        ("{0}.jpg", "unknown field"),
        ("{stem!r}.jpg", "can't be written that way"),
        ("{stem:d}.jpg", "can't be written that way"),
        ("{page:{width}}.jpg", "can't be written that way"),
        ("{stem.jpg", "brace"),
        ("stem}.jpg", "brace"),
        ("../{stem}.jpg", "leave the output folder"),
        ("a/../../{stem}.jpg", "leave the output folder"),
        ("{stem}/", "names no file"),
        ("", "names no file"),
        ("/{stem}.jpg", "begins"),
    ],
)
def test_a_template_that_can_not_be_is_refused_with_its_remedy(template, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        output_names.check_name(template)


def test_the_fields_of_a_template_are_known():
    assert output_names.template_fields("{stem}-{page:03}.{ext}") == {"stem", "page", "ext"}


def test_at_the_top_of_what_was_added_relative_makes_no_folder():
    assert output_names.fill_name("{relative}/{stem}.jpg", VALUES | {"relative": ""}) == "IMG_1234.jpg"


text = st.text(st.characters(exclude_characters="\0"), max_size=40)


@given(stem=text, relative=text, folder=text)
def test_whatever_the_values_are_a_name_stays_in_its_folder(stem, relative, folder):
    try:
        name = output_names.fill_name(
            "{relative}/{folder}/{stem}x.{ext}", VALUES | {"stem": stem, "relative": relative, "folder": folder}
        )
    except ValueError:
        return
    whole = os.path.normpath(os.path.join("/out", name))
    assert whole.startswith("/out/")


@given(stem=st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=400))
def test_no_part_of_a_name_is_longer_than_file_systems_allow(stem):
    name = output_names.fill_name("{stem}-thumb.{ext}", VALUES | {"stem": stem})
    assert len(os.fsencode(name)) <= 255
    assert name.endswith(".jpg")


def test_a_name_is_shortened_before_its_ending_by_whole_characters():
    name = output_names.fill_name("{stem}.{ext}", VALUES | {"stem": "é" * 200})
    assert name == "é" * 125 + ".jpg"


def test_names_that_are_not_utf_8_survive():
    stem = os.fsdecode(b"caf\xe9")
    assert os.fsencode(output_names.fill_name("{stem}.{ext}", VALUES | {"stem": stem})) == b"caf\xe9.jpg"


@pytest.mark.parametrize(
    ("out", "folder"),
    [
        ("{folder}/{recipe}", "/photos/2026/web"),
        ("/out/{recipe}/{relative}", "/out/web/2026"),
        ("/out", "/out"),
        ("small", "/photos/2026/small"),
        ("{folder}/../{recipe}", "/photos/web"),
    ],
)
def test_a_destination_is_absolute_and_tidy(out, folder):
    output_names.check_folder(out)
    assert output_names.fill_folder(out, "/photos/2026", "web", "2026") == folder


def test_a_folder_whose_own_name_has_braces_is_no_template():
    assert output_names.fill_folder("{folder}/{recipe}", "/photos/{x}", "web", "") == "/photos/{x}/web"


def test_a_destination_under_the_home_folder_is_expanded(monkeypatch):
    monkeypatch.setenv("HOME", "/home/zoe")
    assert output_names.fill_folder("~/out", "/photos", "web", "") == "/home/zoe/out"


@pytest.mark.parametrize("out", ["{stem}/x", "{folders}", "", "{folder"])
def test_a_destination_knows_only_its_fields(out):
    with pytest.raises(ValueError, match=r"field|brace|empty"):
        output_names.check_folder(out)


@pytest.mark.parametrize(
    ("name", "format_"),
    [("a.jpg", "jpeg"), ("a.JPEG", "jpeg"), ("a.tif", "tiff"), ("a.b.webp", "webp"), ("a.bmp", None), ("a", None)],
)
def test_an_ending_stands_for_a_format(name, format_):
    assert formats.format_of_name(name) == format_


def test_an_output_in_its_sources_format_keeps_the_ending():
    assert formats.output_extension("jpeg", "/photos/A.JPEG") == "JPEG"
    assert formats.output_extension("png", "/photos/A.JPEG") == "png"


@pytest.mark.parametrize(
    ("names", "together"),
    [
        (["web"], False),
        (["web", "thumbnail"], True),
        (["web", "avif"], False),
        (["web", "webp"], True),  # a picture with transparency becomes WebP in both
        (["avif", "optimize"], True),  # of an AVIF
        (["web", "avif", "thumbnail"], True),
    ],
)
def test_recipes_that_can_make_the_same_name_collide(names, together):
    recipes = load_config(environ={}).settings.recipes
    assert have_collisions([recipes[name] for name in names]) is together


def test_names_that_tell_the_recipe_or_the_use_do_not_collide():
    def named(name, template):
        return Recipe(name=name, outputs=(Output(name=template),))

    assert not have_collisions([named("a", "{stem}-{recipe}.jpg"), named("b", "{stem}-{recipe}.jpg")])
    assert not have_collisions([named("a", "{stem}.jpg"), named("b", "{stem}-small.jpg")])
    assert have_collisions([named("a", "{stem}.jpg"), named("b", "{stem}.jpg")])


def test_an_output_with_a_list_of_formats_may_have_the_name_of_each():
    listed = Recipe(name="a", outputs=(Output(format=("avif", "same")),))
    found = [ending for ending in ("avif", "png", "webp", "jpg") if may_be_named(listed, "/p/x.png", f"/o/x.{ending}")]
    assert found == ["avif", "png"]
    assert have_collisions([listed, Recipe(name="b", outputs=(Output(format="avif"),))])
    only_avif, only_webp = (Recipe(name=one, outputs=(Output(format=(one, "jxl")),)) for one in ("avif", "webp"))
    assert have_collisions([only_avif, only_webp])
    assert not have_collisions([only_avif, Recipe(name="b", outputs=(Output(format="png"),))])
