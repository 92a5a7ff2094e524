"""The README's picture of a run, made of the real program: `python -m tests.support.screenshot` writes it anew."""

import html
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pyte
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

from tests.support.photos import write

SVG = Path(__file__).parents[2] / ".github" / "run.svg"
LINE = "fileq run photos --resize 1200x --quality 80 -o small"
PAUSE = "… and at the end:"
COLUMNS, ROWS = 80, 24

_SLOTS = ("--workers", "2")  # one row for each, on every machine
_BUSY = "▸"
_OLD_COLORS = {"brown": "yellow"}  # pyte's names for what everybody else calls so
_FONT = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)


def new_photos(folder: Path) -> None:
    """Make the photos that the picture shows."""
    write(folder / "photos", 12, (6000, 4000))


def run(folder: Path) -> tuple[list[list[Text]], list[Text]]:
    """What the command shows on a terminal in this folder: a screen for each change, and the last one."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    main, terminal = pty.openpty()
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FILEQ_")}
    for name in ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR"):
        kept.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-m", *LINE.split(), *_SLOTS],
        cwd=folder,
        env=kept | {"FILEQ_DATABASE": str(folder / "fileq.db"), "TERM": "xterm-256color"},
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    screens = []
    while part := _read(main):
        stream.feed(part)
        screens.append(_lines(screen))
    os.close(main)
    assert process.wait() == 0, screens[-1]
    return screens, screens[-1]


def _read(main: int) -> bytes:
    try:
        return os.read(main, 65536)
    except OSError:  # Linux says so where the other end is closed
        return b""


def _lines(screen: pyte.Screen) -> list[Text]:
    """The screen's lines in their colours, without the empty ones at its end."""
    lines = []
    for row in range(screen.lines):
        line = Text()
        for column in range(screen.columns):
            cell = screen.buffer[row][column]
            color = _OLD_COLORS.get(cell.fg, cell.fg)
            color = f"#{color}" if re.fullmatch("[0-9a-f]{6}", color) else color
            line.append(cell.data, Style(color=None if color == "default" else color, bold=cell.bold))
        line.rstrip()
        lines.append(line)
    while lines and not lines[-1].plain:
        lines.pop()
    return lines


def is_midway(screen: list[Text]) -> bool:
    """Whether both workers are busy, and some photos are done."""
    shown = "\n".join(line.plain for line in screen)
    return shown.count(_BUSY) == 2 and bool(re.search(r"\b([3-9]|10) of 12\b", shown))


def picture(midway: list[Text], end: list[Text]) -> str:
    """The SVG of the command, how it looks midway, and how it ends."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in (Text(f"$ {LINE}", "bold"), *midway, Text(), Text(PAUSE, "bright_black"), Text(), *end):
        console.print(line, no_wrap=True)
    return _FONT.sub("\n", console.export_svg(title="fileq", theme=MONOKAI))


def text_of(svg: str) -> list[str]:
    """The lines of text in such an SVG, without spaces: there are none in it."""
    rows: dict[float, str] = {}
    for y, text in re.findall(r'<text [^>]*?y="([\d.]+)"[^>]*>(.*?)</text>', svg):
        rows[float(y)] = rows.get(float(y), "") + html.unescape(text)
    return ["".join(row.split()) for _, row in sorted(rows.items())]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        new_photos(Path(folder))
        screens, end = run(Path(folder))
        SVG.write_text(picture(next(filter(is_midway, screens)), end), "utf-8")
