"""However files come into a watched folder: none is missed, none is queued twice, none half."""

import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.acceptance.program import Program, wait_until
from tests.acceptance.watching import LONG, PICTURE, Watched, below, picture, write

BURST, TREES = (20_000, 200) if LONG else (1_500, 30)
HALF = len(PICTURE) // 2


@pytest.fixture
def inbox(fileq: Program) -> Watched:
    return Watched(fileq)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A populated tree that is not watched."""
    for number in range(40):
        write(tmp_path / "album" / f"{number % 5}" / f"{number % 3}" / f"{number}.jpg", picture(number))
    return tmp_path / "album"


def test_a_flat_burst(inbox: Watched) -> None:
    with inbox.watched():
        sources = [write(inbox.folder / f"{number}.jpg") for number in range(BURST)]
        inbox.wait_for(BURST)
    inbox.fileq.run("watch", *inbox.arguments, "--once")
    assert inbox.sources() == sorted(map(str, sources))


def copied(tree: Path, to: Path) -> None:
    subprocess.run(["cp", "-r", tree, to], check=True)


def moved(tree: Path, to: Path) -> None:
    tree.rename(to / tree.name)


def untarred(tree: Path, to: Path) -> None:
    with tarfile.open(tree.with_suffix(".tar"), "w") as archive:
        archive.add(tree, tree.name)
    subprocess.run(["tar", "xf", tree.with_suffix(".tar")], cwd=to, check=True)


def unzipped(tree: Path, to: Path) -> None:
    packed = shutil.make_archive(str(tree), "zip", tree.parent, tree.name)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(to)


@pytest.mark.parametrize("brought", [copied, moved, untarred, unzipped])
def test_a_tree_that_comes_whole(inbox: Watched, tree: Path, brought) -> None:
    with inbox.watched():
        brought(tree, inbox.folder)
        inbox.wait_for(40)
    inbox.finish(*below(inbox.folder))


def test_folders_that_are_made_and_filled_at_once(inbox: Watched) -> None:
    with inbox.watched():
        for number in range(TREES):
            write(inbox.folder / f"a{number}" / "b" / "c" / f"{number}.jpg")
            write(inbox.folder / f"a{number}" / f"top{number}.jpg")
        inbox.wait_for(2 * TREES)
    inbox.finish(*below(inbox.folder))


def link(source: Path, target: Path) -> None:
    os.link(source, target)


def move(source: Path, target: Path) -> None:
    source.rename(target)


def write_then_rename(source: Path, target: Path) -> None:
    hidden = target.with_name(f".{target.name}.tmp")
    hidden.write_bytes(source.read_bytes())
    hidden.rename(target)


def download(source: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.crdownload")
    part.write_bytes(source.read_bytes()[:HALF])
    with part.open("ab") as file:
        file.write(source.read_bytes()[HALF:])
    part.rename(target)


def unnamed_then_linked(source: Path, target: Path) -> None:
    handle = os.open(target.parent, os.O_TMPFILE | os.O_RDWR, 0o644)
    os.write(handle, source.read_bytes())
    anywhere = os.open("/", os.O_RDONLY)  # with a folder's handle Python calls linkat(2), which follows the link
    os.link(f"/proc/self/fd/{handle}", target, src_dir_fd=anywhere)
    os.close(anywhere)
    os.close(handle)


def append_in_five_pieces(source: Path, target: Path) -> None:
    content = source.read_bytes()
    for piece in range(5):
        with target.open("ab") as file:
            file.write(content[piece * 200 : (piece + 1) * 200])


@pytest.mark.parametrize("bring", [link, move, write_then_rename, download, unnamed_then_linked, append_in_five_pieces])
def test_a_file_that_comes(inbox: Watched, tmp_path: Path, bring) -> None:
    source = write(tmp_path / "elsewhere.jpg")
    with inbox.watched():
        bring(source, inbox.folder / "a.jpg")
        inbox.wait_for(1)
    inbox.finish(inbox.folder / "a.jpg")


def test_a_writer_that_stalls_is_waited_for(inbox: Watched) -> None:
    path = inbox.folder / "a.jpg"
    with inbox.watched(), path.open("wb") as file:
        file.write(PICTURE[:HALF])
        file.flush()
        wait_until(lambda: inbox.waits_for(path, "a program is writing to it"))
        assert inbox.queued() == 0
        file.write(PICTURE[HALF:])
        file.flush()
        wait_until(lambda: inbox.said()["waiting"] == 1)
        assert inbox.queued() == 0
        file.close()
        inbox.wait_for(1)
    inbox.finish(path)


def test_a_file_that_is_half_written_when_the_watcher_starts(inbox: Watched) -> None:
    path = inbox.folder / "a.jpg"
    with path.open("wb") as file:
        file.write(PICTURE[:HALF])
        file.flush()
        with inbox.watched():
            wait_until(lambda: inbox.waits_for(path, "a program is writing to it"))
            file.write(PICTURE[HALF:])
            file.close()
            inbox.wait_for(1)
    inbox.finish(path)


@pytest.mark.parametrize("content", [b"\0" * len(PICTURE), b""])
def test_a_file_that_room_was_made_for_before_it_is_filled(inbox: Watched, content: bytes) -> None:
    inbox.configure('settle = "1h"')
    path = write(inbox.folder / "a.jpg", content)
    with inbox.watched():
        wait_until(lambda: inbox.waits_for(path, "its last bytes are not there yet" if content else "it is empty"))
        with path.open("r+b") as file:
            file.write(PICTURE)
        inbox.wait_for(1)
    inbox.finish(path)


def test_files_that_come_while_the_watcher_starts(inbox: Watched) -> None:
    with inbox.watched(ready=False):
        count = 0
        while not inbox.said().get("last_scan_at") or count < 200:
            write(inbox.folder / f"{count % 7}" / f"{count}.jpg", picture(count))
            count += 1
        inbox.wait_for(count)
    inbox.finish(*below(inbox.folder))


@pytest.mark.parametrize(
    "name", [b"caf\xe9.jpg", b"new\nline.jpg", b"-rf.jpg", b"[1] *?.jpg", b"x" * 251 + b".jpg", b"\xf0\x9f\x98\x80.JPG"]
)
def test_odd_names(inbox: Watched, name: bytes) -> None:
    path = os.path.join(os.fsencode(inbox.folder), name)
    with inbox.watched():
        with open(path, "wb") as file:
            file.write(PICTURE)
        inbox.wait_for(1)
    inbox.finish(os.fsdecode(path))


def test_what_is_no_picture_and_what_is_hidden_is_left(inbox: Watched) -> None:
    with inbox.watched():
        for name in ("notes.txt", ".hidden.jpg", "a.jpg.part", ".git/a.jpg", "@eaDir/a.jpg", "Thumbs.db"):
            write(inbox.folder / name)
        os.mkfifo(inbox.folder / "pipe.jpg")
        (inbox.folder / "folder.jpg").mkdir()
        write(inbox.folder / "a.jpg")
        inbox.wait_for(1)
    inbox.finish(inbox.folder / "a.jpg")


def test_polling_finds_the_same(inbox: Watched, tree: Path) -> None:
    with inbox.watched("--poll", "100ms"):
        assert inbox.said()["state"] == "polling"
        copied(tree, inbox.folder)
        inbox.wait_for(40)
    inbox.finish(*below(inbox.folder))


def test_without_sub_folders(inbox: Watched) -> None:
    inbox.arguments.append("--no-recursive")
    write(inbox.folder / "sub" / "before.jpg")
    with inbox.watched():
        write(inbox.folder / "sub" / "a.jpg")
        write(inbox.folder / "sub2" / "a.jpg")
        write(inbox.folder / "a.jpg")
        inbox.wait_for(1)
    inbox.finish(inbox.folder / "a.jpg")
