"""Groups of options: Typer sees each option, the command one object."""

from typing import Annotated

import pytest
import typer

from fileq.cli.app import new_app
from fileq.cli.options.group import OptionGroup, with_option_groups
from fileq.cli.typer_patch import patch_command


class Colours(OptionGroup, frozen=True, kw_only=True):
    paint: Annotated[str | None, typer.Option("--paint")] = None
    shades: Annotated[list[str] | None, typer.Option("--shade")] = None
    shiny: Annotated[bool, typer.Option("--shiny")] = False


def invoked(*arguments):
    seen = []

    @with_option_groups
    def command(context: typer.Context, *, colours: Colours, count: Annotated[int, typer.Option("--count")] = 1):
        seen.append((context.info_name, colours, count))

    app = new_app()
    app.command()(command)
    typer_command = typer.main.get_command(app)
    patch_command(typer_command)
    with typer_command.make_context("paint", list(arguments)) as context:
        typer_command.invoke(context)
    return seen[0]


def test_a_command_gets_the_options_of_a_group_as_one_object():
    options = ["--paint", "red", "--shade", "dark", "--shade", "light", "--shiny", "--count", "3"]
    assert invoked(*options) == ("paint", Colours(paint="red", shades=["dark", "light"], shiny=True), 3)


def test_a_group_of_which_no_option_is_given_equals_its_default():
    assert invoked() == ("paint", Colours(), 1)


def test_an_option_that_no_group_has_is_refused():
    with pytest.raises(Exception, match="--gloss"):
        invoked("--gloss")
