"""The main job against its peers: `python -m tests.benchmarks.pictures [RUNS]`.

Whole processes in turn, medians, and the ratio of fileq to each peer that is installed: vipsthumbnail, gm, and sharp
(where `node -e "require('sharp')"` works). Every one makes the same sizes, at the same quality, with two at a time.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.support.photos import write


class Task(NamedTuple):
    """Photos of a size, to be fitted into a square of `fit` pixels as JPEG."""

    photos: int
    size: tuple[int, int]
    fit: int
    progressive: bool


TASKS = {
    "24 photos of 13 MP to 300 px": Task(24, (4500, 3000), 300, progressive=False),
    "16 photos of 13 MP to 1600 px, progressive": Task(16, (4500, 3000), 1600, progressive=True),
    "300 photos of 0.5 MP to 160 px": Task(300, (800, 600), 160, progressive=False),
}

SHARP = """
const [sharp, fs, path] = [require('sharp'), require('fs'), require('path')];
const [source, out, fit, progressive] = JSON.parse(process.argv[1]);
sharp.concurrency(1);
const files = fs.readdirSync(source);
const next = async () => {
  for (let file; (file = files.pop());)
    await sharp(path.join(source, file)).rotate().resize(fit, fit, {fit: 'inside'})
      .jpeg({quality: 82, progressive}).toFile(path.join(out, file));
};
Promise.all([next(), next()]);
"""


def fileq(task: Task, source: Path, out: Path) -> list[str]:
    config = out.parent / "fileq.toml"
    config.write_text(
        f'[recipes.bench]\nsteps = [ {{ op = "resize", fit = "{task.fit}x{task.fit}" }} ]\n'
        f'[[recipes.bench.outputs]]\nname = "{{name}}"\nquality = 82\nprogressive = {str(task.progressive).lower()}\n'
    )
    database = out / "ledger.db"
    command = [sys.executable, "-m", "fileq", "--config", config, "--database", database, "run", source]
    return [str(word) for word in [*command, "-r", "bench", "-o", out]]


def vips(task: Task, source: Path, out: Path) -> list[str]:
    options = f"[Q=82{',interlace' if task.progressive else ''}]"
    thumbnail = f"vipsthumbnail --size {task.fit} -o {out}/%s.jpg{options}"
    return ["sh", "-c", f"ls {source}/* | VIPS_CONCURRENCY=1 xargs -P 2 -n 4 {thumbnail}"]


def graphicsmagick(task: Task, source: Path, out: Path) -> list[str]:
    interlace = "-interlace Line" if task.progressive else ""
    convert = f"gm convert {{}} -auto-orient -resize {task.fit}x{task.fit} -quality 82 {interlace}"
    return ["sh", "-c", f"cd {source} && ls | xargs -P 2 -I{{}} {convert} {out}/{{}}"]


def sharp(task: Task, source: Path, out: Path) -> list[str]:
    return ["node", "-e", SHARP, json.dumps([str(source), str(out), task.fit, task.progressive])]


def peers() -> dict[str, object]:
    found: dict[str, object] = {"fileq": fileq}
    if shutil.which("vipsthumbnail"):
        found["vipsthumbnail"] = vips
    if shutil.which("gm"):
        found["gm"] = graphicsmagick
    if subprocess.run(["node", "-e", "require('sharp')"], capture_output=True, check=False).returncode == 0:
        found["sharp"] = sharp
    return found


def seconds(make: object, task: Task, source: Path, folder: Path) -> float:
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    assert callable(make)
    command = make(task, source, out)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    taken = time.perf_counter() - begun
    assert len(list(out.glob("*.jpg"))) == task.photos, f"{command} made something else"
    return taken


def main(runs: int) -> None:
    found = peers()
    with tempfile.TemporaryDirectory() as name:
        for what, task in TASKS.items():
            source = Path(name) / f"{task.photos}"
            write(source, task.photos, task.size)
            taken: dict[str, list[float]] = {peer: [] for peer in found}
            for _ in range(runs + 1):  # the first round warms up
                for peer, make in found.items():
                    taken[peer].append(seconds(make, task, source, Path(name)))
            medians = {peer: median(figures[1:]) for peer, figures in taken.items()}
            figures = (f"{peer} {figure:.2f} s" for peer, figure in medians.items())
            ratios = (
                f"{medians['fileq'] / figure:.2f} of {peer}" for peer, figure in medians.items() if peer != "fileq"
            )
            sys.stdout.write(f"{what}\n  {', '.join(figures)}\n  fileq takes {', '.join(ratios)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
