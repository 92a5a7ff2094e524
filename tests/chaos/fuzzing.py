"""Damaged pictures without end: `python -m tests.chaos.fuzzing FOLDER SEED FIRST COUNT` makes and opens so many.

It is a program of its own, as what it looks for would end it: a crash, a hang, memory without bounds. Each case is
said before it is tried and after it; whoever started it sees at which one it stopped, and the same arguments make the
same files again.
"""

from __future__ import annotations

import io
import os
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, PngImagePlugin

from fileq.errors import ErrorKind, JobError
from fileq.images.color.icc import DISPLAY_P3, build_matrix_profile
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output, Recipe
from fileq.units import Dimensions
from tests.images import heic
from tests.support.images import make, photo

LIMIT = 2**30
"""Bytes that one process may take for itself: what a worker allows, and less."""

_NUMBERS = (0, 1, 2, 3, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:rights="Ada"/></rdf:RDF></x:xmpmeta>'
)


MOVING = ("GIF", "PNG", "WEBP", "TIFF", "MPO")


def _peak() -> int:
    """MiB that this process has had at most; the figure of getrusage(2) begins with that of who started it."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


def seeds() -> list[bytes]:
    """A small file of every kind that can be made here."""
    image, frames = photo((60, 44)), [photo((30, 22)).rotate(at * 30) for at in range(3)]
    exif = Image.Exif()
    exif.update({274: 6, 305: "fileq", 315: "Ada", 33432: "Ada"})
    exif.get_ifd(0x8769).update({36864: b"0232", 37510: b"ASCII\0\0\0hello"})
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", _XMP.decode(), zip=True)
    text.add_text("Copyright", "Ada", zip=True)
    profile = build_matrix_profile(DISPLAY_P3)
    made = [
        _saved(image, "JPEG", exif=exif, xmp=_XMP, dpi=(300, 300)), _saved(image, "JPEG", progressive=True, quality=50),
        _saved(image.convert("CMYK"), "JPEG"), _saved(image, "JPEG", icc_profile=profile),
        _saved(image.convert("L"), "JPEG"),
        _saved(image, "PNG", exif=exif, pnginfo=text), _saved(image.convert("P"), "PNG", transparency=3),
        _saved(Image.new("I;16", (40, 30), 900), "PNG"),
        _saved(image.convert("RGBA"), "WEBP", lossless=True, exif=exif, xmp=_XMP), _saved(image, "WEBP"),
        *(_saved(frames[0], kind, save_all=True, append_images=frames[1:]) for kind in MOVING),
        *(_saved(image, "TIFF", compression=how) for how in (None, "tiff_lzw", "tiff_deflate", "jpeg", "packbits")),
        _saved(image.convert("1"), "TIFF", compression="group4"),
        _saved(image, "TIFF", tiffinfo={700: _XMP, 33723: b"\x1c\2\x50\0\3Ada"}),
        *(_saved(image, kind) for kind in ("BMP", "PPM", "TGA", "QOI", "ICO", "JPEG2000", "AVIF", "PDF")),
        heic.lying(6), _psd(image), _with_iptc(_saved(image, "JPEG")),
    ]  # fmt: skip
    return [content for content in made if content]


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def _psd(image: Image.Image) -> bytes:
    width, height = image.size
    head = b"8BPS\0\1" + bytes(6) + b"\0\3" + height.to_bytes(4, "big") + width.to_bytes(4, "big") + b"\0\x08\0\3"
    return head + bytes(4) + bytes(4) + bytes(4) + b"\0\0" + b"".join(band.tobytes() for band in image.split())


def _with_iptc(jpeg: bytes) -> bytes:
    data = b"\x1c\2\x50\0\3Ada\x1c\2\x74\0\3Ada"
    payload = b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + len(data).to_bytes(4, "big") + data
    return jpeg[:2] + b"\xff\xed" + (len(payload) + 2).to_bytes(2, "big") + payload + jpeg[2:]


def _flip(chance: random.Random, content: bytearray, _: bytes) -> None:
    for _number in range(chance.choice((1, 1, 3, 20))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def _number(chance: random.Random, content: bytearray, _: bytes) -> None:
    """What may be a length, a count or a place."""
    size = chance.choice((1, 2, 4, 8))
    value = chance.choice((*_NUMBERS, len(content), len(content) - 1, len(content) + 1)) % 256**size
    at = chance.randrange(min(len(content), chance.choice((64, 512, 1 << 30))))
    content[at : at + size] = value.to_bytes(size, chance.choice(("big", "little")))


def _cut(chance: random.Random, content: bytearray, _: bytes) -> None:
    del content[chance.randrange(len(content)) :]


def _drop(chance: random.Random, content: bytearray, _: bytes) -> None:
    at = chance.randrange(len(content))
    del content[at : at + chance.choice((1, 2, 4, 40, 400))]


def _double(chance: random.Random, content: bytearray, _: bytes) -> None:
    at, count = chance.randrange(len(content)), chance.choice((1, 4, 40, 400))
    content[at:at] = content[at : at + count] * chance.choice((1, 1, 50))


def _splice(chance: random.Random, content: bytearray, other: bytes) -> None:
    at, start = chance.randrange(len(content)), chance.randrange(len(other))
    content[at:] = other[start:]


def _fill(chance: random.Random, content: bytearray, _: bytes) -> None:
    at, count = chance.randrange(len(content)), chance.choice((4, 64, 1000))
    content[at : at + count] = bytes((chance.choice((0, 255, 65)),)) * count


WAYS: tuple[Callable[[random.Random, bytearray, bytes], None], ...] = (
    _flip, _flip, _number, _number, _number, _cut, _drop, _double, _splice, _fill,
)  # fmt: skip


def damaged(all_seeds: list[bytes], seed: str, case: int) -> bytes:
    """A picture with a few things wrong: the same for the same arguments."""
    chance = random.Random(f"{seed} {case}")
    content = bytearray(chance.choice(all_seeds))
    for _ in range(chance.choice((1, 1, 2, 4))):
        if content:
            chance.choice(WAYS)(chance, content, chance.choice(all_seeds))
    return bytes(content)


RECIPES = (
    Recipe(name="all", outputs=(Output(name="o.jpg"), Output(name="o.png"), Output(name="o.webp")), metadata="all"),
    Recipe(
        name="credits", steps=(Resize(fit=Dimensions(16, 16)),), outputs=(Output(name="o.jpg"), Output(name="o.tif"))
    ),
    Recipe(name="same", outputs=(Output(name="o.{ext}", format="same", min_saving=0.9),), metadata="none"),
)  # fmt: skip

RIGHT = {ErrorKind.UNREADABLE, ErrorKind.UNSUPPORTED, ErrorKind.TOO_LARGE, ErrorKind.MEMORY}
"""What a damaged picture may end in."""


def try_one(folder: Path, content: bytes, recipe: Recipe) -> str:
    """Return how it ended: "done", or the error's kind. Raises whatever is no JobError."""
    source, out = folder / "x.jpg", folder / "out"
    source.write_bytes(content)
    try:
        make(source, recipe, out, max_pixels=4_000_000)
    except JobError as error:
        if error.kind not in RIGHT:
            raise AssertionError(f"{error.kind}: {error.message}") from error
        return str(error.kind)
    finally:
        for path in out.iterdir() if out.exists() else ():
            path.unlink()
    return "done"


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def main(folder: Path, seed: str, first: int, count: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, resource.RLIM_INFINITY))
    all_seeds = seeds()
    for case in range(first, first + count):
        content = damaged(all_seeds, seed, case)
        recipe = RECIPES[case % len(RECIPES)]
        say(f"{case} {recipe.name} ")
        begun = time.monotonic()
        try:
            ended = try_one(folder, content, recipe)
        except BaseException as error:  # noqa: BLE001  # whatever it is: it is told, and the next one is tried
            ended = f"WRONG {type(error).__name__}: {error}".replace("\n", " ")
            (folder / f"wrong-{case}").write_bytes(content)
        say(f"{time.monotonic() - begun:.2f} {ended}\n")
    peak = _peak()
    say(f"peak {peak} MiB, left {sorted(os.listdir(folder))}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
