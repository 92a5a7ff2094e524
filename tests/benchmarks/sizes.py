"""Bytes, time and quality beside other tools: `python -m tests.benchmarks.sizes FOLDER [NODE_MODULES]`.

FOLDER has PNG, GIF and JPEG files for the tables of what is lossless, and in its folder `photos` PNGs for the others.
NODE_MODULES is the folder where these were installed: `npm install sharp @jsquash/jpeg @jsquash/webp @jsquash/avif`;
@jsquash are the codecs of the Squoosh app. Quality is told by the program `ssimulacra2` of libjxl, or by that of the
package `pip install ssimulacra2`, which spells it `ssymulacra2`. A tool that is missing has no row. Times are of
processors, without other programs' share.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from tests.benchmarks.cpu_time import run_timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Command = Callable[[Path, Path], list[str]]

_FILEQ = 'import sys; from fileq.__main__ import main; sys.argv[0] = "fileq"; main()'

_MOZJPEG = """
import sys, pathlib, mozjpeg_lossless_optimization as mozjpeg
for path in pathlib.Path(sys.argv[1]).iterdir():
    made = mozjpeg.optimize(path.read_bytes(), copy=mozjpeg.COPY_MARKERS.NONE)
    (pathlib.Path(sys.argv[2]) / path.name).write_bytes(made)
"""

_OXIPNG = """
import sys, pathlib, oxipng
for path in pathlib.Path(sys.argv[1]).iterdir():
    made = oxipng.optimize_from_memory(path.read_bytes(), level=4, strip=oxipng.StripChunks.all())
    (pathlib.Path(sys.argv[2]) / path.name).write_bytes(made)
