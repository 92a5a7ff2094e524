"""The settings that a config can have, and their defaults; which of them need trust. Recipes: fileq.recipes.recipe."""

import re
from typing import Annotated, Literal, NamedTuple

import msgspec

from fileq.cron import Cron
from fileq.operations.programs.command import argv_of
from fileq.recipes.recipe import Recipe
from fileq.units import ByteSize, Duration, KeepDuration, describe_count

VARIABLE = re.compile(r"\$\{(\w+)\}")
"""What a notification's target, an address or a root's path takes from the environment: ${NAME}."""

PositiveInt = Annotated[int, msgspec.Meta(ge=1)]


def _as_names(recipe: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (recipe,) if isinstance(recipe, str) else recipe or ()


class QueueSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[queue]"""

    database: str | None = None  # a path; None: fileq.db in the user's state folder
    broker: str | None = None  # the URL of a server that speaks Redis; None: messages lie in the database


class WorkerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[worker]"""

    workers: Annotated[int, msgspec.Meta(ge=0)] = 0  # 0: one for each CPU
    timeout: Duration = Duration(300)  # a job's longest attempt
    memory: ByteSize = ByteSize(6 * 2**30)  # what one job may use, where the machine has it
    max_pixels: PositiveInt = 300_000_000
    attempts: PositiveInt = 3  # tries in all, for faults that may pass
    retry_delay: Duration = Duration(10)  # doubled at each try
    mark_outputs: bool = True  # that fileq made them: known by another database too
    heartbeat: Duration = Duration(5)  # a worker that is silent for four of these is gone


class RootSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[root]]: a folder that several hosts share, and where it is on this one: an absolute path once it is read."""

    name: str  # the same on all hosts
    path: str  # where it is on this host; ${NAME} is taken from the environment


class WatchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[watch]]: a folder, and what is done with what comes into it. Its paths are absolute once they are read."""

    path: str
    recipe: str | tuple[str, ...] | None = None  # None: as `default`
    out: str | None = None  # None: as the recipe says
    recursive: bool = True
    after: Literal["keep", "move", "delete"] = "keep"  # what becomes of a source that is done
    move_to: str | None = None
    failed_to: str | None = None  # where a source goes whose job failed; None: it stays
    settle: Duration = Duration(2)  # how long a file must not change, where its end can't be seen
    poll: Literal["auto", "always", "never"] = "auto"
    follow_links: bool = False  # whether links are sources by which others may hand in what isn't theirs

    @property
    def recipe_names(self) -> tuple[str, ...]:
        """The names of the recipes, none where those of `default` are meant."""
        return _as_names(self.recipe)


class RetentionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[retention]: what `clean` removes. A recipe's own `keep` goes before `outputs`."""

    outputs: KeepDuration = KeepDuration("inf")  # how long outputs stay
    max_total: ByteSize | None = None  # of all outputs together; the oldest go first
    history: KeepDuration = KeepDuration(90 * 86400)  # how long finished jobs are listed
    replaced: KeepDuration = KeepDuration(30 * 86400)  # how long what outputs took the place of can be put back


class AddSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[schedule.add]]: files that are added by the clock. Its paths are absolute once they are read."""

    cron: Cron
    paths: tuple[str, ...]
    name: str = ""  # add-1, add-2, … where none is given
    recipe: str | tuple[str, ...] | None = None  # None: as `default`
    out: str | None = None  # None: as the recipe says

    @property
    def recipe_names(self) -> tuple[str, ...]:
        """The names of the recipes, none where those of `default` are meant."""
        return _as_names(self.recipe)


class ScheduleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[schedule]: when what happens by itself, in local time."""

    clean: Cron = Cron("0 2 * * *")
    report: Cron = Cron("0 6 * * mon")
    health: Cron = Cron("*/5 * * * *")
    rescan: Cron = Cron("0 * * * *")
    add: tuple[AddSettings, ...] = ()

    @property
    def lines(self) -> dict[str, Cron]:
        """The cron line of each task, by the task's name; the batches of `add` are tasks too."""
        own: dict[str, Cron] = {name: getattr(self, name) for name in TASK_NAMES}
        return own | {batch.name: batch.cron for batch in self.add}


TASK_NAMES = ("clean", "report", "health", "rescan")
"""The tasks that every worker does by the clock."""


class ReportSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[report]"""

    folder: str | None = None  # where the weekly pages go; None: `reports` beside the database


NotificationEvent = Literal["failed", "batch", "report", "unhealthy"]


class NotifySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[notify]: who gets which notifications. ${NAME} in a URL is taken from the environment."""

    on: tuple[NotificationEvent, ...] = ("failed", "batch", "report", "unhealthy")
    urls: tuple[str, ...] = ()  # as Apprise has them
    command: tuple[str, ...] = ()  # a program with its arguments

    @property
    def is_on(self) -> bool:
        """Whether there is somebody to notify, and something to notify of."""
        return bool(self.on and (self.urls or self.command))

    @property
    def variables(self) -> list[str]:
        """The names of all that is taken from the environment, sorted."""
        return sorted({name for text in (*self.urls, *self.command) for name in VARIABLE.findall(text)})


HookTrigger = Literal["done", "failed", "cancelled", "batch"]


class HookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[hook]]: what is called when a job or a batch has ended: a function, a program or a URL."""

    on: tuple[HookTrigger, ...] = ("done", "failed")
    function: str | None = None  # MODULE:NAME, or the name of an entry point
    command: tuple[str, ...] = ()  # a program with its arguments
    url: str | None = None  # gets the event as JSON
    secret: str | None = None  # what is sent to the URL is signed with it
    recipe: str | tuple[str, ...] | None = None  # of the jobs that are meant; None: all
    timeout: Duration = Duration(30)  # of one try
    name: str = ""  # told from the target where none is given

    @property
    def recipe_names(self) -> tuple[str, ...]:
        """The names of the recipes, none where jobs of all are meant."""
        return _as_names(self.recipe)

    @property
    def variables(self) -> list[str]:
        """The names of all that is taken from the environment, sorted."""
        texts = (self.url or "", self.secret or "", *self.command)
        return sorted({name for text in texts for name in VARIABLE.findall(text)})


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is in force: the built-in defaults with the config's own on top."""

    default: tuple[str, ...] = ("web",)  # the recipes of `add` and `run` without -r
    queue: QueueSettings = QueueSettings()
    worker: WorkerSettings = WorkerSettings()
    root: tuple[RootSettings, ...] = ()
    watch: tuple[WatchSettings, ...] = ()
    retention: RetentionSettings = RetentionSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    report: ReportSettings = ReportSettings()
    notify: NotifySettings = NotifySettings()
    hook: tuple[HookSettings, ...] = ()
    recipes: dict[str, Recipe] = {}  # the built-in ones too, each name with its recipe

    @property
    def root_paths(self) -> dict[str, str]:
        """Where each root is on this host, by its name."""
        return {root.name: root.path for root in self.root}


class ProgramCommand(NamedTuple):
    """A program that a recipe runs, with its arguments. For a step of a plug-in: the operation's name."""

    recipe_name: str
    argv: tuple[str, ...]


class RestrictedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a config's settings that needs trust."""

    recipes: dict[str, Recipe] = {}  # those that run a program
    notify: NotifySettings | None = None  # None: no notifications are wanted
    database: str | None = None
    broker: str | None = None
    root: tuple[RootSettings, ...] = ()
    hook: tuple[HookSettings, ...] = ()

    @property
    def programs(self) -> list[ProgramCommand]:
        """Every program that the recipes run, in their order."""
        return [
            ProgramCommand(name, argv_of(step))
            for name, recipe in self.recipes.items()
            for step in recipe.all_steps
            if step.works_on_files
        ]

    def describe(self) -> str:
        """Return what the settings ask for, in words that end a sentence; "" where they ask for nothing."""
        parts = [
            *([f"{describe_count(len(self.recipes), 'recipe')} that {self._verb} programs"] if self.recipes else []),
            *(["notices"] if self.notify else []),
            *([describe_count(len(self.hook), "hook")] if self.hook else []),
            *(["a database"] if self.database is not None else []),
            *(["a broker"] if self.broker is not None else []),
            *(["roots"] if self.root else []),
        ]
        return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)

    @property
    def _verb(self) -> str:
        return "runs" if len(self.recipes) == 1 else "run"


def select_restricted(settings: Settings) -> RestrictedSettings:
    """Return the part of `settings` that needs trust."""
    notify = settings.notify
    return RestrictedSettings(
        recipes={name: recipe for name, recipe in settings.recipes.items() if recipe.runs_programs},
        notify=notify if notify.urls or notify.command else None,
        database=settings.queue.database,
        broker=settings.queue.broker,
        root=settings.root,
        hook=settings.hook,
    )


def remove_restricted(settings: Settings, restricted: RestrictedSettings) -> Settings:
    """Return `settings` without the part that is restricted.

    A recipe is left out whole: the built-in one of its name must not take its place unseen.
    """
    return msgspec.structs.replace(
        settings,
        recipes={name: recipe for name, recipe in settings.recipes.items() if name not in restricted.recipes},
        notify=msgspec.structs.replace(settings.notify, urls=(), command=()),
        queue=msgspec.structs.replace(settings.queue, database=None, broker=None),
        root=(),
        hook=(),
    )
