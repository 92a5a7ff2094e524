"""IPTC and XMP that say different things: by the digest that tells which of them is newer, as exiftool sees it."""

from __future__ import annotations

import subprocess

import pytest

from tests.images.metadata.tags import needs_exiftool, tags_of
from tests.images.metadata.test_all import made_as, tagged

pytestmark = needs_exiftool

BOTH = "-IPTC:By-line=Ines", "-XMP-dc:Creator=Xenia", "-XMP-photoshop:Credit=Agency"
OTHER = "-Photoshop:IPTCDigest=00112233445566778899aabbccddeeff"
DIGESTS = {"none": ("-Photoshop:IPTCDigest=",), "its own": ("-Photoshop:IPTCDigest=new",), "another's": (OTHER,)}


@pytest.mark.parametrize("metadata", ["all", "copyright", "private"])
@pytest.mark.parametrize("target", ["jpg", "png", "webp", "avif", "jxl"])
@pytest.mark.parametrize("ending", ["jpg", "tif"])
@pytest.mark.parametrize("digest", DIGESTS)
def test_xmp_is_taken_unless_iptc_was_changed_after_it(tmp_path, digest, ending, target, metadata):
    source = tagged(tmp_path / f"x.{ending}", *BOTH)

    subprocess.run(["exiftool", "-q", "-m", "-overwrite_original", *DIGESTS[digest], str(source)], check=True)
    made = tags_of(made_as(source, target, metadata))
    assert made["XMP-dc:Creator"] == ["Ines" if digest == "another's" else "Xenia"]
    assert made["XMP-photoshop:Credit"] == "Agency"
