"""Folders that another user may write to, and does all the time: their links lead nowhere, in or out."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.program import Program, wait_until

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can start a process of another user"
)

NOBODY = 65534
SECRET = b"what nobody else may read "

SPRINGS = """
import os, sys
folder, secret = sys.argv[1:]
while True:
    open("ready", "w").close()
    for name in os.listdir("."):
        if not name.startswith(".fileq-"):
            continue
        try:
            os.rename(name, name.replace(".fileq-", "x-")) if os.path.isdir(name) else os.unlink(name)
        except OSError:
            pass
        for plant in (os.symlink, os.link):
            try:
                plant(secret, name)
            except OSError:
                pass
"""
"""Takes each temp file away, and leaves a link in its place."""

SWAPS = """
import os, sys
folder, secret = sys.argv[1:]
while True:
    open("ready", "w").close()
    names = [name for name in os.listdir(".") if name.endswith(".jpg")]
    for name in names:
        os.rename(name, name + ".real")
        os.symlink(secret, name)
    for name in names:
        os.rename(name + ".real", name)
"""
"""Puts a link in each file's place for a moment, again and again."""


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody may write to, and reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "shared"
        path.mkdir()
        path.chmod(0o777)
        yield path


@pytest.fixture
def secret(shared: Path) -> Path:
    path = shared.parent / "secret"
    path.write_bytes(SECRET * 100)
    path.chmod(0o600)
    return path


@contextmanager
def attacker(code: str, folder: Path, secret: Path) -> Iterator[None]:
    # It becomes the other user by itself: that one may not be allowed to start this Python.
    becomes = f"import os; os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
    process = subprocess.Popen([sys.executable, "-c", becomes + code, str(folder), str(secret)], cwd=folder)
    try:
        wait_until(lambda: (folder / "ready").exists() or process.poll() is not None)
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def outputs(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.suffix == ".jpg" and not path.is_symlink()]


@pytest.mark.parametrize("recipe", ["small", "copied"])
def test_links_at_temp_names_are_neither_written_nor_published(
    fileq: Program, shared: Path, secret: Path, recipe: str
) -> None:
    fileq.trust(RECIPES)
    photos = fill(fileq.folder / "photos", 30)
    with attacker(SPRINGS, shared, secret):
        fileq.start("run", photos, "-r", recipe, "-o", shared).communicate()
    assert secret.read_bytes() == SECRET * 100
    ended = fileq.states()
    assert sum(ended.values()) == 30
    assert set(ended) <= {"done", "failed"}
    for path in outputs(shared):
        assert path.stat().st_ino == secret.stat().st_ino or SECRET not in path.read_bytes()
    for (path,) in fileq.ask("select path from outputs where published_version is not null"):
        with Image.open(path) as image:
            image.load()


@pytest.mark.parametrize("recipe", ["kept", "copied"])
def test_sources_that_are_swapped_for_links_bring_nothing_out(
    fileq: Program, shared: Path, secret: Path, recipe: str
) -> None:
    fileq.trust(RECIPES)
    fill(shared, 30)
    like_the_secret(shared, secret)
    fileq.run("add", *sorted(shared.glob("*.jpg")), "-r", recipe, "-o", fileq.folder / "out")
    with attacker(SWAPS, shared, secret):
        fileq.start("worker", "--drain").communicate()
    ended = fileq.states()
    assert sum(ended.values()) == 30
    assert ended["done"]
    assert not [path for path in outputs(fileq.folder / "out") if SECRET in path.read_bytes()]


def test_a_strangers_link_in_a_folders_place_brings_no_output_into_a_folder_of_ours(
    fileq: Program, shared: Path
) -> None:
    private = fileq.folder / "private"
    original = fill(private, 1) / "0.jpg"
    os.chown(original, 0, 0)
    before = original.read_bytes()
    theirs = fill(shared / "theirs", 1)
    (theirs / "over").symlink_to(private)
    for path in (theirs, theirs / "over"):
        os.lchown(path, NOBODY, NOBODY)
    fileq.configure('[recipes.over]\non_conflict = "overwrite"\n')
    fileq.run("run", shared, "-r", "over", expect=1)
    assert original.read_bytes() == before
    assert os.listdir(private) == ["0.jpg"]
    assert "another user's link" in fileq.json("list")[0]["error"]["message"]


def test_a_folder_that_is_swapped_for_a_link_has_no_original_of_ours_replaced(fileq: Program, shared: Path) -> None:
    private = fill(fileq.folder / "private", 1)
    original = private / "0.jpg"
    theirs = shared / "theirs"
    theirs.mkdir()
    (theirs / "0.jpg").write_bytes(original.read_bytes())
    for path in (original, theirs / "0.jpg"):
        os.chown(path, 0, 0) if path == original else os.chown(path, NOBODY, NOBODY)
        os.utime(path, ns=(10**18, 10**18))
    before = original.read_bytes()
    fileq.configure('[recipes.smaller]\nreplace = true\nout = "{folder}"\nsteps = [ { op = "resize", scale = 0.5 } ]\n')
    fileq.run("add", shared, "-r", "smaller")
    theirs.rename(shared / "moved")
    theirs.symlink_to(private)
    os.lchown(theirs, NOBODY, NOBODY)
    fileq.run("worker", "--drain")
    assert original.read_bytes() == before
    assert fileq.states() == {"failed": 1}


RECIPES = """
[worker]
attempts = 2
retry_delay = "100ms"

[recipes.small]
steps = [ { op = "resize", scale = 0.5 } ]
outputs = [ { name = "{stem}.jpg" } ]

[recipes.kept]
metadata = "all"
outputs = [ { name = "{stem}.jpg", min_saving = 0.99 } ]

[recipes.copied]
steps = [ { op = "command", argv = ["cp", "{source}", "{output}"] } ]
"""


def fill(folder: Path, count: int) -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        Image.effect_noise((60, 40), 90).save(folder / f"{number}.jpg")
        os.chown(folder / f"{number}.jpg", NOBODY, NOBODY)
    return folder


def like_the_secret(folder: Path, secret: Path) -> None:
    """Give all files the size and the times of the secret: so a job takes one for the other."""
    size = max(path.stat().st_size for path in folder.glob("*.jpg"))
    secret.write_bytes((SECRET * 1000)[:size])
    for path in (secret, *folder.glob("*.jpg")):
        with path.open("ab") as file:
            file.write(b"x" * (size - path.stat().st_size))
        os.utime(path, ns=(10**18, 10**18))
