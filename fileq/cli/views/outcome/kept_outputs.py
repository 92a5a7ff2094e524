"""The outputs that were not removed, as somebody has changed them."""

from itertools import islice

from fileq.cli.views.places import relative_path
from fileq.display import Display, Text
from fileq.retention import PathList
from fileq.units import describe_count, was_or_were

_SHOWN = 5


def hint_at_kept(kept: PathList, display: Display) -> None:
    """Say how many outputs were kept, and the first of them."""
    if not kept:
        return
    display.hint(f"{describe_count(len(kept), 'output')} {was_or_were(len(kept))} changed by somebody, and kept.")
    for path in islice(kept, _SHOWN):
        display.log(Text("kept ", path=relative_path(path)))
    if len(kept) > _SHOWN:
        display.log(Text(f"and {len(kept) - _SHOWN:,} more"))
