"""Cleaning beside somebody who swaps files and folders as fast as it can, and cleanings that are killed."""

import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager

from fileq.ledger import open_ledger
from tests.support.old_outputs import files_below, one, output, publish_outputs, run_cleanup

SWAPPER = """
import os, random, sys
out, strangers, elsewhere = sys.argv[1:]
chance = random.Random(7)
for line in sys.stdin:
    names = line.split()
    chance.shuffle(names)
    for name in names:
        path, mine = os.path.join(out, name), os.path.join(strangers, name)
        what = chance.randrange(4)
        if what == 0:  # a stranger's file takes the place of ours
            with open(mine, "w") as file:
                file.write("theirs")
            os.link(mine, path + ".new")
            os.rename(path + ".new", path)
        elif what == 1:  # a link to a file elsewhere does
            os.symlink(os.path.join(elsewhere, name), mine)
            os.link(mine, path + ".new", follow_symlinks=False)
            os.rename(path + ".new", path)
        elif what == 2:  # the folder becomes a link to another, with the very same files in it, for a moment
            os.rename(out, out + ".aside")
            os.symlink(elsewhere, out)
            os.unlink(out)
            os.rename(out + ".aside", out)
    sys.stdout.write("done\\n")
    sys.stdout.flush()
"""

CLEANER = """
import sys
from tests.support.old_outputs import run_cleanup
from fileq.ledger import open_ledger
with open_ledger(sys.argv[1]) as ledger:
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    run_cleanup(ledger)
"""


@contextmanager
def started(script, *arguments):
    process = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}, text=True, bufsize=1,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_whoever_swaps_files_and_folders_meanwhile_loses_nothing(ledger, tmp_path):
    out, strangers, elsewhere = (tmp_path / name for name in ("out", "strangers", "elsewhere"))
    for folder in (out, strangers, elsewhere):
        folder.mkdir()
    removed = kept = 0
    with started(SWAPPER, out, strangers, elsewhere) as swapper:
        for turn in range(12):
            names = [f"{turn}-{number}.jpg" for number in range(150)]
            publish_outputs(ledger, [out / name for name in names])
            for name in names:
                os.link(out / name, elsewhere / name)
            swapper.stdin.write(f"{' '.join(names)}\n")
            results = [run_cleanup(ledger) for _ in range(3)]
            assert swapper.stdout.readline() == "done\n"
            removed += sum(result.outputs_removed for result in results)
            kept += max(result.kept_changed for result in results)
    run_cleanup(ledger)
    assert removed > 0
    assert kept > 0
    for stranger in strangers.iterdir():
        assert os.path.samestat(os.lstat(stranger), os.lstat(out / stranger.name)), stranger
    assert len(files_below(elsewhere)) == 12 * 150
    assert all(path.read_text() == "ours" for path in elsewhere.iterdir())
    assert not [path for path in (*files_below(out), *files_below(elsewhere)) if path.startswith(".")]
    assert files_below(out) == files_below(strangers)  # and of ours, all went


def test_a_cleaning_that_is_killed_again_and_again_is_finished_by_the_next(ledger, database, out):
    chance = random.Random(3)
    output(ledger, out / "theirs.jpg")
    (out / "theirs.jpg").write_text("theirs")
    for turn in range(15):
        publish_outputs(ledger, [out / f"{turn}-{number}.jpg" for number in range(60)])
        with started(CLEANER, database) as cleaner:
            assert cleaner.stdout.readline() == "ready\n"
            try:
                cleaner.wait(chance.uniform(0, 0.06))
            except subprocess.TimeoutExpired:
                cleaner.send_signal(signal.SIGKILL)
                cleaner.wait()
        assert "theirs.jpg" in files_below(out)
    with open_ledger(database) as another:
        run_cleanup(another)
    assert files_below(out) == ["theirs.jpg"]
    assert (out / "theirs.jpg").read_text() == "theirs"
    assert one(ledger, "select count(*) from outputs where hidden_path is not null") == (0,)
    assert one(ledger, "select count(*) from outputs where removed_at is not null") == (15 * 60,)
