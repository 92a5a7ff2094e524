"""Every step of every scenario, in many processes: `python -m tests.chaos`. It prints a table, and each fault found.

A fault is printed with the command that repeats it: `python -m tests.chaos --only move --strike kill:before:17`.
"""

import argparse
import hashlib
import multiprocessing
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.chaos.checker import Harm, Reference
from tests.chaos.random_kills import RandomKills
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.series import every_fault, every_kill, random_kills
from tests.chaos.steps import Strike, build
from tests.chaos.trial import Outcome, attempt, reference_of

_SERIES: dict[str, Callable[[Reference], Iterable[Strike | RandomKills]]] = {
    "kills": every_kill,
    "random": random_kills,
    "faults": every_fault,
}
WEEK = 7 * 24 * 60
"""Minutes."""

_COUNTED = (Harm.LOST, Harm.PARTIAL, Harm.DOUBLED, Harm.ORIGINAL)


def main() -> int:
    options = _options()
    started = time.monotonic()
    with TemporaryDirectory(prefix="fileq-chaos-") as folder:
        parent = Path(folder)
        library = build(parent)
        names = options.only or list(SCENARIOS)
        references = {name: reference_of(name, library, parent) for name in names}
        tries = [(name, strike) for name in names for strike in _strikes(options, references[name])]
        tries.sort(key=lambda one: _place_in_order(options.seed, *one))
        tries = tries[options.skip : round(len(tries) * options.sample)]
        say(f"{len(tries)} tries, seed {options.seed}")
        outcomes = []
        for outcome in _outcomes(tries, references, library, parent, options.processes, 60 * options.minutes):
            outcomes.append(outcome)
            if outcome.problems:
                say(str(outcome))
            if len(outcomes) % 500 == 0:
                say(f"{len(outcomes)} of {len(tries)} after {time.monotonic() - started:.0f} s")
    say(_table(outcomes))
    say(f"{time.monotonic() - started:.0f} s, seed {options.seed}")
    return int(any(outcome.problems for outcome in outcomes))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="a scenario; repeatable")
    parser.add_argument("--series", action="append", choices=_SERIES, help="which strikes; repeatable")
    parser.add_argument("--strike", type=_parse, action="append", help="one strike, as faults are printed with")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--sample", type=float, default=1.0, help="only this share of all tries, by chance")
    parser.add_argument("--minutes", type=float, default=WEEK, help="stop then")
    parser.add_argument("--skip", type=int, default=0, help="so many were tried before, with the same seed")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    return parser.parse_args()


def _parse(text: str) -> Strike | RandomKills:
    kind, _, seed = text.partition(":")
    return RandomKills(int(seed)) if kind == "random" else Strike.parse(text)


def _strikes(options: argparse.Namespace, reference: Reference) -> Iterator[Strike | RandomKills]:
    if options.strike:
        yield from options.strike
        return
    for series in options.series or _SERIES:
        yield from _SERIES[series](reference)


def _place_in_order(seed: int, name: str, strike: Strike | RandomKills) -> bytes:
    """By chance, and of each by itself: the number of steps differs from run to run, and `--skip` is to fit all."""
    return hashlib.sha256(f"{seed} {name} {strike}".encode()).digest()


def _outcomes(
    tries: Iterable[tuple[str, Strike | RandomKills]],
    references: dict[str, Reference],
    library: Path,
    parent: Path,
    processes: int,
    seconds: float,
) -> Iterator[Outcome]:
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(attempt, name, strike, references[name], library, parent) for name, strike in tries]
        with suppress(TimeoutError):
            for future in as_completed(futures, timeout=seconds):
                yield future.result()
        pool.shutdown(cancel_futures=True)


def _table(outcomes: list[Outcome]) -> str:
    lines = ["", "| scenario | tries | kills | faults | " + " | ".join(_COUNTED) + " | other |"]
    lines.append("| --- " * (len(_COUNTED) + 5) + "|")
    for name in [*SCENARIOS, None]:
        own = [outcome for outcome in outcomes if name in (outcome.name, None)]
        if own:
            lines.append(_row(name or "all", own))
    return "\n".join(lines)


def _row(name: str, outcomes: list[Outcome]) -> str:
    harms = Counter(harm for outcome in outcomes for harm in {problem.harm for problem in outcome.problems})
    kills = sum(outcome.struck for outcome in outcomes if outcome.strike.kills)
    faults = sum(outcome.struck for outcome in outcomes if not outcome.strike.kills)
    other = sum(count for harm, count in harms.items() if harm not in _COUNTED)
    cells = [name, len(outcomes), kills, faults, *(harms[harm] for harm in _COUNTED), other]
    return "| " + " | ".join(map(str, cells)) + " |"


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # it is what this is for


if __name__ == "__main__":
    sys.exit(main())
