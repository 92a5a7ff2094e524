"""The folders that `fileq watch` watches: those that are named, or else all of the config's."""

import os
from collections.abc import Sequence

from fileq.cli.options.recipe import RecipeOptions
from fileq.cli.options.recipe_selection import select_recipes
from fileq.cli.session import Session
from fileq.config.paths import absolute_path
from fileq.errors import NotFoundError, UsageError
from fileq.intake.output_folder import output_folder
from fileq.units import Duration
from fileq.watch.specification import PollMode, WatchSpec, skipped_folders, spec_from_config


def folders_to_watch(
    session: Session,
    paths: Sequence[str],
    recipe_options: RecipeOptions,
    *,
    poll: str | None,
    recursive: bool,
    follow_links: bool = False,
) -> list[WatchSpec]:
    """Return the folders to watch: those at `paths`, or else all of the config's.

    A folder that the config has, too, is watched as the config says, unless `recipe_options` say something. `poll` is
    the text of --poll. Raises UsageError, NotFoundError, UntrustedError.
    """
    interval = _poll_interval(poll)
    watches = session.config.settings.watch
    if not paths:
        if not watches:
            where = session.config.file or "a config"
            raise UsageError(
                f"Which folder? No DIR was given, and there is no [[watch]] in {where}.", "Try: fileq watch inbox/"
            )
        return [spec_from_config(session.config, watch, interval, follow_links=follow_links) for watch in watches]
    named = [_existing_folder(path) for path in dict.fromkeys(paths)]
    known = {} if recipe_options != RecipeOptions() else {watch.path: watch for watch in watches}
    return [
        spec_from_config(session.config, known[path], interval, follow_links=follow_links)
        if path in known
        else _spec_of_options(session, path, recipe_options, interval, recursive=recursive, follow_links=follow_links)
        for path in named
    ]


def _existing_folder(path: str) -> str:
    folder = absolute_path(path)
    if not os.path.lexists(folder):
        raise NotFoundError(f"There is no folder {path}.", "Make it first, or check its name.")
    if not os.path.isdir(folder):
        raise UsageError(f"{path} is not a folder.", "Name the folder that files come into.")
    return folder


def _poll_interval(poll: str | None) -> float | None:
    try:
        seconds = None if poll is None else float(Duration.parse(poll))
    except ValueError as error:
        raise UsageError(f"--poll: {error}.") from error
    if seconds is not None and seconds <= 0:
        raise UsageError("--poll must be more than 0.", "Try: --poll 5")
    return seconds


def _spec_of_options(
    session: Session,
    path: str,
    recipe_options: RecipeOptions,
    interval: float | None,
    *,
    recursive: bool,
    follow_links: bool,
) -> WatchSpec:
    target = output_folder(recipe_options.out)
    return WatchSpec(
        path=path,
        recipes=tuple(select_recipes(session, recipe_options)),
        out=target,
        recursive=recursive,
        poll=PollMode.AUTO if interval is None else PollMode.ALWAYS,
        interval=interval or 5.0,
        skipped=skipped_folders(path, target),
        follow_links=follow_links,
    )
