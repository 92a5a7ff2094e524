"""The words that may come next on a command line: commands, options, and the values of each parameter."""

import os
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Literal, NamedTuple, get_args, get_origin

import fileq.cli
from fileq.cli.app import PANELS, LazyGroup, command_module
from fileq.cli.completion.line import CommandLine
from fileq.cli.completion.scripts import SCRIPTS
from fileq.cli.session import Session
from fileq.cli.times import local_time


class Completion(NamedTuple):
    """A word that may come next, and what it is about, in a few words."""

    word: str
    about: str = ""


class Found(NamedTuple):
    """The words that may come next, and whether paths may."""

    words: Iterable[Completion]
    paths: Literal["none", "files", "folders"] = "none"


def complete(line: CommandLine) -> Found:
    """Return what may stand at the cursor of a command line. Raises what the config and the database raise."""
    parameter = line.parameter
    if parameter is None:
        if line.incomplete.startswith("-"):
            return Found(_options(line))
        return Found(_commands(line))
    kind = parameter.type_descriptor.annotation
    kind = get_args(kind)[0] if get_origin(kind) is list else kind
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Found([Completion(str(one.value)) for one in kind])
    name = parameter.name.removeprefix("global_")
    words = _WORDS.get((*line.parents, name)) or _WORDS.get((name,))
    if words is not None:
        return Found(words(line))
    if (*line.parents, name) == ("completion", "shell"):
        return Found([Completion(shell) for shell in SCRIPTS])
    return Found([], _PATHS.get(str(parameter.metavar), "none"))


_PATHS: dict[str, Literal["files", "folders"]] = {
    "FILE": "files", "PATH": "files", "TEXT-OR-FILE": "files", "DIR": "folders", "FOLDER": "folders",
}  # fmt: skip
"""What a parameter's value is, by the word that stands for it in the help."""


def _options(line: CommandLine) -> list[Completion]:
    return [
        Completion(name, one.help or "")
        for one in line.options
        for name in sorted((*one.opts, *one.secondary_opts), reverse=True)
        if name.startswith("--") or len(line.incomplete) == 1
    ]


def _commands(line: CommandLine) -> list[Completion]:
    if isinstance(line.command, LazyGroup):
        return _all_commands()
    below = getattr(line.command, "commands", {})
    return [Completion(name, command.get_short_help_str(60)) for name, command in below.items()]


def _all_commands() -> list[Completion]:
    return [Completion(name, _about_command(name)) for panel in PANELS for name in panel.names]


def _about_command(name: str) -> str:
    """Return what a command's module says of it at its beginning: to ask the commands would import them all."""
    path = os.path.join(os.path.dirname(fileq.cli.__file__), *command_module(name).split(".")[2:])
    with open(f"{path}.py", encoding="utf-8") as module:
        return module.readline().strip(' "\n').partition(": ")[2].removesuffix(".")


def _topics(line: CommandLine) -> list[Completion]:
    del line
    from fileq.manual import TOPICS

    commands = [one for one in _all_commands() if one.word not in TOPICS]
    return [*(Completion(name, about) for name, about in TOPICS.items()), *commands]


def _session(line: CommandLine) -> Session:
    session = Session()
    session.config_option, session.database_option = line.given.get("config"), line.given.get("database")
    return session


def _recipes(line: CommandLine) -> list[Completion]:
    config = _session(line).config
    faulty = [Completion(name, "it has a fault: see fileq doctor") for name in config.faults]
    return [*(Completion(recipe.name, recipe.description) for recipe in config.recipes.values()), *faulty]


def _tasks(line: CommandLine) -> list[Completion]:
    return [Completion(name, cron) for name, cron in _session(line).config.settings.schedule.lines.items()]


def _hooks(line: CommandLine) -> list[Completion]:
    from fileq.hooks.target import describe_target

    return [Completion(hook.name, describe_target(hook)) for hook in _session(line).config.settings.hook]


def _operations(line: CommandLine) -> list[Completion]:
    del line
    from fileq import operations
    from fileq.operations.base import op_name

    return [Completion(op_name(one), (one.__doc__ or "").partition("\n")[0]) for one in operations.ALL]


def _batches(line: CommandLine) -> list[Completion]:
    from fileq.ledger.glimpse import glimpse_batches

    batches = glimpse_batches(_session(line).database)
    return [Completion(str(one.batch_id), f"{local_time(one.added_at)} {one.source}") for one in batches]


def _jobs(*states: str) -> Callable[[CommandLine], list[Completion]]:
    def complete_jobs(line: CommandLine) -> list[Completion]:
        """Return the latest jobs in these states, in any for none."""
        from fileq.ledger.glimpse import glimpse_jobs

        jobs = glimpse_jobs(_session(line).database, states, line.incomplete)
        return [Completion(str(one.job_id), f"{one.state} {os.path.basename(one.source)}") for one in jobs]

    return complete_jobs


def _literals(name: str) -> Callable[[CommandLine], list[Completion]]:
    def complete_literals(line: CommandLine) -> list[Completion]:
        """Return the words that a key of a recipe may have."""
        del line
        from fileq.recipes import recipe

        return [Completion(str(word)) for word in get_args(getattr(recipe, name))]

    return complete_literals


_WORDS: dict[tuple[str, ...], Callable[[CommandLine], list[Completion]]] = {
    ("recipe",): _recipes,
    ("recipe_names",): _recipes,
    ("recipes", "name"): _recipes,
    ("save_as",): _recipes,
    ("schedule", "run", "name"): _tasks,
    ("hooks", "name"): _hooks,
    ("operations", "name"): _operations,
    ("op",): _operations,
    ("help", "topic"): _topics,
    ("batch",): _batches,
    ("show", "job"): _jobs(),
    ("retry", "jobs"): _jobs("failed", "cancelled"),
    ("cancel", "jobs"): _jobs("running", "queued", "waiting"),
    ("forget", "jobs"): _jobs("failed", "cancelled", "done"),
    ("format",): _literals("Format"),
    ("metadata",): _literals("MetadataPolicy"),
    ("hdr",): _literals("HdrPolicy"),
    ("on_conflict",): _literals("OnConflict"),
}
"""Where the values of a parameter come from: by its name, or by its command's and its own."""