"""

_NODE = """
import fs from 'fs'; import path from 'path';
import { createRequire } from 'module'; import { pathToFileURL } from 'url';
const [modules, tool, source, out] = process.argv.slice(2);
const sharp = createRequire(modules + '/x.js')('sharp');
sharp.concurrency(1);
const at = name => path.join(modules, 'node_modules/@jsquash', name);
const load = async (name, wasm) => {
  const codec = await import(pathToFileURL(at(name)));
  await (codec.init || codec.default)(await WebAssembly.compile(fs.readFileSync(at(wasm))));
  return codec.default;
};
const SQUOOSH = {
  jpeg: ['jpeg/encode.js', 'jpeg/codec/enc/mozjpeg_enc.wasm'],
  webp: ['webp/encode.js', 'webp/codec/enc/webp_enc_simd.wasm'],
  avif: ['avif/encode.js', 'avif/codec/enc/avif_enc.wasm'],
};
const SHARP = {
  jpeg: one => one.jpeg(), mozjpeg: one => one.jpeg({mozjpeg: true}), webp: one => one.webp(), avif: one => one.avif(),
  png: one => one.png({compressionLevel: 9}), gif: one => one.gif({effort: 10}),
};
const [maker, format] = tool.split('-');
const codec = maker === 'squoosh' && await load(...SQUOOSH[format]);
for (const file of fs.readdirSync(source)) {
  const to = path.join(out, path.parse(file).name + '.' + format.replace('mozjpeg', 'jpeg'));
  const image = sharp(path.join(source, file), {animated: format === 'gif'});
  if (!codec) { await SHARP[format](image).toFile(to); continue; }
  const {data, info} = await image.ensureAlpha().raw().toBuffer({resolveWithObject: true});
  const pixels = {data: new Uint8ClampedArray(data), width: info.width, height: info.height};
  fs.writeFileSync(to, Buffer.from(await codec(pixels)));
}
"""


class Row(NamedTuple):
    """What a tool made of a folder: all bytes, seconds of processors, and the mean score against the sources."""

    tool: str
    bytes: int
    seconds: float
    score: float | None


def fileq(recipe: str, *options: str) -> Command:
    """Return the command of a recipe, with a database of its own beside the outputs."""

    def command(source: Path, out: Path) -> list[str]:
        database = str(out.with_suffix(".db"))
        run = ["--database", database, "run", str(source), "-r", recipe, "-o", str(out), "-w", "1", *options]
        return [sys.executable, "-c", _FILEQ, *run]

    return command


def script(code: str) -> Command:
    return lambda source, out: [sys.executable, "-c", code, str(source), str(out)]


def shell(line: str) -> Command:
    return lambda source, out: ["sh", "-c", line.format(source=source, out=out)]


def node(modules: Path, tool: str) -> Command:
    def command(source: Path, out: Path) -> list[str]:
        (code := out.with_suffix(".mjs")).write_text(_NODE)
        return ["node", str(code), str(modules), tool, str(source), str(out)]

    return command


def lossless_tools(ending: str, modules: Path | None) -> dict[str, Command]:
    found = {"fileq `optimize`": fileq("optimize", "--strip")}
    if ending == "jpg":
        found["mozjpeg's jpegtran"] = script(_MOZJPEG)
        if shutil.which("jpegoptim"):
            found["jpegoptim"] = shell("jpegoptim -q --strip-all -d {out} {source}/*; cp -n {source}/* {out}")
    if ending == "png":
        found["oxipng level 4"] = script(_OXIPNG)
    if ending == "gif" and shutil.which("gifsicle"):
        found["gifsicle -O3"] = shell("cd {source}; for f in *; do gifsicle -w -O3 --no-comments $f -o {out}/$f; done")
    if modules and ending in {"png", "gif"}:
        found["sharp"] = node(modules, f"sharp-{ending}")
    return found


def lossy_tools(format_: str, modules: Path | None) -> dict[str, Command]:
    found = {f"fileq `{format_}`": fileq(format_)}
    if modules:
        found["sharp"] = node(modules, f"sharp-{format_}")
        if format_ == "jpeg":
            found["sharp, mozjpeg"] = node(modules, "sharp-mozjpeg")
        found["Squoosh"] = node(modules, f"squoosh-{format_}")
    return found


def measure(tool: str, command: Command, source: Path, *, scored: bool) -> Row:
    """Run a tool over a folder, and return what came of it."""
    with tempfile.TemporaryDirectory() as name:
        out = Path(name) / "out"
        out.mkdir()
        seconds = run_timed(command(source, out), Path(name))
        made = {path.stem: path for path in out.iterdir()}
        assert set(made) == {path.stem for path in source.iterdir()}, f"{tool} left files out"
        score = _mean_score(source, made) if scored else None
        return Row(tool, sum(path.stat().st_size for path in made.values()), seconds, score)


def _mean_score(source: Path, made: dict[str, Path]) -> float | None:
    judge = shutil.which("ssimulacra2") or shutil.which("ssymulacra2")
    if judge is None:
        return None
    scores = []
    for path in source.iterdir():
        with tempfile.NamedTemporaryFile(suffix=".png") as decoded, Image.open(made[path.stem]) as image:
            image.convert("RGB").save(decoded.name, compress_level=1)
            judged = subprocess.run([judge, path, decoded.name], check=True, capture_output=True, text=True)
            scores.append(float(judged.stdout.split()[-1]))
    return sum(scores) / len(scores)


def tables(folder: Path, modules: Path | None) -> Iterator[tuple[str, list[Row]]]:
    """Yield what is measured, and a row for each tool."""
    for ending in ("jpg", "png", "gif"):
        with tempfile.TemporaryDirectory() as name:
            source = Path(name) / ending
            source.mkdir()
            for number, path in enumerate(sorted(folder.glob(f"*.{ending}"))):
                shutil.copy(path, source / f"{number:03}.{ending}")
            before = sum(path.stat().st_size for path in source.iterdir())
            title = f"{len(list(source.iterdir()))} {ending.upper()} of {before:,} bytes"
            tools = lossless_tools(ending, modules)
            yield title, [measure(tool, command, source, scored=False) for tool, command in tools.items()]
    photos = folder / "photos"
    for format_ in ("jpeg", "webp", "avif"):
        tools = lossy_tools(format_, modules)
        title = f"{len(list(photos.iterdir()))} photos as {format_.upper()}"
        yield title, [measure(tool, command, photos, scored=True) for tool, command in tools.items()]


def main(folder: Path, modules: Path | None) -> None:
    for title, rows in tables(folder, modules):
        sys.stdout.write(f"\n{title}\n\n| tool | bytes | time | SSIMULACRA2 |\n| --- | ---: | ---: | ---: |\n")
        for row in rows:
            score = "" if row.score is None else f"{row.score:.1f}"
            sys.stdout.write(f"| {row.tool} | {row.bytes:,} | {row.seconds:.2f} s | {score} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute() if len(sys.argv) > 2 else None)
