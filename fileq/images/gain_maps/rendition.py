"""The gain map of one output: whether it has one, its pixels, and how it is written."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from fileq.images.encode.jpeg import save_jpeg
from fileq.images.errors import DAMAGE
from fileq.images.gain_maps import avif_writer
from fileq.images.gain_maps.jpeg import writer
from fileq.images.gain_maps.steps import StepNotFollowedError, follow_steps
from fileq.images.geometry import TRANSPOSE_BY_ORIENTATION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from fileq.images.decode.source import DecodedSource
    from fileq.images.gain_maps.gain_map import RenderedGainMap
    from fileq.images.gain_maps.parameters import GainMapParameters
    from fileq.images.plan import OutputPlan
    from fileq.operations.base import Operation

_LEFT_OUT = "The HDR gain map was left out{why}; the picture for ordinary screens was kept."
_QUALITY = {"jpeg": 85, "avif": 70}
_LARGEST_SHARE = 0.25  # of max_bytes: the picture comes first


class EncodedGainMap(NamedTuple):
    """The file of a gain map in its picture's format, and what its numbers mean."""

    file: bytes
    parameters: GainMapParameters


def make_gain_map(source: DecodedSource, plan: OutputPlan, steps: Sequence[Operation]) -> EncodedGainMap | None:
    """Return the file of the gain map that belongs to the source's picture after these settled steps; None for none.

    The job says why, where the recipe would have it.
    """
    rendered = _render(source, plan.format, steps)
    if rendered is None:
        return None
    content = _ENCODERS[plan.format](rendered)
    if len(content.file) > (plan.output.max_bytes or math.inf) * _LARGEST_SHARE:
        source.add_note(_LEFT_OUT.format(why=": it takes too many of the bytes that max_bytes allows"))
        return None
    return content


def _render(source: DecodedSource, format_: str, steps: Sequence[Operation]) -> RenderedGainMap | None:
    if not source.keeps_gain_map:
        return None
    if format_ not in _ENCODERS:
        source.add_note(_LEFT_OUT.format(why=f": {format_.upper()} has no place for it here"))
        return None
    if source.gain_map is None:
        source.add_note(_LEFT_OUT.format(why=": it is of a kind that can't be kept"))
        return None
    try:
        return follow_steps(_upright(source.gain_map.decode(), source.orientation), steps, source.size())
    except StepNotFollowedError:
        source.add_note(_LEFT_OUT.format(why=": it can't follow all steps of the recipe"))
    except (OSError, *DAMAGE):
        source.add_note(_LEFT_OUT.format(why=": it is damaged"))
    return None


def write_with_gain_map(file: BinaryIO, format_: str, gain_map: EncodedGainMap) -> None:
    """Put the gain map into the finished file of its picture, open for reading and writing."""
    picture = file.read()
    whole = (
        writer.add_gain_map(picture, gain_map.file)
        if format_ == "jpeg"
        else avif_writer.add_gain_map(picture, gain_map.file, gain_map.parameters)
    )
    file.seek(0)
    file.write(whole)


def _encode_jpeg(gain_map: RenderedGainMap) -> EncodedGainMap:
    file = io.BytesIO()
    profile = {"icc_profile": gain_map.icc} if gain_map.icc else {}
    save_jpeg(gain_map.image, file, quality=_QUALITY["jpeg"], optimize=True, subsampling="4:4:4", **profile)
    return EncodedGainMap(writer.write_parameters(file.getvalue(), gain_map.parameters), gain_map.parameters)


def _encode_avif(gain_map: RenderedGainMap) -> EncodedGainMap:
    file = io.BytesIO()
    subsampling = "4:0:0" if gain_map.image.mode == "L" else "4:4:4"
    gain_map.image.save(file, "AVIF", quality=_QUALITY["avif"], speed=6, max_threads=1, subsampling=subsampling)
    return EncodedGainMap(file.getvalue(), gain_map.parameters)


_ENCODERS = {"jpeg": _encode_jpeg, "avif": _encode_avif}
FORMATS_WITH_GAIN_MAP = _ENCODERS.keys()


def _upright(gain_map: RenderedGainMap, orientation: int) -> RenderedGainMap:
    turn = TRANSPOSE_BY_ORIENTATION.get(orientation)
    return gain_map if turn is None else replace(gain_map, image=gain_map.image.transpose(turn))
