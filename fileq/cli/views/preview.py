"""The preview of a recipe: the outputs of one file in a folder of their own. No queue and no ledger take part."""

import os
import shutil
import tempfile
import time
from typing import Any

import msgspec

from fileq.cli.views.phrases import describe_dimensions
from fileq.display import Answer, Column, Facts, Table, Text, Tone
from fileq.display.answer import Cell
from fileq.documents import output_document
from fileq.errors import NotFoundError, translate_os_errors
from fileq.job import OutputInfo
from fileq.recipes.recipe import Recipe
from fileq.units import describe_bytes, describe_count, describe_seconds


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipe made of a source: its outputs, sentences on what was left out, and the seconds that it took."""

    source: str
    bytes: int
    recipe: str
    folder: str
    outputs: tuple[OutputInfo, ...]
    notes: tuple[str, ...]
    seconds: float


def make_preview(path: str, recipe: Recipe, max_pixels: int) -> Preview:
    """Make the recipe's outputs of the file at `path` in a new temp folder, with at most `max_pixels` to read.

    Raises NotFoundError and JobError.
    """
    source = os.path.abspath(path)
    if not os.path.exists(source):
        raise NotFoundError(f"There is no file {path}.", "Check the name.")
    folder = tempfile.mkdtemp(prefix="fileq-preview-")
    try:
        return _made(source, recipe, folder, max_pixels)
    except BaseException:
        shutil.rmtree(folder)
        raise


def _made(source: str, recipe: Recipe, folder: str, max_pixels: int) -> Preview:
    from fileq.images.pipeline import open_run
    from fileq.images.protocol import PipelineRequest, Reservation

    request = PipelineRequest(
        source=source, size=-1, mtime_ns=-1, recipe=recipe, folder=folder, relative="", max_pixels=max_pixels
    )
    begun = time.monotonic()
    with open_run(request) as picture:
        temps = [os.path.join(folder, f".{number}.part") for number in range(len(picture.planned))]
        places = zip(picture.planned, temps, strict=True)
        encoded = picture.make([Reservation(path=plan.path, temp=temp) for plan, temp in places])
        notes = picture.notes
    seconds = time.monotonic() - begun
    outputs = []
    for plan, temp, one in zip(picture.planned, temps, encoded, strict=True):
        if one is not None:
            with translate_os_errors(plan.path):
                os.makedirs(os.path.dirname(plan.path), exist_ok=True)
                os.replace(temp, plan.path)
            outputs.append(one.info)
    return Preview(
        source=source,
        bytes=os.path.getsize(source),
        recipe=recipe.name,
        folder=folder,
        outputs=tuple(outputs),
        notes=notes,
        seconds=seconds,
    )


def preview_answer(previews: list[Preview]) -> Answer:
    """Return the answer that shows previews."""
    documents: list[dict[str, Any]] = [
        msgspec.to_builtins(preview) | {"outputs": [output_document(output) for output in preview.outputs]}
        for preview in previews
    ]
    blocks = [block for preview in previews for block in _blocks(preview)]
    return Answer(documents, blocks)


def _blocks(preview: Preview) -> list[Text | Facts | Table]:
    total = sum(output.bytes for output in preview.outputs)
    facts: list[tuple[str, Cell]] = [
        ("recipe", Text(preview.recipe, Tone.TITLE)),
        ("source", preview.source),
        ("before", describe_bytes(preview.bytes)),
        ("after", f"{describe_bytes(total)} in {describe_count(len(preview.outputs), 'file')}"),
        ("took", describe_seconds(preview.seconds)),
        *(("note", note) for note in preview.notes),
        ("see", preview.folder),
    ]
    columns = (Column("format"), Column("size"), Column("bytes", kind="number"), Column("output", kind="path"))
    rows = [
        (output.format, describe_dimensions(output), describe_bytes(output.bytes), output.path)
        for output in preview.outputs
    ]
    return [Facts(facts), Table(columns, rows), Text()]
