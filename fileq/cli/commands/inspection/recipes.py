"""fileq recipes: list recipes, show one, or try one on a file."""

import inspect
import json as json_format
from typing import Annotated, Any

import msgspec
import typer

from fileq.cli import options
from fileq.cli.app import new_app
from fileq.cli.session import Session, session_of
from fileq.display import Answer, Column, Facts, Table, Text, Tone
from fileq.display.answer import Block, Cell
from fileq.errors import ExitCode, UsageError
from fileq.operations.base import Operation, op_name
from fileq.recipes.recipe import Output, Recipe, encode_recipe

app = new_app()


Preview = Annotated[
    str | None,
    typer.Option(
        "--preview", metavar="FILE", show_envvar=False, show_default=False,
        help="Make the outputs of FILE in a temp folder, and show sizes, times, and where they are.",
    ),
]  # fmt: skip


@app.command(epilog="Example: fileq recipes web. Try one: fileq recipes --preview photo.jpg -r web")
def recipes(
    context: typer.Context,
    *,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Show this recipe whole.", show_default=False)
    ] = None,
    preview: Preview = None,
    recipe_names: options.Recipes = None,
    json: options.Json = False,
) -> ExitCode:
    """List the recipes, show one, or try one on a file.

    The list has those that are built in and your own.
    """
    session = session_of(context)
    display = session.display(json=json)
    if preview is not None:
        display.answer(_preview(session, preview, [*([name] if name else []), *(recipe_names or [])]))
        return ExitCode.DONE
    if recipe_names:
        raise UsageError("-r needs a file to try its recipe on.", "Name the file: fileq recipes --preview FILE -r NAME")
    if name is not None:
        recipe = session.config.recipes.get(name) or session.config.recipe(name)
        display.answer(Answer(_document(session, recipe), _blocks(session, recipe)))
        return ExitCode.DONE
    known = list(session.config.recipes.values())
    rows = [(recipe.name, _origin(session, recipe), _about(session, recipe)) for recipe in known]
    table = Table([Column("recipe"), Column("from", kind="path"), Column("description", kind="prose")], rows)
    display.answer(Answer([_document(session, recipe) for recipe in known], [table]))
    for faulty, fault in session.config.faults.items():
        display.hint(f"The recipe {faulty} can't be used: {fault}")
    return ExitCode.DONE


def _preview(session: Session, path: str, names: list[str]) -> Answer:
    from fileq.cli.views.preview import make_preview, preview_answer

    max_pixels = session.config.settings.worker.max_pixels
    return preview_answer([make_preview(path, recipe, max_pixels) for recipe in session.recipes(names)])


def _origin(session: Session, recipe: Recipe) -> str:
    return next(one.origin for one in session.config.origins if one.key == f"recipes.{recipe.name}")


def _is_trusted(session: Session, recipe: Recipe) -> bool:
    return recipe.name not in session.config.withheld.recipes


def _about(session: Session, recipe: Recipe) -> str:
    warning = (
        "" if _is_trusted(session, recipe) else "It runs a program and is not trusted: look at it, then fileq trust."
    )
    return " ".join(filter(None, [recipe.description, warning]))


def _document(session: Session, recipe: Recipe) -> dict[str, Any]:
    document: dict[str, Any] = json_format.loads(encode_recipe(recipe))
    return document | {"origin": _origin(session, recipe), "trusted": _is_trusted(session, recipe)}


def _blocks(session: Session, recipe: Recipe) -> list[Block]:
    facts: list[tuple[str, Cell]] = [
        ("recipe", Text(recipe.name, Tone.TITLE)),
        ("from", _origin(session, recipe)),
        ("match", " ".join(recipe.match)),
        *([("when", " ".join(_settings(recipe.when, ())))] if recipe.when is not None else []),
        ("out", recipe.out),
        ("on conflict", recipe.on_conflict),
        *((f"step {number}", _step(step)) for number, step in enumerate(recipe.steps, 1)),
    ]
    for number, output in enumerate(recipe.outputs, 1):
        facts.append((f"output {number}", _output(output)))
        facts += [(f"  step {place}", _step(step)) for place, step in enumerate(output.steps, 1)]
    about = _about(session, recipe)
    return [*([Text(about), Text()] if about else []), Facts(facts), *_manual(recipe)]


def _step(step: Operation) -> str:
    """Return resize fit=1600x1600."""
    return " ".join([op_name(step), *_settings(step, ())])


def _output(output: Output) -> str:
    return " ".join([output.name, *_settings(output, ("name", "steps"))])


def _settings(struct: msgspec.Struct, hidden: tuple[str, ...]) -> list[str]:
    """Return the fields of a struct that are not at their default, as name=value."""
    return [
        f"{field.name}={_value(getattr(struct, field.name))}"
        for field in msgspec.structs.fields(struct)
        if field.name not in hidden and getattr(struct, field.name) != field.default
    ]


def _value(value: object) -> str:
    """Return a list of names as an option takes it: avif,webp,jpeg."""
    is_list = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    return ",".join(value) if is_list and isinstance(value, tuple) else str(value)


def _manual(recipe: Recipe) -> list[Block]:
    """Return the manual of each operation that the recipe uses."""
    blocks: list[Block] = []
    for operation in {type(step): step for step in recipe.all_steps}.values():
        blocks += [Text(), Text(op_name(operation), Tone.TITLE)]
        blocks += [Text(line, Tone.QUIET, indent=2) for line in (inspect.getdoc(operation) or "").splitlines()]
    return blocks
