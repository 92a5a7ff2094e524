"""The check that the ending of an output's name says what the file is."""

import os
from collections.abc import Iterator

from fileq.config.problems import ConfigProblem
from fileq.recipes.formats import EXTENSIONS, format_of_name
from fileq.recipes.recipe import Output, Recipe


def ending_problems(recipe: Recipe) -> Iterator[ConfigProblem]:
    """Yield what is wrong with the endings of the outputs' names. What a program makes may be of any type."""
    if recipe.only_program is not None:
        return
    for number, output in enumerate(recipe.outputs):
        if output.program is None and (problem := _ending_problem(recipe, output)):
            yield problem._replace(key=f"outputs[{number}].name")


def _ending_problem(recipe: Recipe, output: Output) -> ConfigProblem | None:
    last = output.name.rpartition("/")[2]
    if last.endswith("{name}"):
        return _problem_of_source_ending(output)
    stem, ending = os.path.splitext(last)
    if ending.startswith(".{ext"):
        return None
    if not stem or not ending or "{" in ending or "}" in ending:
        return ConfigProblem("", f"{output.name!r} has no ending, such as .jpg", f'Write "{output.name}.{{ext}}".')
    named = format_of_name(last)
    proper = f"{output.name.removesuffix(ending)}.{{ext}}"
    if named is None:
        return ConfigProblem("", f"{output.name!r} ends in {ending}, and no format does", f'Write "{proper}".')
    wrong = next((one for one in _formats(recipe, output) if one != named), None)
    if wrong is None:
        return None
    what = "that of the source" if wrong == "same" else wrong
    return ConfigProblem(
        "", f"{output.name!r} ends in {ending}, and the format is {what}", f'Write "{proper}", or change the format.'
    )


def _problem_of_source_ending(output: Output) -> ConfigProblem | None:
    wrong = next((one for one in (*output.named_formats, *output.other_formats) if one != "same"), None)
    if wrong is None:
        return None
    return ConfigProblem(
        "", f"{output.name!r} ends as the source does, and the format is {wrong}", 'Write "{stem}.{ext}".'
    )


def _formats(recipe: Recipe, output: Output) -> Iterator[str]:
    """Yield the formats that the output can have, by what the recipe says; "same" where that is any source's."""
    for format_ in (*output.named_formats, *output.other_formats):
        if format_ == "same":
            yield from (_format_of_pattern(pattern) for pattern in recipe.match)
        else:
            yield format_


def _format_of_pattern(pattern: str) -> str:
    ending = os.path.splitext(pattern)[1][1:].lower()
    return next((name for name, endings in EXTENSIONS.items() if ending in endings), "same")
