"""All built-in recipes over a folder: `python -m tests.collections DIR [-o OUT] [-r RECIPE]... [--judge]`.

It runs the real program with a database of its own, and prints a table of what became of the files: what must never
be there, and with `--judge` what ImageMagick and libvips say to each output and refusal. Exit code 1 where something
must not be. Nothing is written into DIR.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.collections import judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Job = dict[str, Any]

RECIPES = ("web", "thumbnail", "png", "webp", "optimize", "shrink")
NEVER = ("internal", "crashed", "timeout")
_SHOWN = 25  # lines of each list
_LOOKS = {"web", "png", "webp", "thumbnail"}
_NOTICED = 12  # of 255 levels, on average: more is seen at once


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.collections")
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--out", type=Path, default=Path("collection-outputs"))
    parser.add_argument("-r", "--recipe", action="append")
    parser.add_argument("--judge", action="store_true", help="compare with ImageMagick and libvips; it takes its time")
    asked = parser.parse_args()
    jobs = run(asked.folder, asked.out, asked.recipe or RECIPES)
    faults = [*_never(jobs), *_larger(jobs)]
    _print_counts(jobs)
    _print("must not be", faults)
    if asked.judge:
        faults += (changed := list(_changed(jobs)))
        _print("optimize changed pixels", changed)
        _print("unreadable, and opened by others", _opened_elsewhere(jobs))
        _print("looks different", _different(jobs))
    return 1 if faults else 0


def run(folder: Path, out: Path, recipes: Iterable[str]) -> list[Job]:
    """Return the jobs of all recipes over a folder, each as `fileq list --json` has it."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "fileq.toml").touch()  # no config of the user's
    fileq = [sys.executable, "-m", "fileq", "--config", str(out / "fileq.toml"), "--database", str(out / "fileq.db")]
    wanted = [word for recipe in recipes for word in ("-r", recipe)]
    subprocess.run(
        [*fileq, "run", str(folder), *wanted, "-o", str(out / "outputs"), "-w", "1"], check=False, stdout=sys.stderr
    )
    listed = subprocess.run([*fileq, "list", "--limit", "1000000", "--json"], check=True, capture_output=True)
    jobs: list[Job] = json.loads(listed.stdout)
    return jobs


def _print_counts(jobs: list[Job]) -> None:
    outcomes = Counter((job["recipe"], job["error"]["kind"] if job["error"] else job["state"]) for job in jobs)
    kinds = sorted({kind for _, kind in outcomes}, key=lambda kind: (kind != "done", kind))
    sys.stdout.write(f"{'recipe':12}{''.join(f'{kind:>13}' for kind in kinds)}\n")
    for recipe in dict.fromkeys(job["recipe"] for job in jobs):
        sys.stdout.write(f"{recipe:12}{''.join(f'{outcomes[recipe, kind]:13,}' for kind in kinds)}\n")


def _never(jobs: list[Job]) -> Iterator[str]:
    for job in jobs:
        if job["error"] and job["error"]["kind"] in NEVER:
            yield f"{job['recipe']}: {job['error']['kind']}: {job['error']['message']}"


def _larger(jobs: list[Job]) -> Iterator[str]:
    for job, output in _outputs(jobs, {"optimize"}):
        before = os.path.getsize(job["source"])
        if output["bytes"] > before:
            yield f"optimize: {job['source']} grew from {before:,} to {output['bytes']:,} bytes"


def _changed(jobs: list[Job]) -> Iterator[str]:
    for job, output in _outputs(jobs, {"optimize"}):
        if Path(job["source"]).suffix.lower() != Path(output["path"]).suffix.lower():
            continue  # of a bitmap or an icon ImageMagick takes another picture
        before, after = judge.pixels_of(job["source"]), judge.pixels_of(output["path"])
        if None not in (before, after) and before != after:
            yield output["path"]


def _opened_elsewhere(jobs: list[Job]) -> Iterator[str]:
    refused = {job["source"]: job["error"] for job in jobs if job["error"] and job["error"]["kind"] == "unreadable"}
    for source, error in refused.items():
        if others := judge.opened_by_others(source):
            yield f"{' and '.join(others)}: {error['message']}"


def _different(jobs: list[Job]) -> list[str]:
    found = [
        (judge.difference(job["source"], output["path"]), output["path"]) for job, output in _outputs(jobs, _LOOKS)
    ]
    seen = sorted(((by, path) for by, path in found if by is not None and by > _NOTICED), reverse=True)
    return [f"{by:5.1f}  {path}" for by, path in seen]


def _outputs(jobs: list[Job], recipes: set[str]) -> Iterator[tuple[Job, Job]]:
    """Yield the first output of each job that is done by one of these recipes."""
    for job in jobs:
        if job["recipe"] in recipes and job["state"] == "done" and job["outputs"]:
            yield job, job["outputs"][0]


def _print(title: str, lines: Iterable[str]) -> None:
    found = list(lines)
    sys.stdout.write(f"\n{title}: {len(found):,}\n")
    for line in found[:_SHOWN]:
        sys.stdout.write(f"  {line}\n")


if __name__ == "__main__":
    sys.exit(main())
