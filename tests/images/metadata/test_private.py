"""`metadata = "private"`: everything that exiftool finds in an output is a credit, a date, a camera or its lens."""

from __future__ import annotations

from typing import Any

import pytest

from fileq.images.formats.optional_codecs import register_jpeg_xl
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from tests.images.metadata.tags import ENDINGS, SECRET_GROUPS, as_text, full_of_tags, needs_exiftool, tags_of
from tests.images.test_metadata import PACKET
from tests.support.images import failure, make, photo, recipe

pytestmark = needs_exiftool

IN_PLACE = Output(format="same", lossless=True, min_saving=1.0)
ENCODED = Output(format="same", steps=(Resize(scale=0.5),))


def leaks(path) -> list[str]:
    tags = tags_of(path)
    content = path.read_bytes()
    named = [tag for tag in tags if tag.split(":")[0] in SECRET_GROUPS or "GPS" in tag or "Serial" in tag]
    told = [tag for tag, value in tags.items() if "sEcReT" in str(value) or "4711" in str(value)]
    raw = [word for word in ("sEcReT", "s\0E\0c\0R", "sEcReT".encode("utf-16-be").decode()) if word.encode() in content]
    return named + told + raw


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("output", [IN_PLACE, ENCODED], ids=["in place", "encoded"])
@pytest.mark.parametrize("policy", ["private", "copyright", "none"])
def test_no_place_no_number_and_no_owner_is_left(tmp_path, ending, output, policy):
    source = full_of_tags(tmp_path / f"x.{ending}")
    assert leaks(source)
    made = make(source, recipe(output, metadata=policy), tmp_path / "out")
    assert leaks(made.paths[0]) == []


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("output", [IN_PLACE, ENCODED], ids=["in place", "encoded"])
def test_date_camera_lens_and_credits_stay(tmp_path, ending, output):
    made = make(full_of_tags(tmp_path / f"x.{ending}"), recipe(output, metadata="private"), tmp_path / "out")
    told = as_text(tags_of(made.paths[0]))
    for word in ("Acme", "Cam 5", "Lens 50", "2026:05:17 10:20:30", "CopyZoe", "zoe@zoe.example"):
        assert word in told


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("target", ENDINGS)
def test_nothing_leaks_from_one_format_into_another(tmp_path, ending, target):
    source = full_of_tags(tmp_path / f"x.{ending}")
    made = make(source, recipe(Output(name=f"o.{target}"), metadata="private"), tmp_path / "out")
    assert leaks(made.paths[0]) == []


@pytest.mark.parametrize("ending", ["avif", "tif"])
def test_what_has_no_room_in_the_file_goes_before_a_place_stays(tmp_path, ending):
    """A packet with so little in it that what stays of it is longer in the form that fileq writes."""
    path = tmp_path / f"x.{ending}"
    bare = (
        b"<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description r:about=''"
        b" xmlns:p='http://ns.adobe.com/photoshop/1.0/' p:Credit='Z' p:City='sEcReT'/></r:RDF>"
    )
    photo((60, 40)).save(path, **{"tiffinfo": {700: bare}} if ending == "tif" else {"xmp": bare})
    made = make(path, recipe(IN_PLACE, metadata="private"), tmp_path / "out")
    after = made.paths[0].read_bytes()
    assert b"sEcReT" not in after
    assert b"Credit" in after or "left out" in " ".join(made.notes)  # an AVIF has room made for it


def test_a_file_that_gets_no_smaller_loses_its_place_all_the_same(tmp_path):
    register_jpeg_xl()
    more: dict[str, Any] = {"compress_metadata": True, "use_container": True}
    photo((60, 40)).save(tmp_path / "x.jxl", xmp=PACKET, **more)
    made = make(tmp_path / "x.jxl", recipe(IN_PLACE, metadata="private"), tmp_path / "out")
    assert b"brob" not in made.paths[0].read_bytes()
    assert "Paris" not in as_text(tags_of(made.paths[0]))


def test_metadata_that_can_t_be_taken_out_in_place_fails_and_nothing_is_published(tmp_path):
    path = tmp_path / "x.tif"
    photo((60, 40)).save(path, tiffinfo={700: PACKET, 330: 2**30})  # a picture within it that lies behind the end
    kind, message = failure(path, recipe(IN_PLACE, metadata="private"), tmp_path / "out")
    assert kind == "unsupported"
    assert "can't be taken out" in message
