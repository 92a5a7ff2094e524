"""Real pictures to test with, and the pipeline in one call."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

from PIL import Image

from fileq.errors import ErrorKind, JobError
from fileq.images.pipeline import open_run
from fileq.images.protocol import PipelineRequest, Reservation
from fileq.job import OutputInfo
from fileq.operations import Step  # noqa: F401  # a recipe's types need it
from fileq.recipes.recipe import Output, Recipe

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 160, 40), (30, 50, 200), (240, 220, 40)


def quarters(size: tuple[int, int] = (120, 80), mode: str = "RGB") -> Image.Image:
    """Red top left, green top right, blue bottom left, yellow bottom right: so that one sees how it lies."""
    width, height = size
    image = Image.new("RGB", size, YELLOW)
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image.convert(mode)


def photo(size: tuple[int, int]) -> Image.Image:
    """Smooth noise in all colours: what a lens sees, as far as codecs and filters care."""
    chance, small = random.Random(2), (max(2, size[0] // 12), max(2, size[1] // 12))  # always the same: sizes compare
    grain = bytes(min(255, max(0, round(chance.gauss(128, 90)))) for _ in range(small[0] * small[1]))
    seed = Image.frombytes("L", small, grain)
    bands = [seed.rotate(turn).resize(size, Image.Resampling.BICUBIC) for turn in (0, 90, 180)]
    return Image.merge("RGB", bands)


def close(one: Any, other: Any, by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def pixel_of(image: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    """The channels of a pixel in a picture that has several."""
    pixel = image.getpixel(at)
    assert isinstance(pixel, tuple)
    return pixel


def level_of(image: Image.Image, at: tuple[int, int]) -> float:
    """The value of a pixel in a picture that has one channel."""
    level = image.getpixel(at)
    assert isinstance(level, int | float)
    return level


def colors_of(image: Image.Image, limit: int = 256) -> list[tuple[int, tuple[int, ...]]]:
    """How often each colour is there, in a picture of several channels and at most `limit` colours."""
    colors = image.getcolors(limit)
    assert colors is not None
    return [(count, color) for count, color in colors if isinstance(color, tuple)]


def recipe(*outputs: Output, **keys: Any) -> Recipe:
    return Recipe(name="test", outputs=outputs or (Output(),), **keys)


def pipeline_request(source: Path | str, wanted: Recipe, folder: Path, **keys: Any) -> PipelineRequest:
    given: dict[str, Any] = {"size": -1, "mtime_ns": -1, "relative": "", "max_pixels": 100_000_000} | keys
    return PipelineRequest(source=str(source), recipe=wanted, folder=str(folder), **given)


class Made:
    """What the pipeline made: published under the planned names."""

    def __init__(
        self, planned: tuple[OutputInfo, ...], encoded: tuple[OutputInfo, ...], notes: tuple[str, ...]
    ) -> None:
        self.planned = planned
        self.encoded = encoded
        self.notes = notes
        self.paths = [Path(plan.path) for plan in planned]

    def images(self) -> list[Image.Image]:
        images: list[Image.Image] = []
        for path in self.paths:
            with Image.open(path) as image:
                image.load()
                images.append(image)
        return images

    @property
    def image(self) -> Image.Image:
        return self.images()[0]


def make(source: Path | str, wanted: Recipe, folder: Path, **keys: Any) -> Made:
    folder.mkdir(exist_ok=True)
    with open_run(pipeline_request(source, wanted, folder, **keys)) as picture:
        planned = picture.planned
        temps = [str(folder / f".{number}.tmp") for number in range(len(planned))]
        places = [Reservation(path=plan.path, temp=temp) for plan, temp in zip(planned, temps, strict=True)]
        encoded = tuple(one.info for one in picture.make(places) if one is not None)
        notes = picture.notes
    for plan, temp in zip(planned, temps, strict=True):
        Path(plan.path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(temp, plan.path)
    return Made(planned, encoded, notes)


def failure(source: Path | str, wanted: Recipe, folder: Path, **keys: Any) -> tuple[ErrorKind, str]:
    """The kind and the message of the JobError that this source ends in."""
    try:
        make(source, wanted, folder, **keys)
    except JobError as error:
        return error.kind, error.message
    raise AssertionError("it went well")
