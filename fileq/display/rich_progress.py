"""Live views as rich draws them: bars, slots, batches and watched folders, each line within the terminal's width."""

import os
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from fileq.display.answer import Text, Tone, text_of
from fileq.display.progress import (
    BatchProgress,
    FolderView,
    Progress,
    SlotProgress,
    StatusView,
    WaitingFileView,
    WatchView,
    describe_pace,
    describe_percent,
)
from fileq.display.text_width import pad, shorten, shorten_path, text_width
from fileq.escapes import escape_controls
from fileq.units import describe_count, describe_seconds

STYLES = {
    Tone.PLAIN: "",
    Tone.TITLE: "bold",
    Tone.QUIET: "dim",
    Tone.GOOD: "green",
    Tone.BAD: "red",
    Tone.BUSY: "cyan",
    Tone.WARNING: "yellow",
}
_DONE, _LEFT = "━", "─"
"""A bar's two parts: told apart without colours, and on any background."""
_LEAST = 9
_LEAST_PATH = 24
_BATCH_NUMBER = 6
_BETWEEN = 2
_BATCH_BAR = 16
_MOST_PARTS = 3
_SECONDS_SHOWN_FROM = 1.0  # before, they would only flicker
_WAITING_FILES_SHOWN = 5
_STATE_STYLES = {"offline": "red", "catching up": "yellow", "polling": "cyan", "events": "green"}


def fit_text(text: Text, room: int | None) -> RichText:
    """Return a text in its tone; its path is shortened where all of it fits a line of `room` columns by that.

    Where it would take too much of the path, the text wraps, and the path loses only what no line has room for.
    """
    style = STYLES[text.tone]
    if not text.path or room is None:
        return RichText(escape_controls(text_of(text)), style)
    before, after = escape_controls(text.text), escape_controls(text.after)
    left = room - text_width(before) - text_width(after)
    if left < _LEAST_PATH:
        left = max(_LEAST, room - text_width(before))
    return RichText(f"{before}{shorten_path(escape_controls(text.path), left)}{after}", style)


def render_progress(progress: Progress, room: int) -> RenderableType:
    """Return a bar, the numbers below it, and a line for each slot, for a terminal of `room` columns."""
    return Group(
        _bar(progress, room), _numbers(progress, room), *(_slot(slot, room) for slot in progress.slots)
    )  # fmt: skip


def _bar(progress: Progress, room: int) -> RichText:
    percent = f" {describe_percent(progress.done_share):>5}"
    return _drawn_bar(progress.done_share, max(1, room - len(percent))).append(percent, "bold")


def _drawn_bar(share: float, columns: int) -> RichText:
    done = min(int(share * columns), columns)
    return RichText.assemble((_DONE * done, "green" if share >= 1 else "cyan"), _LEFT * (columns - done), no_wrap=True)


def _numbers(progress: Progress, room: int) -> RichText:
    """Return as many of the numbers as there is room for, the most important ones first."""
    words = RichText.assemble((f"{progress.ended:,}", "bold"), f" of {progress.total:,}", no_wrap=True)
    if progress.failed:
        words.append(f"   {progress.failed:,} failed", "red")
    for part in describe_pace(progress):
        if words.cell_len + text_width(part) + 3 > room:
            break
        words.append(f"   {part}")
    return words


def _slot(slot: SlotProgress, room: int) -> RichText:
    if slot.source is None:
        return RichText("  idle", "dim")
    seconds = f"  {describe_seconds(slot.seconds)}" if slot.seconds >= _SECONDS_SHOWN_FROM else ""
    recipe = f"  {escape_controls(slot.recipe_name)}" if slot.recipe_name else ""
    name = shorten(
        escape_controls(os.path.basename(slot.source)), max(8, room - 4 - text_width(recipe) - text_width(seconds))
    )
    return RichText.assemble(("  ▸ ", "cyan"), name, (recipe, "dim"), (seconds, "dim"), no_wrap=True)


