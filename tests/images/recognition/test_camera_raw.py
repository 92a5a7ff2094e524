"""Camera raw files that are TIFFs inside: never their preview, never "damaged", and whose they are."""

from __future__ import annotations

import struct

import pytest

from fileq.errors import ErrorKind
from tests.images.recognition.test_foreign_files import refusal

_SHORT, _LONG, _ASCII = 3, 4, 2
_CFA = 32803


def tiff(tags: dict[int, int | bytes], order: str = "<") -> bytes:
    """A TIFF of one directory with these tags, and 8 KB of what a sensor saw behind it."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}L", 8)
    after = 8 + 2 + 12 * len(tags) + 4
    entries, texts = b"", b""
    for tag, value in sorted(tags.items()):
        if isinstance(value, bytes):
            entries += struct.pack(f"{order}HHLL", tag, _ASCII, len(value), after + len(texts))
            texts += value
        else:
            entries += struct.pack(f"{order}HHLL", tag, _LONG, 1, value)
    directory = struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}L", 0)
    return head + directory + texts + bytes(range(256)) * 32


def raw(maker: str, **more: int) -> bytes:
    tags: dict[int, int | bytes] = {
        256: 40, 257: 30, 258: 14, 259: 1, 262: _CFA, 271: maker.encode() + b"\0", 273: 512, 277: 1, 278: 30, 279: 2100,
    }  # fmt: skip
    return tiff(tags | {int(name[1:]): value for name, value in more.items()})


RAWS = {
    "Sony ARW": raw("SONY", _259=32767),
    "Nikon NEF": raw("NIKON CORPORATION", _259=34713),
    "Pentax PEF": raw("PENTAX Corporation", _259=65535),
    "Samsung SRW": raw("SAMSUNG", _259=32770),
    "Hasselblad 3FR": raw("Hasselblad"),
    "DNG": raw("Leica", _50706=0x0104),
    "preview of Nikon NEF": raw("NIKON CORPORATION", _254=1, _262=2, _330=8, _258=8, _277=3),
}


@pytest.mark.parametrize("ending", ["tif", "jpg"])
@pytest.mark.parametrize("name", RAWS)
def test_a_camera_raw_file_is_named_by_its_maker(tmp_path, name, ending):
    said = refusal(tmp_path, RAWS[name], ending)
    assert said.kind == ErrorKind.UNSUPPORTED
    assert "camera raw" in said.message
    assert name.removeprefix("preview of ") in said.message
