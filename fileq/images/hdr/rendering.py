"""The gain map of one output: whether it has one, its pixels, and how it is written."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from fileq.images.errors import DAMAGE
from fileq.images.geometry import TRANSPOSE_BY_ORIENTATION
from fileq.images.hdr import jpeg_writer
from fileq.images.hdr.steps import StepNotFollowedError, follow_steps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from fileq.images.decode.source import DecodedSource
    from fileq.images.hdr.gain_map import RenderedGainMap
    from fileq.images.plan import OutputPlan
    from fileq.operations.base import Operation

FORMATS_WITH_GAIN_MAP = frozenset({"jpeg"})

_LEFT_OUT = "The HDR gain map was left out{why}; the picture for ordinary screens was kept."
_QUALITY = 85
_LARGEST_SHARE = 0.25  # of max_bytes: the picture comes first


def make_gain_map(source: DecodedSource, plan: OutputPlan, steps: Sequence[Operation]) -> bytes | None:
    """Return the file of the gain map that belongs to the source's picture after these settled steps; None for none.

    The job says why, where the recipe would have it.
    """
    rendered = _render(source, plan.format, steps)
    if rendered is None:
        return None
    content = _encode_jpeg(rendered)
    if len(content) > (plan.output.max_bytes or math.inf) * _LARGEST_SHARE:
        source.add_note(_LEFT_OUT.format(why=": it takes too many of the bytes that max_bytes allows"))
        return None
    return content


def _render(source: DecodedSource, format_: str, steps: Sequence[Operation]) -> RenderedGainMap | None:
    if not source.keeps_gain_map:
        return None
    if format_ not in FORMATS_WITH_GAIN_MAP:
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


def _encode_jpeg(gain_map: RenderedGainMap) -> bytes:
    file = io.BytesIO()
    profile = {"icc_profile": gain_map.icc} if gain_map.icc else {}
    gain_map.image.save(file, "JPEG", quality=_QUALITY, optimize=True, subsampling="4:4:4", **profile)
    return jpeg_writer.write_parameters(file.getvalue(), gain_map.parameters)


def write_with_gain_map(file: BinaryIO, gain_map: bytes) -> None:
    """Put the file of a gain map behind the picture in a finished file, open for reading and writing."""
    whole = jpeg_writer.add_gain_map(file.read(), gain_map)
    file.seek(0)
    file.write(whole)


def _upright(gain_map: RenderedGainMap, orientation: int) -> RenderedGainMap:
    turn = TRANSPOSE_BY_ORIENTATION.get(orientation)
    return gain_map if turn is None else replace(gain_map, image=gain_map.image.transpose(turn))