def render_status_view(view: StatusView, room: int) -> RenderableType:
    """Return a line for each unfinished batch, what runs, and the notes, for a terminal of `room` columns."""
    lines: list[RenderableType] = _batches(view.batches, room) or [RichText("Nothing is left to do.")]
    if view.more_batches:
        lines.append(RichText(f"and {describe_count(view.more_batches, 'more batch')}: fileq batches", "dim"))
    slots = [_slot(slot, room) for slot in view.total.slots]
    notes = [fit_text(note, room) for note in view.notes]
    return Group(*lines, *slots, *([RichText()] if notes else []), *notes)


def _batches(batches: Sequence[BatchProgress], room: int) -> list[RenderableType]:
    """Return the batches line by line, their parts below each other; the bar has what the others leave."""
    sources = [escape_controls(batch.source) for batch in batches]
    recipes = [escape_controls(batch.recipes) for batch in batches]
    source_room = min(max(map(text_width, sources), default=0), _LEAST_PATH)
    recipe_room = min(max(map(text_width, recipes), default=0), _LEAST_PATH)
    room -= _BATCH_NUMBER + 2 * _BETWEEN
    for parts in range(_MOST_PARTS, -1, -1):  # fewer numbers, where there is no room for all
        numbers = [_batch_numbers(batch.progress, parts) for batch in batches]
        left = room - max((text.cell_len for text in numbers), default=0)
        if left - source_room - recipe_room >= _BATCH_BAR:
            break
    recipe_room = min(recipe_room, max(_LEAST, left - source_room - _BATCH_BAR))
    source_room = min(source_room, max(_LEAST, left - recipe_room - _LEAST))
    bar_room = max(_LEAST, left - recipe_room - source_room)
    return [
        RichText.assemble(
            (f"{batch.batch_id:>{_BATCH_NUMBER - _BETWEEN}}{' ' * _BETWEEN}", "bold"),
            pad(shorten_path(source, source_room), source_room + _BETWEEN),
            (pad(shorten(recipe, recipe_room), recipe_room + _BETWEEN), "dim"),
            _drawn_bar(batch.progress.done_share, bar_room),
            text,
            no_wrap=True,
            overflow="crop",
        )
        for batch, source, recipe, text in zip(batches, sources, recipes, numbers, strict=True)
    ]


def _batch_numbers(progress: Progress, parts: int) -> RichText:
    text = RichText(f" {describe_percent(progress.done_share):>5}  {progress.ended:,} of {progress.total:,}")
    if progress.failed:
        text.append(f"  {progress.failed:,} failed", "red")
    for part in describe_pace(progress)[:parts]:
        text.append(f"  {part}")
    return text


def render_watch_view(view: WatchView, room: int) -> RenderableType:
    """Return each folder with what is waited for there, and below it the work, for a terminal of `room` columns."""
    lines = [line for folder in view.folders for line in _folder(folder, room)]
    work = [render_progress(view.progress, room)] if view.progress else []
    return Group(*lines, *work)


def _folder(folder: FolderView, room: int) -> list[RenderableType]:
    counts = f"  {folder.queued:,} queued" + (f", {folder.waiting:,} waiting" if folder.waiting else "")
    state = f"  {folder.state}"
    path = shorten_path(escape_controls(folder.path), max(_LEAST, room - text_width(counts) - text_width(state)))
    head = RichText.assemble((path, "bold"), (state, _STATE_STYLES.get(folder.state, "")), counts, no_wrap=True)
    problem = [RichText(f"  {escape_controls(folder.problem)}", "yellow")] if folder.problem else []
    return [head, *problem, *(_waiting_file(file, room) for file in folder.waiting_files[:_WAITING_FILES_SHOWN])]


def _waiting_file(file: WaitingFileView, room: int) -> RenderableType:
    why = f"  {file.reason}, {describe_seconds(file.seconds)}"
    name = shorten(escape_controls(os.path.basename(file.path)), max(8, room - 4 - text_width(why)))
    return RichText.assemble(("  … ", "yellow"), name, (why, "dim"), no_wrap=True)
