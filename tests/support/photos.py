"""Photos to try fileq with: `python tests/support/photos.py FOLDER [COUNT] [WIDTHxHEIGHT]`.

They look like what a camera writes: detail at every scale, noise, EXIF with an orientation, a time, a place and a
copyright. All eight orientations come up, and each photo has a large F that shows which way up it should be.
"""

import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How a camera held that way stores an upright picture (EXIF 2.3, tag 0x0112)."""


def clouds(size: tuple[int, int], seed: int) -> Image.Image:
    """Gray noise with the same energy at every scale, as landscapes have it."""
    chance = random.Random(seed)
    image = Image.new("L", size, 128)
    scale, weight = 2, 0.6
    while scale < max(size):
        cells = (max(2, size[0] * scale // max(size)), max(2, size[1] * scale // max(size)))
        grain = Image.frombytes("L", cells, chance.randbytes(cells[0] * cells[1]))
        image = Image.blend(image, grain.resize(size, Image.Resampling.BICUBIC), weight)
        scale, weight = scale * 4, weight * 0.55
    return image


def photo(size: tuple[int, int], seed: int) -> Image.Image:
    """An upright picture in RGB."""
    bands = [clouds(size, seed * 3 + band) for band in range(3)]
    image = Image.merge("RGB", bands)
    draw = ImageDraw.Draw(image)
    draw.text((size[0] * 0.06, 0), "F", fill="white", font=ImageFont.load_default(size[1] * 0.6))
    return image


def exif(orientation: int) -> Image.Exif:
    data = Image.Exif()
    data[0x010F], data[0x0110] = "Fileq", "Test camera"
    data[0x0112], data[0x8298], data[0x013B] = orientation, "(c) Ada Example", "Ada Example"
    data.get_ifd(0x8769).update({0x9003: "2026:05:17 10:20:30", 0xA431: "SERIAL-12345"})
    data.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2)})
    return data


def write(folder: Path, count: int = 12, size: tuple[int, int] = (4000, 3000)) -> list[Path]:
    """`count` JPEG files, IMG_0001.jpg and on, of four motifs in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    motifs = [photo(size, seed) for seed in range(min(4, count))]
    paths = []
    for number in range(count):
        orientation = number % 8 + 1
        image = motifs[number % len(motifs)]
        stored = image.transpose(TURNS[orientation]) if orientation in TURNS else image
        path = folder / f"IMG_{number + 1:04}.jpg"
        stored.save(path, quality=90, exif=exif(orientation))
        paths.append(path)
    return paths


def copy_photo(photo: Path, number: int) -> Path:
    """Copy a photo within its folder, under a number for a name."""
    path = photo.with_name(f"{number}.jpg")
    path.write_bytes(photo.read_bytes())
    return path


if __name__ == "__main__":
    where, *rest = sys.argv[1:]
    number = int(rest[0]) if rest else 12
    width, _, height = (rest[1] if len(rest) > 1 else "4000x3000").partition("x")
    for written in write(Path(where), number, (int(width), int(height))):
        sys.stdout.write(f"{written}\n")
