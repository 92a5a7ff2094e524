"""What every command starts from: the global options, and what they lead to, each made at its first use."""

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from fileq.config import Config, database_origin, load
from fileq.config.complaints import unknown_name
from fileq.display import Display, choose
from fileq.errors import NotFoundError
from fileq.recipes.recipe import Recipe

if TYPE_CHECKING:
    from fileq.ledger import Ledger


class Session:
    config_option: str | None = None
    database_option: str | None = None
    quiet = False
    verbose = False
    debug = False

    def __init__(self) -> None:
        self._display: Display | None = None

    def display(self, *, json: bool = False) -> Display:
        """The one display of this command. Only the first call says whether it answers in JSON."""
        if self._display is None:
            self._display = choose(json=json, quiet=self.quiet)
        return self._display

    @functools.cached_property
    def config(self) -> Config:
        config = load(self.config_option)
        if self.verbose:
            self.display().hint(f"Config: {config.file or 'none, the defaults serve'}")
        return config

    @functools.cached_property
    def database(self) -> str:
        path, _ = database_origin(self.config, self.database_option)
        if self.verbose:
            self.display().hint(f"Database: {path}")
        return path

    @contextmanager
    def ledger(self) -> Iterator["Ledger"]:
        from fileq.ledger import opened

        with opened(self.database) as ledger:
            yield ledger

    def recipes(self, names: Sequence[str]) -> list[Recipe]:
        """The recipes of these names, or the default ones. Raises NotFoundError with the nearest right name."""
        return [self.recipe(name) for name in dict.fromkeys(names or self.config.settings.default)]

    def recipe(self, name: str) -> Recipe:
        recipes = self.config.settings.recipes
        if name not in recipes:
            raise NotFoundError(f"There is no recipe {name}.", unknown_name("", name, recipes).remedy)
        return recipes[name]


def session_of(context: typer.Context) -> Session:
    session = context.obj
    assert isinstance(session, Session)
    return session
