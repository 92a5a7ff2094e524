"""Which folders are to be watched, and what is to be done with what comes into each."""

import os
from enum import StrEnum

import msgspec

from fileq.config import Config, WatchSettings
from fileq.files.identity import relative_within
from fileq.intake.watch_intake import DispositionPolicy
from fileq.recipes.recipe import Recipe
from fileq.sources import RecipeScope, is_ignored


class PollMode(StrEnum):
    """Whether to compare listings instead of waiting for events."""

    AUTO = "auto"  # where the file system tells nothing
    ALWAYS = "always"
    NEVER = "never"


class WatchSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A folder to be watched, and what is to be done with what comes into it.

    `path` is absolute. `settle` and `interval` are in seconds; `skipped` are folders that
    are left out, beside those that the recipes' outputs go to.
    """

    path: str
    recipes: tuple[Recipe, ...]
    out: str | None = None
    recursive: bool = True
    policy: DispositionPolicy = DispositionPolicy()
    settle: float = 2.0
    poll: PollMode = PollMode.AUTO
    interval: float = 5.0
    skipped: frozenset[str] = frozenset()
    follow_links: bool = False

    def matches(self, name: str) -> bool:
        """Return whether a recipe takes a file of this name."""
        return any(recipe.matches(name) for recipe in self.recipes)

    def holds_outputs(self, folder: str) -> bool:
        """Return whether a folder in the watched one is left out: by its path, or as outputs of files beside it go in.

        Those files may have been moved away since.
        """
        return folder in self.skipped or bool(RecipeScope(self.recipes, self.out).recipe_of_folder(folder, self.path))

    def covers(self, path: str) -> bool:
        """Return whether what lies in the folder at `path` belongs to the watch."""
        if path == self.path:
            return True
        inside = self.path.rstrip(os.sep) + os.sep
        if not self.recursive or not path.startswith(inside):
            return False
        parts = path[len(inside) :].split(os.sep)
        return not any(map(is_ignored, parts)) and not any(
            self.holds_outputs(inside + os.sep.join(parts[: count + 1])) for count in range(len(parts))
        )


def skipped_folders(path: str, *folders: str | None) -> frozenset[str]:
    """Return those of `folders` that lie inside the watched one at `path`: what is put there is no source."""
    places = [relative_within(folder, path) for folder in folders if folder]
    return frozenset(os.path.join(path, place) for place in places if place)


def spec_from_config(
    config: Config, watch: WatchSettings, interval: float | None = None, *, follow_links: bool = False
) -> WatchSpec:
    """Return the folder that a [[watch]] describes. With an `interval`, in seconds, listings are compared so often.

    `follow_links` takes links even where the [[watch]] does not say so. Raises UntrustedError where one of its recipes
    runs a program and the config isn't trusted.
    """
    done_to = {"keep": None, "move": watch.move_to, "delete": ""}[watch.after]
    return WatchSpec(
        path=watch.path,
        recipes=tuple(config.recipe(name) for name in dict.fromkeys(watch.recipe_names or config.settings.default)),
        out=watch.out,
        recursive=watch.recursive,
        policy=DispositionPolicy(done_to, watch.failed_to),
        settle=watch.settle,
        poll=PollMode(watch.poll) if interval is None else PollMode.ALWAYS,
        interval=interval or 5.0,
        skipped=skipped_folders(watch.path, watch.out, done_to, watch.failed_to),
        follow_links=follow_links or watch.follow_links,
    )
