"""Of several formats, the one whose file is smallest and keeps the quality: that of a JPEG of the same number.

Each format counts quality in its own way. A file that loses more than the JPEG gets a higher one, or is left out.
"""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
from PIL import Image

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.temp_file import TempFile
from fileq.images.color import modes
from fileq.images.encode.encoder import DEFAULT_QUALITY, PILLOW_NAMES
from fileq.images.encode.jpeg import FULL_CHROMA
from fileq.images.encode.similarity import measure_loss
from fileq.images.gain_maps.rendition import FORMATS_WITH_GAIN_MAP
from fileq.images.plan import OutputPlan, check_size, holds_sequence, output_formats, with_format
from fileq.operations.base import to_8_bit
from fileq.units import Size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fileq.images.decode.source import DecodedSource
    from fileq.recipes.recipe import Output

_WITHOUT_ALPHA = {"jpeg", "pdf"}
_WITHOUT_LOSS = {"png", "tiff"}
_AS_GOOD_AS_JPEG = {
    "avif": ((1, 1), (60, 53), (82, 67), (92, 88), (100, 100)),
    "webp": ((1, 1), (60, 69), (82, 85), (92, 95), (100, 100)),
}
"""Where to begin: qualities of JPEG, and those that lose as much by `measure_loss`, the mean of 5 photos."""

_STEPS, _MOST_TRIES = (5, 10), 3
"""How much higher a quality is tried next: more, where much more is lost than may be."""


@dataclass(frozen=True, slots=True)
class FormatTrial:
    """An output's file that was made to see how small it gets, its plan, and what is to be said on the job of it."""

    plan: OutputPlan
    content: bytes
    notes: tuple[str, ...]


class FormatChoice:
    """The choice of a format for an output of which all frames are there.

    `write` makes the file of a plan, and may add notes to the source.
    """

    def __init__(
        self, source: DecodedSource, plan: OutputPlan, frames: Sequence[Image.Image],
        write: Callable[[TempFile, OutputPlan], None],
    ) -> None:  # fmt: skip
        self._source = source
        self._plan = plan
        self._write = write
        self._frames = [modes.drop_opaque_alpha(frame) for frame in frames]
        self._quality = plan.output.quality or DEFAULT_QUALITY["jpeg"]
        self._reference = _flatten(self._frames[0])
        self._most_loss = self._loss_of(_as_jpeg(self._reference, self._quality), "jpeg")

    def find_smallest(self) -> FormatTrial:
        """Return the trial that wins; where all lose more than they may, one of them. Raises JobError."""
        best: FormatTrial | None = None
        failures: dict[str, JobError] = {}
        for format_ in self._formats_with_room():
            try:
                best = self._try_format(format_, best) or best
            except JobError as error:
                if error.kind is not ErrorKind.UNSUPPORTED:
                    raise
                failures[format_] = error
        if best is None:
            raise next(iter(failures.values()))
        for format_, failure in failures.items():
            self._source.add_note(f"{format_.upper()} was not tried: {failure.message}")
        most = self._plan.output.max_bytes
        if most is not None and len(best.content) > most:
            best = self._make(best.plan.format, msgspec.structs.replace(self._plan.output, quality=self._quality))
        for note in best.notes:
            self._source.add_note(note)
        return best

    def _formats_with_room(self) -> list[str]:
        """Return the formats that hold all that the picture has, all of them where none does: JPEG first, as quick."""
        formats = output_formats(self._plan.output, self._source.format)
        return sorted(filter(self._has_room, formats), key="jpeg".__ne__) or list(formats)

    def _has_room(self, format_: str) -> bool:
        if format_ in _WITHOUT_ALPHA and any(modes.has_alpha(frame) for frame in self._frames):
            return False
        if self._source.keeps_gain_map and self._source.gain_map is not None and format_ not in FORMATS_WITH_GAIN_MAP:
            return False
        size = Size(*self._reference.size)
        try:
            check_size(size, format_, size.width * size.height)
        except JobError:
            return False
        return len(self._frames) == 1 or holds_sequence(format_, is_animation=self._source.is_animation)

    def _try_format(self, format_: str, best: FormatTrial | None) -> FormatTrial | None:
        """Return the first file that keeps the quality and is smaller than the best one; None where there is none."""
        output = msgspec.structs.replace(self._plan.output, max_bytes=None)
        is_exact = format_ in _WITHOUT_LOSS and not output.reduces_colors(format_)
        if output.lossless or is_exact or format_ == "jpeg":
            trial = self._make(format_, output)
            return trial if best is None or len(trial.content) < len(best.content) else None
        quality = equal_quality(format_, self._quality)
        subsampling = output.subsampling or ("4:4:4" if self._quality >= FULL_CHROMA else None)
        for _ in range(_MOST_TRIES):
            trial = self._make(format_, msgspec.structs.replace(output, quality=quality, subsampling=subsampling))
            if best is not None and len(trial.content) >= len(best.content):
                return None
            loss = self._loss_of(trial.content, format_)
            if loss <= self._most_loss:
                return trial
            if format_ not in DEFAULT_QUALITY or quality == 100:
                break
            quality = min(100, quality + _STEPS[loss > 1.2 * self._most_loss])
        return trial if best is None else None

    def _make(self, format_: str, output: Output) -> FormatTrial:
        before, self._source.notes = self._source.notes, []
        try:
            with translate_os_errors(tempfile.gettempdir()), tempfile.TemporaryFile() as file:
                temp = TempFile(tempfile.gettempdir(), file.fileno())
                self._write(temp, with_format(replace(self._plan, output=output), format_, self._source))
                file.seek(0)
                return FormatTrial(
                    with_format(self._plan, format_, self._source), file.read(), tuple(self._source.notes)
                )
        finally:
            self._source.notes = before

    def _loss_of(self, content: bytes, format_: str) -> float:
        with Image.open(io.BytesIO(content), formats=[PILLOW_NAMES[format_]]) as image:
            return measure_loss(_flatten(modes.normalize_mode(image)), self._reference)


def equal_quality(format_: str, quality: int) -> int:
    """Return the quality of a format that looks about like a JPEG of this quality, each from 1 to 100."""
    for (low, least), (high, most) in pairwise(_AS_GOOD_AS_JPEG.get(format_, ())):
        if quality <= high:
            return round(least + (most - least) * (quality - low) / (high - low))
    return quality


def _as_jpeg(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, subsampling="4:4:4" if quality >= FULL_CHROMA else "4:2:0")
    return file.getvalue()


def _flatten(image: Image.Image) -> Image.Image:
    flat = modes.flatten_alpha(to_8_bit(image), "white")
    return flat if flat.mode == "RGB" else flat.convert("RGB")
