"""What is said of a file that is to be written again without loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fileq.images.metadata.selection import Metadata
    from fileq.recipes.recipe import MetadataPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteOptions:
    """What stays of a source's metadata, the mark of the output, and how hard to try, from 0 to 10."""

    metadata: Metadata
    policy: MetadataPolicy
    mark: bytes
    effort: int | None
    strips_by_all_means: bool = False
    """Whether metadata goes that is to go, also where the file gets no smaller by it."""
    marks_originals: bool = False
    """Whether a source's own bytes get the mark, too, as the size of the file is not the point."""
