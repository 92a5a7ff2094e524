"""The watched folders of a config."""

from fileq.config import Config, WatchSettings
from fileq.intake import Policy
from fileq.watch.folder import Folder, Poll, left_out


def configured(
    config: Config, watch: WatchSettings, interval: float | None = None, *, follow_links: bool = False
) -> Folder:
    """The folder that a [[watch]] describes. With an `interval`, in seconds, listings are compared so often.

    `follow_links` takes links even where the [[watch]] does not say so. Raises UntrustedError where one of its recipes
    runs a program and the config isn't trusted.
    """
    done_to = {"keep": None, "move": watch.move_to, "delete": ""}[watch.after]
    return Folder(
        watch.path,
        tuple(config.recipe(name) for name in dict.fromkeys(watch.recipes or config.settings.default)),
        watch.out,
        watch.recursive,
        Policy(done_to, watch.failed_to),
        watch.settle,
        Poll(watch.poll) if interval is None else Poll.ALWAYS,
        interval or 5.0,
        left_out(watch.path, watch.out, done_to, watch.failed_to),
        follow_links or watch.follow_links,
    )
