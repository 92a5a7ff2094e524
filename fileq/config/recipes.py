"""What can be wrong with a recipe of the right types: values out of range, names that can't be, steps out of place."""

from collections.abc import Callable, Iterator

from fileq.config.complaints import Complaint, remark
from fileq.operations.base import Operation
from fileq.recipes import names
from fileq.recipes.recipe import Output, Recipe

_RANGES = {"quality": (1, 100), "effort": (0, 10), "min_saving": (0, 1)}


def complaints_about(recipe: Recipe) -> Iterator[Complaint]:
    """Everything wrong with `recipe`; the keys are relative to it."""
    if not recipe.name or recipe.name.startswith(".") or set("/\\\0") & set(recipe.name):
        yield Complaint("", "a recipe's name is the name of a folder", "Use letters, digits and dashes.")
    if not recipe.match:
        yield Complaint("match", "an empty list matches nothing", 'Write it like ["*.jpg", "*.png"].')
    yield from _refused(names.check_destination, "out", recipe.out)
    yield from _steps_out_of_place(recipe)
    if not recipe.outputs:
        yield Complaint("outputs", "a recipe without outputs makes nothing", "Leave outputs away for one output.")
    for number, output in enumerate(recipe.outputs):
        for complaint in _about_output(output):
            yield complaint._replace(key=f"outputs[{number}].{complaint.key}")
    yield from _same_names(recipe)


def _about_output(output: Output) -> Iterator[Complaint]:
    yield from _refused(names.check, "name", output.name)
    for key, (least, most) in _RANGES.items():
        value = getattr(output, key)
        if value is not None and not least <= value <= most:
            yield Complaint(key, f"must be from {least} to {most}, not {value}")
    if output.max_bytes is not None and output.max_bytes < 1:
        yield Complaint("max_bytes", "must be at least 1 byte")
    for number, step in enumerate(output.steps[:-1]):
        if step.works_on_files:
            yield Complaint(
                f"steps[{number}]", f"{_op(step)} must be the last step", "Move it to the end of the steps."
            )


def _steps_out_of_place(recipe: Recipe) -> Iterator[Complaint]:
    alone = len(recipe.steps) == 1 and not any(output.steps for output in recipe.outputs)
    for number, step in enumerate(recipe.steps):
        if step.works_on_files and not alone:
            yield Complaint(
                f"steps[{number}]",
                f"{_op(step)} must be the only step of a recipe",
                "Or make it the last step of an output: [[recipes.…outputs]] steps = [ … ].",
            )


def _same_names(recipe: Recipe) -> Iterator[Complaint]:
    seen: dict[tuple[str, object], int] = {}
    for number, output in enumerate(recipe.outputs):
        first = seen.setdefault((output.name, output.format if "{ext}" in output.name else None), number)
        if first != number:
            yield Complaint(
                f"outputs[{number}].name",
                f"{output.name!r} is the name of outputs[{first}] too",
                'Give each output its own, like "{stem}-small.{ext}".',
            )


def _refused(check: Callable[[str], None], key: str, value: str) -> Iterator[Complaint]:
    try:
        check(value)
    except ValueError as error:
        yield remark(key, str(error))


def _op(step: Operation) -> str:
    return str(type(step).__struct_config__.tag)
