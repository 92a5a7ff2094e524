"""Small files that unpack to gigabytes, and strangers under a picture's name: the child's memory stays in bounds."""

from __future__ import annotations

import functools
import io
import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from fileq.config.settings import WorkerSettings
from fileq.errors import ErrorKind, JobError
from fileq.images.protocol import PipelineRequest, Reservation
from fileq.job import Token
from fileq.process.sandbox import Sandbox
from fileq.recipes.recipe import Output, Recipe

MEMORY = 2**28
"""What the child may take, in bytes."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the peak of a child's memory is read from /proc")


def chunk(name: bytes, value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + name + value + struct.pack(">I", zlib.crc32(name + value))


def png(width: int, height: int, data: bytes, *chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@functools.cache
def packed(size: int) -> bytes:
    """So many zero bytes, packed: a thousandth of it."""
    packer = zlib.compressobj(1)
    parts = [packer.compress(bytes(2**20)) for _ in range(size >> 20)]
    return b"".join(parts) + packer.flush()


def blank(kind: str, size: tuple[int, int], mode: str = "1", **options: object) -> bytes:
    content = io.BytesIO()
    Image.new(mode, size).save(content, kind, **options)
    return content.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "png": lambda: png(15_000, 15_000, packed(2**29)),
    "gif": lambda: blank("GIF", (15_000, 15_000), "P"),
    "tiff, deflated": lambda: blank("TIFF", (20_000, 20_000), compression="tiff_deflate"),
    "tiff, for fax": lambda: blank("TIFF", (20_000, 20_000), compression="group4"),
    "webp": lambda: blank("WEBP", (11_000, 11_000), "RGB", lossless=True, method=0, quality=0),
    "jpeg 2000": lambda: blank("JPEG2000", (12_000, 12_000), "L"),
    "ico": lambda: b"\0\0\1\0\1\0\0\0\0\0\1\0\x20\0" + struct.pack("<II", 2**20, 22)
    + png(30_000, 30_000, packed(2**28)),
}  # fmt: skip

BURDENS: dict[str, Callable[[], bytes]] = {
    "png with a text": lambda: png(9, 9, packed(2**20), chunk(b"zTXt", b"Comment\0\0" + packed(2**29))),
    "png with many texts": lambda: png(9, 9, packed(2**20), *[chunk(b"zTXt", b"C\0\0" + packed(2**20))] * 900),
    "png with a profile": lambda: png(9, 9, packed(2**20), chunk(b"iCCP", b"x\0\0" + packed(2**29))),
    "png with a packet": lambda: png(
        9, 9, packed(2**20), chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed(2**29))
    ),
}
"""Pictures with a bomb beside their pixels: they are opened without it."""

STRANGERS = {
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%touch mark) (w) file\n",
    "EPS": b"\xc5\xd0\xd3\xc6" + struct.pack("<6IH", 32, 60, 0, 0, 0, 0, 0xFFFF) + b"%!PS-Adobe-3.0\n" + bytes(60),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
    "XML": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><svg>&e;</svg>",
    "MVG": b"push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 'https://127.0.0.1/x.jpg|touch mark'\n",
    "page": b"<!DOCTYPE html><html><script>1</script></html>",
    "ZIP": b"PK\x03\x04" + bytes(60),
    "ELF": b"\x7fELF\2\1\1" + bytes(60),
    "script": b"#!/bin/sh\ntouch mark\n",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(120, MEMORY)
    yield sandbox
    sandbox.close()


def ended(sandbox: Sandbox, source: Path, out: Path) -> tuple[ErrorKind | None, int]:
    """The kind of the error that this source ends in, if any, and the bytes that the child had at most."""
    wanted = Recipe(name="test", outputs=(Output(name="o.jpg"),), metadata="all")
    status = source.stat()
    request = PipelineRequest(
        source=str(source),
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        recipe=wanted,
        folder=str(out),
        relative="",
        max_pixels=WorkerSettings().max_pixels,
    )
    kind = None
    sandbox.start()
    child = sandbox._process.pid
    try:
        with sandbox.attempt(Token(1, 1)):
            planned = sandbox.plan(request)
            sandbox.encode([Reservation(path=str(out / ".temp"), temp=str(out / ".temp")) for _ in planned])
    except JobError as error:
        kind = error.kind
    peak = 0
    if os.path.exists(f"/proc/{child}/status"):
        lines = Path(f"/proc/{child}/status").read_text().splitlines()
        peak = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
    return kind, peak


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_does_no_harm(bomb: str, sandbox: Sandbox, tmp_path: Path) -> None:
    source = tmp_path / "x.jpg"
    source.write_bytes(BOMBS[bomb]())
    kind, peak = ended(sandbox, source, tmp_path)
    assert kind in {ErrorKind.TOO_LARGE, ErrorKind.UNREADABLE, ErrorKind.MEMORY}
    assert peak < MEMORY + 2**27
    assert sorted(os.listdir(tmp_path)) in (["x.jpg"], [".temp", "x.jpg"])


@pytest.mark.parametrize("burden", BURDENS)
def test_a_bomb_beside_the_pixels_is_left_out(burden: str, sandbox: Sandbox, tmp_path: Path) -> None:
    source = tmp_path / "x.jpg"
    source.write_bytes(BURDENS[burden]())
    kind, peak = ended(sandbox, source, tmp_path)
    assert kind is None
    assert peak < MEMORY + 2**27


@pytest.mark.parametrize("ending", ["jpg", "pdf", "heic"])
@pytest.mark.parametrize("what", STRANGERS)
def test_a_stranger_under_a_pictures_name_is_not_opened(
    what: str, ending: str, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / f"x.{ending}"
    source.write_bytes(STRANGERS[what])
    assert ended(sandbox, source, tmp_path)[0] in (ErrorKind.UNREADABLE, ErrorKind.UNSUPPORTED)
    assert os.listdir(tmp_path) == [source.name]
