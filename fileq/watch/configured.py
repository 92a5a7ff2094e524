"""The watched folders of a config."""

from fileq.config import Config, WatchSettings
from fileq.intake import DispositionPolicy
from fileq.watch.folder import PollMode, WatchSpec, skipped_folders


def spec_from_config(
    config: Config, watch: WatchSettings, interval: float | None = None, *, follow_links: bool = False
) -> WatchSpec:
    """The folder that a [[watch]] describes. With an `interval`, in seconds, listings are compared so often.

    `follow_links` takes links even where the [[watch]] does not say so. Raises UntrustedError where one of its recipes
    runs a program and the config isn't trusted.
    """
    done_to = {"keep": None, "move": watch.move_to, "delete": ""}[watch.after]
    return WatchSpec(
        watch.path,
        tuple(config.recipe(name) for name in dict.fromkeys(watch.recipes or config.settings.default)),
        watch.out,
        watch.recursive,
        DispositionPolicy(done_to, watch.failed_to),
        watch.settle,
        PollMode(watch.poll) if interval is None else PollMode.ALWAYS,
        interval or 5.0,
        skipped_folders(watch.path, watch.out, done_to, watch.failed_to),
        follow_links or watch.follow_links,
    )
