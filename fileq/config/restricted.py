"""The settings of a found config that count only once it is trusted: programs, notifications and the database."""

from typing import NamedTuple

import msgspec

from fileq.config.settings import NotifySettings, Settings
from fileq.operations.programs.command import argv_of
from fileq.recipes.recipe import Recipe
from fileq.units import describe_count


class ProgramCommand(NamedTuple):
    """A program that a recipe runs, with its arguments. For a step of a plug-in: the operation's name."""

    recipe_name: str
    argv: tuple[str, ...]


class RestrictedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a config's settings that needs trust."""

    recipes: dict[str, Recipe] = {}  # those that run a program
    notify: NotifySettings | None = None  # None: no notifications are wanted
    database: str | None = None

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
            *(["a database"] if self.database is not None else []),
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
    )


def remove_restricted(settings: Settings, restricted: RestrictedSettings) -> Settings:
    """Return `settings` without the part that is restricted.

    A recipe is left out whole: the built-in one of its name must not take its place unseen.
    """
    return msgspec.structs.replace(
        settings,
        recipes={name: recipe for name, recipe in settings.recipes.items() if name not in restricted.recipes},
        notify=msgspec.structs.replace(settings.notify, urls=(), command=()),
        queue=msgspec.structs.replace(settings.queue, database=None),
    )
