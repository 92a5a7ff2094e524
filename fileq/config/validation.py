"""The checks of settings of the right types: values out of range, names that are not there, circles."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence

from fileq.config.name_endings import ending_problems
from fileq.config.problems import ConfigProblem, problem_from_check, unknown_name_problem
from fileq.config.settings import TASK_NAMES, RootSettings, ScheduleSettings, Settings, WatchSettings
from fileq.files.identity import relative_within
from fileq.operations.base import op_name
from fileq.recipes.output_names import check_folder, check_name, template_fields
from fileq.recipes.recipe import Conditions, Output, Recipe
from fileq.roots import ROOT_NAME

_LEAST_TOTAL = 1024
"""Bytes: `max_total = "20"` has lost its unit, and would cost nearly all outputs."""

_RANGES = {"quality": (1, 100), "effort": (0, 10), "colors": (2, 256), "min_saving": (0, 1)}
_WATCH_TARGETS = ("out", "move_to", "failed_to")


def size_problems(settings: Settings) -> Iterator[ConfigProblem]:
    """Yield what is wrong with the sizes and durations of the worker and of retention."""
    for key in ("timeout", "memory", "heartbeat"):
        if getattr(settings.worker, key) <= 0:
            yield ConfigProblem(f"worker.{key}", "must be more than 0")
    most = settings.retention.max_total
    if most is not None and 0 < most < _LEAST_TOTAL:
        yield ConfigProblem("retention.max_total", f"{most} is next to nothing", 'Write a unit, like "20 GiB".')


def root_problems(roots: Sequence[RootSettings]) -> Iterator[ConfigProblem]:
    """Yield what is wrong with the names of the roots, and with their paths, in which no variable is left."""
    for number, root in enumerate(roots):
        key = f"root[{number}]"
        if not ROOT_NAME.fullmatch(root.name):
            yield ConfigProblem(
                f"{key}.name", f"{root.name!r} is no name for a root", "Use two letters or more, digits, - and _."
            )
        if "\0" in root.path or not os.path.isabs(root.path):
            yield ConfigProblem(
                f"{key}.path", f"{root.path!r} is no absolute path", f"Begin it with {os.path.abspath(os.sep)} or ~."
            )
        for other in roots[:number]:
            if other.name == root.name:
                yield ConfigProblem(f"{key}.name", f"there is a root {root.name} already", "Give it another name.")
            elif root.path == other.path:
                yield ConfigProblem(f"{key}.path", f"is the root {other.name} already", "Have one root for both.")
            elif _overlap(root.path, other.path):
                yield ConfigProblem(
                    f"{key}.path", f"lies in the root {other.name}, or that in it", "Have one root for both."
                )


def _overlap(one: str, other: str) -> bool:
    """Return whether one of two folders lies in the other, by their paths alone."""
    shorter, longer = sorted((one.rstrip(os.sep) + os.sep, other.rstrip(os.sep) + os.sep), key=len)
    return longer.startswith(shorter)


def default_problems(settings: Settings, recipes: Mapping[str, object]) -> Iterator[ConfigProblem]:
    """Yield what is wrong with the names of the default recipes."""
    if not settings.default:
        yield ConfigProblem("default", "needs at least one recipe", 'Write default = ["web"].')
    for name in settings.default:
        if name not in recipes:
            yield unknown_name_problem("default", name, recipes)


# Recipes


def recipe_problems(recipe: Recipe) -> Iterator[ConfigProblem]:
    """Yield everything that is wrong with `recipe`; the keys are relative to it."""
    if not _is_recipe_name(recipe.name):
        yield ConfigProblem("", "a recipe's name is the name of a folder", "Use letters, digits and dashes.")
    if not recipe.match:
        yield ConfigProblem("match", "an empty list matches nothing", 'Write it like ["*.jpg", "*.png"].')
    yield from _check_problems(check_folder, "out", recipe.out)
    yield from _condition_problems(recipe.when)
    yield from _misplaced_steps(recipe)
    if not recipe.outputs:
        yield ConfigProblem("outputs", "a recipe without outputs makes nothing", "Leave outputs away for one output.")
    for number, output in enumerate(recipe.outputs):
        for problem in (*_output_problems(output), *_format_problems(output, recipe)):
            yield problem._replace(key=f"outputs[{number}].{problem.key}")
    yield from _equal_names(recipe)
    yield from ending_problems(recipe)


def _is_recipe_name(name: str) -> bool:
    """Return whether a folder can have the name, and people can see and type all of it."""
    is_seen = name.isprintable() and name == name.strip() and name != ""
    return is_seen and not name.startswith((".", "-")) and not set("/\\") & set(name)


def _condition_problems(when: Conditions | None) -> Iterator[ConfigProblem]:
    for name in ("width", "height", "pixels", "bytes") if when is not None else ():
        least, most = getattr(when, f"min_{name}"), getattr(when, f"max_{name}")
        for key, value in ((f"when.min_{name}", least), (f"when.max_{name}", most)):
            if value is not None and value < 1:
                yield ConfigProblem(key, "must be at least 1")
        if None not in (least, most) and least > most:
            yield ConfigProblem(f"when.min_{name}", f"is more than max_{name}: nothing could be like that")


def _output_problems(output: Output) -> Iterator[ConfigProblem]:
    yield from _check_problems(check_name, "name", output.name)
    for key, (least, most) in _RANGES.items():
        value = getattr(output, key)
        if value is not None and not least <= value <= most:
            yield ConfigProblem(key, f"must be from {least} to {most}, not {value}")
    if output.colors is not None and output.lossless:
        yield ConfigProblem("colors", "would lose some, and lossless keeps every one", "Leave one of them out.")
    if output.max_bytes is not None and output.max_bytes < 1:
        yield ConfigProblem("max_bytes", "must be at least 1 byte")
    for number, step in enumerate(output.pixel_steps):
        if step.works_on_files:
            yield ConfigProblem(
                f"steps[{number}]", f"{op_name(step)} must be the last step", "Move it to the end of the steps."
            )


def _format_problems(output: Output, recipe: Recipe) -> Iterator[ConfigProblem]:
    if output.format == ():
        yield ConfigProblem("format", "an empty list names no format", 'Write it like ["avif", "webp", "jpeg"].')
    if len(output.named_formats) < 2:
        return
    if recipe.only_program is not None:
        yield ConfigProblem("format", "a program makes one file, and a list chooses between several", "Name one.")
    if output.alpha_format is not None:
        message = "can't stand beside a list of formats, of which transparency takes one that has it"
        yield ConfigProblem("alpha_format", message, "Leave it out, and add its format to the list.")
    if "pdf" in output.named_formats:
        yield ConfigProblem("format", "a list chooses between pictures, and pdf is a document", "Take it out.")


def _misplaced_steps(recipe: Recipe) -> Iterator[ConfigProblem]:
    for number, step in enumerate(recipe.steps):
        if step.works_on_files and recipe.only_program is None:
            yield ConfigProblem(
                f"steps[{number}]",
                f"{op_name(step)} must be the only step of a recipe",
                "Or make it the last step of an output: [[recipes.…outputs]] steps = [ … ].",
            )


def _equal_names(recipe: Recipe) -> Iterator[ConfigProblem]:
    seen: dict[tuple[object, ...], int] = {}
    for number, output in enumerate(recipe.outputs):
        # A name with the size in it is another one for each size.
        size = output.pixel_steps if {"width", "height"} & template_fields(output.name) else ()
        first = seen.setdefault((output.name, output.format if "{ext}" in output.name else None, size), number)
        if first != number:
            yield ConfigProblem(
                f"outputs[{number}].name",
                f"{output.name!r} is the name of outputs[{first}] too",
                'Give each output its own, like "{stem}-small.{ext}".',
            )


def _check_problems(check: Callable[[str], None], key: str, value: str) -> Iterator[ConfigProblem]:
    """Yield what `check` raises ValueError for."""
    try:
        check(value)
    except ValueError as error:
        yield problem_from_check(key, str(error))


# Scheduled batches


def schedule_problems(schedule: ScheduleSettings, recipes: Mapping[str, object]) -> Iterator[ConfigProblem]:
    """Yield what is wrong with the batches that are added by the clock: names, paths and recipes."""
    seen = set(TASK_NAMES)
    for number, batch in enumerate(schedule.add):
        key = f"schedule.add[{number}]"
        if batch.name in seen:
            yield ConfigProblem(f"{key}.name", f"{batch.name} is the name of another task", "Choose another.")
        seen.add(batch.name)
        if not batch.paths:
            yield ConfigProblem(f"{key}.paths", "needs at least one path", 'Write it like ["~/pictures/inbox"].')
        for name in batch.recipe_names:
            if name not in recipes:
                yield unknown_name_problem(f"{key}.recipe", name, recipes)


# Watched folders


def watch_problems(watches: Sequence[WatchSettings], recipes: Mapping[str, object]) -> Iterator[ConfigProblem]:
    """Yield what is wrong with each watch: a folder that stands twice, an unknown recipe, a move without a target."""
    seen: set[str] = set()
    for number, watch in enumerate(watches):
        key = f"watch[{number}]"
        if watch.path in seen:
            yield ConfigProblem(f"{key}.path", f"{watch.path} is watched already", "Give one [[watch]] both recipes.")
        seen.add(watch.path)
        for name in watch.recipe_names:
            if name not in recipes:
                yield unknown_name_problem(f"{key}.recipe", name, recipes)
        if watch.after == "move" and not watch.move_to:
            yield ConfigProblem(f"{key}.after", '"move" needs the key move_to', "Add the folder to move to.")


def find_watch_loop(watches: Sequence[WatchSettings]) -> tuple[ConfigProblem, str] | None:
    """Return two keys that together would send files round in a circle: the problem of one, and the other; or None."""
    for number, watch in enumerate(watches):
        for key in _WATCH_TARGETS:
            last_key = _way_back(watches, number, number, key, frozenset())
            if last_key is not None:
                return _loop_problem(f"watch[{number}].{key}", watch, key), last_key
    return None


def _loop_problem(where: str, watch: WatchSettings, key: str) -> ConfigProblem:
    folder = getattr(watch, key)
    problem = f"what is put into {folder} would come back into {watch.path}, and so on for ever"
    return ConfigProblem(where, problem, "Choose a folder that isn't watched.")


def _way_back(watches: Sequence[WatchSettings], goal: int, number: int, key: str, passed: frozenset[int]) -> str | None:
    """Return the last key on a way from a key of one watch back into the folder `goal`; None where there is none."""
    target = _target(watches[number], key)
    if target is None:
        return None
    for other, watch in enumerate(watches):
        if other in passed or not _takes(watch, target, is_own=other == number, key=key):
            continue
        if other == goal:
            return f"watch[{number}].{key}" if number != goal else f"watch[{number}].path"
        for further in _WATCH_TARGETS:
            found = _way_back(watches, goal, other, further, passed | {other})
            if found is not None:
                return found
    return None


def _target(watch: WatchSettings, key: str) -> str | None:
    if key == "move_to" and watch.after != "move":
        return None
    target: str | None = getattr(watch, key)
    return target


def _takes(watch: WatchSettings, target: str, *, is_own: bool, key: str) -> bool:
    """Return whether what is put into `target` would be a source of the watch."""
    place = relative_within(target, watch.path)
    if is_own:  # folders inside one's own are left out, and what came out of a recipe doesn't go into it again
        return place == "" and key != "out"
    return place == "" or (watch.recursive and place is not None)
