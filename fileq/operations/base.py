"""The base of all operations: typed parameters, a pure geometry, and a function on pixels.

A config is read without Pillow, so an operation's module imports it inside functions alone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

import msgspec

from fileq.units import Dimensions, Duration, Size

if TYPE_CHECKING:
    from PIL.Image import Image


def op_name(operation: Operation | type[Operation]) -> str:
    """Return what a recipe calls an operation: `op = "…"`."""
    return str(operation.__struct_config__.tag)


def path_in(folder: str, path: str) -> str:
    """Return the absolute path that `path` means in the folder; ~ is the home."""
    return os.path.normpath(os.path.join(folder, os.path.expanduser(path)))


class Operation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op", tag=str.lower):
    """One kind of step. Its fields are its parameters, its docstring is the manual that users read.

    Parameters that can't be are refused in `__post_init__` with a ValueError that names the remedy.
    """

    keeps_16_bit: ClassVar[bool] = False
    """Whether `apply` works on mode I;16 as well. Others get such a picture scaled to 8 bit."""

    @property
    def takes_any_channels(self) -> bool:
        """Whether `apply` only cuts, turns or scales, so that it works on CMYK, Lab and colors of 16 bits as well."""
        return False

    works_on_files: ClassVar[bool] = False
    """Whether the step is done by `run` on a file, and not by `apply` on pixels."""

    def located(self, folder: str) -> Operation:
        """Return this operation with its paths made absolute, as seen from `folder`, where a config has it."""
        del folder
        return self

    def size(self, size: Size) -> Size:
        """Return the size after this step of an upright picture of `size`, both in pixels. At least 1x1.

        Raises JobError where the step can't be done on a picture of that size.
        """
        return size

    def settled(self, image: Image) -> Operation:
        """Return this operation with all that depends on the pixels worked out on `image`, the first frame.

        Its `size` and `apply` are then the same for every frame.
        """
        del image
        return self

    def apply(self, image: Image) -> Image:
        """Return the picture after this step: a new one, or `image` itself where nothing is to do.

        `image` has mode L, LA, RGB, RGBA or, see above, I;16, and stays as it is.
        """
        raise NotImplementedError

    def run(self, source: str, output: str, *, known_as: str | None = None) -> None:
        """Make the file `output` of the file `source`, both paths. Raises JobError where that can't be.

        `known_as`: the output's path in the words of whoever looks for programs that were left, where that is another.
        """
        raise NotImplementedError


def parse_given(step: Operation, kind: type[Dimensions | Duration], *names: str) -> None:
    """Have these parameters hold values of a unit where a program has given text: `Resize(fit="1600x")`.

    For `__post_init__`. Raises ValueError.
    """
    for name in names:
        value = getattr(step, name)
        if isinstance(value, str):
            msgspec.structs.force_setattr(step, name, kind.parse(value))


def to_8_bit(image: Image) -> Image:
    """Return a picture of 16 bits a channel with 8, scaled: Pillow's own conversion clips. Any other as it is."""
    if image.mode in {"RGB;16", "RGBA;16"}:
        return image.convert()
    if image.mode != "I;16":
        return image
    return image.point(lambda value: value * (1 / 257) + 0.5).convert("L")
