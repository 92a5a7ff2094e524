"""One try: a scenario is played, something strikes, somebody goes on, and all is checked."""

import errno
import random
import signal
import subprocess
import time
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
from tests.chaos.random_kills import MOST, RandomKills, killing
from tests.chaos.scenarios import SCENARIOS, Command
from tests.chaos.steps import NOTHING, Steps, Strike, later
from tests.chaos.world import Ended, World

_KINDS = {
    errno.ENOSPC: {"no_space"},
    errno.EDQUOT: {"no_space"},
    errno.EACCES: {"permission"},
    errno.EROFS: {"permission"},
}
HOUR = 3600
"""Seconds. By then, whatever is tried again later has been."""

_NO_FAULT_OF_THE_FILE = {"no_space", "permission", "memory", "internal", "crashed"}


@dataclass
class Outcome:
    """What has come of one try."""

    name: str
    strike: Strike | RandomKills
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
        world.begin()
        before |= tree(world)
        steps = Steps(library, world.folder, list(world.roots.values()), NOTHING)
        started = time.monotonic()
        ended = [_run(world, command, steps) for command in world.scenario.commands]
        steps_by_kind, seconds = steps.by_kind, time.monotonic() - started
        last = world.run(world.scenario.last)
        assert last.code == 0, (ended, last)
        codes = [one.code for one in ended if one.code is not None]
        jobs = told(world, world.ask("list"))
        return Reference(
            before=before, end=tree(world), jobs=jobs, steps_by_kind=steps_by_kind, codes=codes, seconds=seconds
        )
    finally:
        world.remove()


def _run(world: World, command: Command, steps: Steps) -> Ended:
    steps.begin_command()
    return world.run(command, steps.environment)


def attempt(name: str, strike: Strike | RandomKills, reference: Reference, library: Path, parent: Path) -> Outcome:
    """Play a scenario and strike at it; then go on without, and check."""
    world = World(SCENARIOS[name], parent)
    outcome = Outcome(name, strike)
    try:
        world.begin()
        with Observer(world, reference) as observer:
            if isinstance(strike, RandomKills):
                left = _play_killing(world, strike, reference, outcome)
            else:
                left = _play(
                    world, Steps(library, world.folder, list(world.roots.values()), strike), reference, outcome
                )
            outcome.problems += lost_for_now(world, reference)
            _go_on(world, left, reference, outcome, library)
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
        outcome.struck = steps.struck
        outcome.problems += _complaints(ended, is_killed=outcome.strike.kills)
        if ended.code != reference.codes[number]:
            return commands[number:]
    return []


def _play_killing(world: World, strike: RandomKills, reference: Reference, outcome: Outcome) -> Sequence[Command]:
    """Run the commands, and go on with them, while somebody is killed; return those that are still to be done."""
    chance = random.Random(strike.seed)
    left = list(world.scenario.commands)
    for _ in range(chance.randint(1, MOST)):
        command = left[0] if left else world.scenario.last
        process = world.start(command, {})
        assert isinstance(process, subprocess.Popen)
        with killing(process, reference.seconds, chance) as killed:
            ended = world.wait(process, command)
        outcome.struck += len(killed)
        outcome.problems += _complaints(ended, is_killed=True)
        if ended.code in {0, *reference.codes}:
            left = left[1:]
    return left


def _complaints(ended: Ended, *, is_killed: bool = False) -> list[Problem]:
    said = f"{' '.join(ended.command)} ended with {ended.code}: {ended.stderr[-2000:]}"
    if ended.code is None:
        return [Problem(Harm.HUNG, said)]
    if ended.code == -signal.SIGKILL and is_killed:
        return []  # what its children say in their last moment is Python's own
    if ended.code not in (0, 1, 3) or "Traceback" in ended.stderr:
        return [Problem(Harm.COMPLAINT, said)]
    return []


def _go_on(world: World, left: Sequence[Command], reference: Reference, outcome: Outcome, library: Path) -> None:
    """Repeat what is left and do the last thing: at once after a kill; after a fault, once a retry is due."""
    codes, environment = {0, *reference.codes}, None
    if isinstance(outcome.strike, Strike) and not outcome.strike.kills:
        kinds = _KINDS.get(outcome.strike.error, _NO_FAULT_OF_THE_FILE)
        kinds = kinds | ({"command"} if outcome.name == "command" else set())  # where the program itself was struck
        failed = failed_jobs(world)
        for _, source, kind in failed:
            if kind not in kinds:
                outcome.problems.append(Problem(Harm.COMPLAINT, f"{source} failed as {kind}"))
        world.put_back()
        if failed:
            _undisturbed(world, ("retry", *(str(job_id) for job_id, _, _ in failed)), outcome, {0})
        environment = later(library, HOUR)
    for command in left:
        _undisturbed(world, command, outcome, codes)
    _undisturbed(world, world.scenario.last, outcome, codes, environment)


def _undisturbed(
    world: World, command: Command, outcome: Outcome, codes: set[int], environment: dict[str, str] | None = None
) -> None:
    ended = world.run(command, environment)
    outcome.problems += _complaints(ended)
    if ended.code is not None and ended.code not in codes:
        said = f"going on, {' '.join(command)} ended with {ended.code}: {ended.stderr[-2000:]}"
        outcome.problems.append(Problem(Harm.COMPLAINT, said))
