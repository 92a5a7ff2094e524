"""Do the tests notice a mistake? `python -m tests.mutation ledger --sample 40 --seed 7` makes some and sees.

What lives is printed: a promise without a test, code that nobody needs, or a mistake that makes no difference.
"""

import argparse
import random
import secrets
import sys
from itertools import chain
from pathlib import Path

from tests.mutation.mutants import mutants_of, some_of_each_kind
from tests.mutation.trial import Trial

_PACKAGE = Path(__file__).parents[2] / "fileq"
_WAY_IN = ["tests/intake", "tests/sources", "tests/queue", "tests/test_control.py", "tests/publish"]
_WAY_OUT = ["tests/publish", "tests/disposition", "tests/files"]
_CARE = [
    "tests/retention", "tests/health", "tests/schedule/test_scheduler.py", "tests/report/test_figures.py",
    "tests/notifications/test_outbox.py", "tests/notifications/test_delivery.py",
]  # fmt: skip
_ATTEMPTS = [f"worker/{name}.py" for name in ("attempt", "worker", "recovery", "slot")] + ["process/sandbox.py"]
_RECOVERY = [
    "tests/worker/test_recovery.py", "tests/worker/test_resent_messages.py", "tests/worker/test_attempt.py",
]  # fmt: skip
ROOMS = {
    "ledger": (["ledger"], ["tests/ledger", *_CARE, *_WAY_IN, *_WAY_OUT]),
    "publish": (["publish"], [*_WAY_OUT, "tests/retention", *_RECOVERY]),
    "files": (["files"], [*_WAY_OUT, "tests/retention", "tests/images/test_hostile_folders.py"]),
    "disposition": (["disposition"], _WAY_OUT),
    "worker": (_ATTEMPTS, ["tests/worker", "tests/process"]),
    "intake": (["intake"], _WAY_IN),
    "watch": (["watch"], ["tests/watch", "tests/cli/test_watch.py"]),
    "presence": (["presence.py"], ["tests/test_presence.py", *_RECOVERY]),
    "control": (["control.py", "queue"], [*_WAY_IN, *_RECOVERY]),
}
"""For each room its code, and the fast tests that are to notice."""


def main() -> int:
    options = _options()
    code, tests = ROOMS[options.room]
    paths = chain.from_iterable(_files(_PACKAGE / name) for name in code)
    chosen = some_of_each_kind(chain.from_iterable(map(mutants_of, paths)), options.sample, random.Random(options.seed))
    lived = 0
    with Trial(tests) as trial:
        for mutant in chosen:
            if trial.is_survived_by(mutant):
                lived += 1
                say(str(mutant))
    say(f"{options.room}: {len(chosen)} mutants, {lived} lived, seed {options.seed}")
    return int(lived > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("room", choices=ROOMS)
    parser.add_argument("--sample", type=int, default=40, help="how many mutants, of all kinds in turn")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    return parser.parse_args()


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("**/*.py")) if path.is_dir() else [path]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
