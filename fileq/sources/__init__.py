"""The files that are meant by what people name (files, folders, patterns, lists), by one set of rules."""

from fileq.sources.file import SourceFile
from fileq.sources.finder import SourceFinder, SourceQuery
from fileq.sources.ignored import IGNORED, is_ignored
from fileq.sources.scope import RecipeScope

__all__ = ["IGNORED", "RecipeScope", "SourceFile", "SourceFinder", "SourceQuery", "is_ignored"]
