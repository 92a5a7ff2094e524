"""The contact sheet: pictures before and after, from all recipes and from all of the time."""

import base64
import os
from collections.abc import Iterator

import msgspec

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.identity import version_of
from fileq.ledger import Ledger
from fileq.ledger.queries.history import BeforeAndAfter

MAX_COMPARISONS = 24
_SIDE = 240  # px
_CANDIDATES = 96  # of each recipe, some of whose files may have gone
_TRIES = 4 * MAX_COMPARISONS


class SheetPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A file as the sheet shows it: `uri` has the thumbnail of `shown_width` by `shown_height` pixels."""

    path: str
    width: int
    height: int
    bytes: int
    uri: str
    shown_width: int
    shown_height: int

    @property
    def name(self) -> str:
        """The file's name, without its folders."""
        return os.path.basename(self.path)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A source, and what a recipe made of it. `finished_at` is in seconds since the epoch."""

    recipe: str
    finished_at: float
    before: SheetPicture
    after: SheetPicture


class ContactSheet(msgspec.Struct, frozen=True):
    """`left_out` counts pairs that were to be shown and could not: gone, changed, or not to be opened."""

    comparisons: list[Comparison]
    left_out: int


def build_contact_sheet(ledger: Ledger, since: float, until: float, max_pixels: int) -> ContactSheet:
    """Return up to 24 comparisons of jobs that ended in this time, oldest first, with files of at most `max_pixels`."""
    found: list[Comparison] = []
    left_out = 0
    for pair in _candidates(ledger, since, until):
        try:
            found.append(_comparison(pair, max_pixels))
        except JobError:
            left_out += 1
        if len(found) == MAX_COMPARISONS or len(found) + left_out == _TRIES:
            break
    return ContactSheet(sorted(found, key=lambda one: one.finished_at), left_out)


def _candidates(ledger: Ledger, since: float, until: float) -> Iterator[BeforeAndAfter]:
    """Yield pairs: the recipes take turns, and sources that were not shown yet come first."""
    waiting = [_spread(jobs) for jobs in ledger.history.sample_jobs(since, until, _CANDIDATES).values()]
    shown: set[str] = set()
    again: list[BeforeAndAfter] = []
    while waiting := [jobs for jobs in waiting if jobs]:
        for jobs in waiting:
            pair = ledger.history.find_before_and_after(jobs.pop(0))
            if pair is None:
                continue
            if pair.before.path in shown:
                again.append(pair)
                continue
            shown.add(pair.before.path)
            yield pair
    yield from again


def _spread(jobs: list[int]) -> list[int]:
    """Return the jobs in an order in which every start is spread over all: van der Corput's, by the mirrored bits."""
    digits = max(1, (len(jobs) - 1).bit_length())
    places = (int(f"{number:0{digits}b}"[::-1], 2) for number in range(1 << digits))
    return [jobs[place] for place in places if place < len(jobs)]


def _comparison(pair: BeforeAndAfter, max_pixels: int) -> Comparison:
    """Return the comparison of a pair. Raises JobError where a file is not what it was, or can't be opened."""
    before, after = pair.before, pair.after
    with translate_os_errors(after.path):
        version = version_of(os.stat(after.path))
    if version != after.version:
        raise JobError(ErrorKind.CHANGED, f"{after.path} was changed.")
    return Comparison(
        recipe=pair.recipe_name,
        finished_at=pair.finished_at,
        before=_picture(before.path, before.bytes, before.mtime_ns, max_pixels),
        after=_picture(after.path, after.bytes, -1, max_pixels),
    )


def _picture(path: str, size: int, mtime_ns: int, max_pixels: int) -> SheetPicture:
    from fileq.images.thumbnails import THUMBNAIL_FORMAT, make_thumbnail  # noqa: PLC0415  # the figures alone do without Pillow

    made = make_thumbnail(path, _SIDE, max_pixels, size=size, mtime_ns=mtime_ns)
    return SheetPicture(
        path=path,
        width=made.full.width,
        height=made.full.height,
        bytes=size,
        uri=f"data:image/{THUMBNAIL_FORMAT};base64,{base64.b64encode(made.content).decode()}",
        shown_width=made.size.width,
        shown_height=made.size.height,
    )
