"""JPEGs that browsers show, and whose packing ends the process it runs in: coefficients out of range."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from fileq.recipes.recipe import Output
from tests.support.images import make, recipe

RUN = 3  # blocks between restarts


def block(level: int) -> str:
    """The bits of a block whose average is `level` away from the one before (ITU-T T.81, tables K.3 and K.5)."""
    return "11111110" + format(level if level >= 0 else level + 1023, "010b") + "1010"


def scan(levels: list[int]) -> bytes:
    bits = "".join(map(block, levels))
    bits += "1" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")


def out_of_range() -> bytes:
    """A JPEG of six gray blocks, brighter and brighter and, after a restart, darker and darker."""
    content = io.BytesIO()
    Image.new("L", (8 * 2 * RUN, 8)).save(content, "JPEG", quality=100)
    whole = content.getvalue()
    at = whole.index(b"\xff\xda")
    head = at + 2 + int.from_bytes(whole[at + 2 : at + 4], "big")
    interval = b"\xff\xdd\0\4" + RUN.to_bytes(2, "big")
    coded = scan([1000] * RUN) + b"\xff\xd0" + scan([-1000] * RUN)
    return whole[:at] + interval + whole[at:head] + coded + b"\xff\xd9"


def test_packing_ends_its_process():
    """Where that is no longer so, nothing has to be called apart any more."""
    code = "import sys, mozjpeg_lossless_optimization as m; m.optimize(sys.stdin.buffer.read())"
    done = subprocess.run([sys.executable, "-c", code], input=out_of_range(), capture_output=True, check=False)
    assert done.returncode == 1
    assert b"out of range" in done.stderr


def optimized(folder: Path) -> bytes:
    optimize = recipe(Output(format="same", lossless=True, min_saving=0.0))
    return make(folder / "x.jpg", optimize, folder / "out").paths[0].read_bytes()


def apart(statements: str, *arguments: Path) -> bytes:
    """What statements print in a process of their own, as jobs have one: beside threads nothing is called apart."""
    names = "import sys; from pathlib import Path; from fileq.images.lossless.subprocess_call import call_apart; "
    names += "from tests.images.lossless.test_out_of_range import optimized; "
    call = [sys.executable, "-c", names + statements, *map(str, arguments)]
    return subprocess.run(call, capture_output=True, check=True).stdout


def test_the_original_is_kept_and_nobody_dies(tmp_path):
    (tmp_path / "x.jpg").write_bytes(out_of_range())
    assert apart("sys.stdout.buffer.write(optimized(Path(sys.argv[1])))", tmp_path) == out_of_range()


@pytest.mark.parametrize(
    ("function", "answer"),
    [("bytes.upper", b"b'ABC'"), ("lambda _: sys.exit(1)", b"None"), ("lambda content: content[99]", b"None")],
)
def test_a_call_that_raises_or_ends_has_no_answer(function, answer):
    assert apart(f"print(call_apart({function}, b'abc'))").strip() == answer
