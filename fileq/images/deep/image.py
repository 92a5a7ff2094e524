"""A picture with 16 bits a channel in memory: cut, turned and scaled as Pillow does it, a channel at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PIL import Image, ImageMath

from fileq.operations.base import to_8_bit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_FULL = 65535.0


class DeepImage(Image.Image):
    """A picture of mode RGB;16 or RGBA;16. Each of its `planes` is a picture of mode I;16.

    What is not here has no meaning for it: `convert` makes of it a picture like others, of 8 bits.
    """

    def __init__(self, planes: Iterable[Image.Image]) -> None:
        super().__init__()
        self.planes = tuple(planes)
        self._mode = "RGB;16" if len(self.planes) == 3 else "RGBA;16"
        self._size = self.planes[0].size

    def _map(self, change: Callable[[Image.Image], Image.Image]) -> DeepImage:
        return DeepImage(map(change, self.planes))

    def copy(self) -> DeepImage:
        return self._map(Image.Image.copy)

    def crop(self, box: tuple[float, float, float, float] | None = None) -> DeepImage:
        return self._map(lambda plane: plane.crop(box))

    def transpose(self, method: Image.Transpose) -> DeepImage:
        return self._map(lambda plane: plane.transpose(method))

    def resize(self, size: Any, resample: int | None = None, box: Any = None, reducing_gap: Any = None) -> DeepImage:
        """Return the picture in another size; what is transparent gives no color to what is not."""
        if len(self.planes) == 3:
            return self._map(lambda plane: plane.resize(size, resample, box, reducing_gap))
        *colors, alpha = self.planes
        weights = _as_floats(alpha)
        scaled = weights.resize(size, resample, box, reducing_gap)
        planes = []
        for color in colors:
            weighted = _compute(_multiply, _as_floats(color), weights).resize(size, resample, box, reducing_gap)
            planes.append(_as_plane(_compute(_divide, weighted, scaled)))
        return DeepImage([*planes, _as_plane(scaled)])

    def convert(self, mode: str | None = None, *_: Any, **__: Any) -> Image.Image:
        """Return the picture in a mode of Pillow's."""
        whole = Image.merge(self.mode.removesuffix(";16"), [to_8_bit(plane) for plane in self.planes])
        return whole if mode is None else whole.convert(mode)

    def to_bytes(self, *, big_endian: bool) -> bytearray:
        """Return the samples as they lie in files: those of a pixel side by side."""
        step = 2 * len(self.planes)
        content = bytearray(step * self.width * self.height)
        for number, plane in enumerate(self.planes):
            samples = plane.tobytes()  # little-endian
            content[2 * number :: step] = samples[big_endian::2]
            content[2 * number + 1 :: step] = samples[1 - big_endian :: 2]
        return content


def join_bytes(low: Image.Image, high: Image.Image) -> DeepImage:
    """Return the picture of which two of 8 bits have the lower and the upper bytes of each sample."""
    planes = [_join_band(low.getchannel(band), high.getchannel(band)) for band in range(len(low.getbands()))]
    is_opaque = len(planes) == 4 and planes[3].getextrema() == (65535, 65535)
    return DeepImage(planes[:3] if is_opaque else planes)


def join_gray(halves: Image.Image) -> Image.Image:
    """Return gray with alpha, of which an RGBA picture has upper and lower bytes; I;16 where it is opaque."""
    upper, lower, upper_alpha, lower_alpha = halves.split()
    gray, alpha = _join_band(lower, upper), _join_band(lower_alpha, upper_alpha)
    return gray if alpha.getextrema() == (65535, 65535) else DeepImage([gray, gray, gray, alpha])


def join_planes(size: tuple[int, int], planes: Iterable[bytes]) -> DeepImage:
    """Return the picture of this size in pixels of which each plane has these samples, little-endian."""
    return DeepImage([Image.frombytes("I;16", size, plane) for plane in planes])


def _join_band(low: Image.Image, high: Image.Image) -> Image.Image:
    samples = bytearray(2 * low.width * low.height)
    samples[::2] = low.tobytes()
    samples[1::2] = high.tobytes()
    return Image.frombytes("I;16", low.size, samples)


def _as_floats(plane: Image.Image) -> Image.Image:
    return plane.convert("I").convert("F")


def _multiply(one: Any, other: Any) -> Any:
    return one * other


def _divide(color: Any, alpha: Any) -> Any:
    return color / (alpha + 1e-9)  # which is 0 where the color is


def _compute(formula: Callable[[Any, Any], Any], one: Image.Image, other: Image.Image) -> Image.Image:
    result: Image.Image = ImageMath.lambda_eval(
        lambda given: formula(given["one"], given["other"]), one=one, other=other
    )
    return result


def _as_plane(levels: Image.Image) -> Image.Image:
    """Return floats as I;16, cut to its range: a filter with lobes leaves it."""
    cut: Image.Image = ImageMath.lambda_eval(
        lambda given: given["min"](given["max"](given["levels"] + 0.5, 0.0), _FULL), levels=levels
    )
    return cut.convert("I").convert("I;16")
