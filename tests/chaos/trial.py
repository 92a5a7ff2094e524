"""One try: a scenario is played, something strikes, somebody goes on, and all is checked."""

import errno
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.checker import (
    Harm,
    Observer,
    Problem,
    Reference,
    check,
    failed_jobs,
    lost_for_now,
    told,
    tree,
)
from tests.chaos.scenarios import SCENARIOS, Command
from tests.chaos.steps import NOTHING, Act, Steps, Strike
from tests.chaos.world import Ended, World

_KINDS = {
    errno.ENOSPC: {"no_space"},
    errno.EDQUOT: {"no_space"},
    errno.EACCES: {"permission"},
    errno.EROFS: {"permission"},
}
_NO_FAULT_OF_THE_FILE = {"no_space", "permission", "memory", "internal", "crashed"}


@dataclass
class Outcome:
    """What has come of one try."""

    name: str
    strike: Strike
    struck: int = 0
    problems: list[Problem] = field(default_factory=list)

    def __str__(self) -> str:
        """What was wrong, and the command that repeats it."""
        again = f"python -m tests.chaos --only '{self.name}' --strike {self.strike}"
        return "\n    ".join([again, *map(str, self.problems)])


def reference_of(name: str, library: Path, parent: Path) -> Reference:
    """Play a scenario with nothing going wrong."""
    world = World(SCENARIOS[name], parent)
    try:
        before = tree(world)
        for command in world.scenario.before:
            world.run(command)
        if world.scenario.before:
            before |= tree(world)
        steps = Steps(library, world.folder, list(world.roots.values()), NOTHING)
        ended = [_run(world, command, steps) for command in world.scenario.commands]
        count = steps.count
        last = world.run(world.scenario.last)
        assert last.code == 0, (ended, last)
        codes = [one.code for one in ended if one.code is not None]
        jobs = told(world, world.ask("list"))
        return Reference(before=before, end=tree(world), jobs=jobs, steps=count, codes=codes)
    finally:
        world.remove()


def _run(world: World, command: Command, steps: Steps) -> Ended:
    steps.begin_command()
    return world.run(command, steps.environment)


def attempt(name: str, strike: Strike, reference: Reference, library: Path, parent: Path) -> Outcome:
    """Play a scenario and strike at it; then go on without, and check."""
    world = World(SCENARIOS[name], parent)
    outcome = Outcome(name, strike)
    try:
        for command in world.scenario.before:
            world.run(command)
        steps = Steps(library, world.folder, list(world.roots.values()), strike)
        with Observer(world, reference) as observer:
            left = _play(world, steps, reference, outcome)
            outcome.struck = steps.struck
            outcome.problems += lost_for_now(world, reference)
            _go_on(world, left, reference, outcome)
        outcome.problems += observer.problems
        outcome.problems += check(world, reference)
    finally:
        world.remove()
    return outcome


def _play(world: World, steps: Steps, reference: Reference, outcome: Outcome) -> Sequence[Command]:
    """Run the commands while it strikes; return those that are still to be done."""
    commands = world.scenario.commands
    for number, command in enumerate(commands):
        ended = _run(world, command, steps)
        outcome.problems += _complaints(ended, outcome.strike)
        if ended.code != reference.codes[number]:
            return commands[number:]
    return []


def _complaints(ended: Ended, strike: Strike) -> list[Problem]:
    said = f"{' '.join(ended.command)} ended with {ended.code}: {ended.stderr[-2000:]}"
    if ended.code is None:
        return [Problem(Harm.HUNG, said)]
    if ended.code == -signal.SIGKILL and strike.act not in (Act.COUNT, Act.FAIL):
        return []  # what its children say in their last moment is Python's own
    if ended.code not in (0, 1, 3) or "Traceback" in ended.stderr:
        return [Problem(Harm.COMPLAINT, said)]
    return []


def _go_on(world: World, left: Sequence[Command], reference: Reference, outcome: Outcome) -> None:
    if outcome.strike.act is Act.FAIL:
        kinds = _KINDS.get(outcome.strike.error, _NO_FAULT_OF_THE_FILE)
        for source, kind in failed_jobs(world):
            if kind not in kinds:
                outcome.problems.append(Problem(Harm.COMPLAINT, f"{source} failed as {kind}"))
        world.put_back()
        _undisturbed(world, ("retry", "--failed"), outcome, {0})
    for command in left:
        _undisturbed(world, command, outcome, {0, *reference.codes})
    _undisturbed(world, world.scenario.last, outcome, {0, *reference.codes})


def _undisturbed(world: World, command: Command, outcome: Outcome, codes: set[int]) -> None:
    ended = world.run(command)
    outcome.problems += _complaints(ended, NOTHING)
    if ended.code is not None and ended.code not in codes:
        said = f"going on, {' '.join(command)} ended with {ended.code}: {ended.stderr[-2000:]}"
        outcome.problems.append(Problem(Harm.COMPLAINT, said))
