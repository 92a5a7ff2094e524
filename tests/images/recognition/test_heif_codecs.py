"""HEIF pictures that are not coded by HEVC or AV1 (ISO/IEC 23008-12, annexes; 23001-17): valid, and not to be read."""

from __future__ import annotations

import pytest

from fileq.errors import ErrorKind
from tests.images import heic
from tests.images.recognition.test_foreign_files import refusal

CODED = {
    b"unci": "unci",
    b"vvc1": "VVC",
    b"avc1": "AVC",
    b"jpeg": "JPEG",
    b"j2k1": "JPEG 2000",
    b"evc1": "EVC",
    b"jxs1": "JPEG XS",
    b"new1": "called new1",
}


@pytest.mark.parametrize("codec", CODED)
@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"mif2", b"unif", b"avci"])
def test_a_heif_that_is_coded_in_a_rare_way_names_it(tmp_path, codec, brand):
    content = heic.lying(1)
    assert content.count(b"hvc1") >= 1
    said = refusal(tmp_path, (content[:8] + brand + content[12:]).replace(b"hvc1", codec), "heic")
    assert said.kind == ErrorKind.UNSUPPORTED
    assert CODED[codec] in said.message


def test_a_heif_with_the_short_header_is_named(tmp_path):
    content = b"\0\0\0\x14ftypmif3avif\0\0\0\0"[:20] + b"\0\0\0\x20mini" + bytes(24)
    said = refusal(tmp_path, content, "avif")
    assert said.kind == ErrorKind.UNSUPPORTED
    assert "mini" in said.message
