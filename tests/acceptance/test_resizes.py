"""A terminal that changes its size while fileq draws: no part of a bar is left on it."""

import os
import shlex
import shutil
import subprocess
import sys
import time

import pytest

from tests.acceptance.program import wait_until

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is the terminal here, and it isn't there")

STEP = '{ op = "command", argv = ["sh", "-c", "sleep 0.4; cp $0 $1", "{source}", "{output}"] }'
SLOW = f"[recipes.slow]\nsteps = [ {STEP} ]\n"
SHARP_RESIZES = [(50, 30), (130, 30), (30, 12), (80, 30)]
A_DRAG = [(columns, 30) for columns in range(79, 49, -1)]


class Tmux:
    """A screen of tmux with a shell in it, in a server of its own."""

    def __init__(self, socket, fileq):
        self._socket = socket
        environment = {name: value for name, value in fileq.environment.items() if name != "TMUX"}
        self._call("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "30", "/bin/sh",
                   cwd=fileq.folder, env=environment | {"PS1": "$ "})  # fmt: skip
        self._call("set", "-g", "window-size", "manual")

    def _call(self, *arguments, **options):
        return subprocess.run(
            ["tmux", "-S", self._socket, *arguments], check=True, capture_output=True, text=True, timeout=60, **options
        ).stdout  # fmt: skip

    def type(self, line):
        self._call("send-keys", "-l", f"{line}\n")

    def resize(self, columns, rows):
        self._call("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self):
        """What stands on the screen, and above it."""
        return self._call("capture-pane", "-p", "-S", "-200")

    def close(self):
        self._call("kill-server")


@pytest.fixture
def tmux(fileq, tmp_path_factory):
    screen = Tmux(str(tmp_path_factory.mktemp("tmux") / "socket"), fileq)
    yield screen
    screen.close()


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize(("sizes", "pause"), [(SHARP_RESIZES, 0.4), (A_DRAG, 0.03)], ids=["jumps", "a drag"])
def test_no_part_of_a_bar_is_left_by_a_resize_near_the_top_of_the_screen(fileq, tmux, sizes, pause):
    fileq.trust(SLOW)
    tmux.type("clear")
    command = shlex.join([sys.executable, "-m", "fileq", "run", "photos", "-r", "slow", "-w", "1"])
    script = fileq.folder / "run.sh"
    script.write_text(f"cd {shlex.quote(os.fspath(fileq.folder))}; {command}; echo the end\n", encoding="utf-8")
    tmux.type(". ./run.sh")
    wait_until(lambda: " of 8" in tmux.screen())
    for size in sizes:
        tmux.resize(*size)
        time.sleep(pause)
    wait_until(lambda: "the end" in tmux.screen())
    assert not {"━", "─", "▸"} & set(tmux.screen()), tmux.screen()
    assert "8 files queued as batch 1." in tmux.screen()
