"""The harness itself: all changes are logged, and what is careless with the disk is found out."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.power_loss_log import Disk, Log, Recorder, library, restore
from tests.chaos.power_loss_model import Model, crashed
from tests.chaos.test_power_loss import pytestmark  # noqa: F401  # where it can run

CARELESS = """
with open("temp", "w") as file:
    file.write("whole" * 1000)
os.rename("temp", "final")
os.close(os.open("other", os.O_CREAT | os.O_WRONLY))
sync("other")
"""

CAREFUL = """
with open("temp", "w") as file:
    file.write("whole" * 1000)
    file.flush()
    os.fsync(file.fileno())
os.rename("temp", "final")
sync(".")
print("done", flush=True)
"""

ALL_CALLS = """
folder = os.open(".", os.O_RDONLY)
os.mkdir("one")
os.mkdir("two", dir_fd=folder)
os.rmdir("two", dir_fd=folder)
handle = os.open("one/file", os.O_CREAT | os.O_EXCL | os.O_RDWR, dir_fd=folder)
os.write(handle, b"0123456789")
os.pwrite(handle, b"abc", 20)
os.writev(handle, [b"x", b"yz"])
os.ftruncate(handle, 21)
os.link("one/file", "linked", src_dir_fd=folder, dst_dir_fd=folder)
copy = os.open("copy", os.O_CREAT | os.O_RDWR)
os.sendfile(copy, handle, 0, 10)
os.copy_file_range(handle, copy, 5, 3, 12)
os.replace("copy", "one/copy")
os.rename("linked", "one/linked")
os.utime("one/file", (5, 6))
os.utime(copy, (7, 8))
open("gone", "w").close()
os.unlink("gone")
shutil.copy2("one/file", "again")
open("again", "w").close()
ctypes.CDLL(None).renameat2(folder, b"again", folder, b"one/file", 2)
"""


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder([tmp_path.resolve() / "disk"], tmp_path / "changes")


def log_of(recorder: Recorder, script: str) -> Log:
    before = recorder.disk()
    sync = "def sync(path):\n    handle = os.open(path, os.O_RDONLY)\n    os.fsync(handle)\n    os.close(handle)\n"
    subprocess.run(
        [sys.executable, "-c", f"import ctypes, os, shutil\n{sync}\n{script}"],
        cwd=recorder.roots[0],
        env=recorder.environment,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return Log(before=before, changes=recorder.changes())


def finals(recorder: Recorder, log: Log, *models: Model) -> Iterator[tuple[int, bytes | None]]:
    """After how many changes, and what stands under the final name then."""
    for cut in range(len(log.changes) + 1):
        for model in models:
            yield cut, crashed(log, cut, model, random.Random(cut)).read(str(recorder.roots[0] / "final"))


def test_every_way_to_change_a_file_is_logged(recorder: Recorder) -> None:
    log = log_of(recorder, ALL_CALLS)
    assert crashed(log, len(log.changes), Model.KILLED, random.Random()) == recorder.disk()


def test_a_name_given_to_what_was_not_synced_may_be_that_of_an_empty_file(recorder: Recorder) -> None:
    assert b"" in [content for _, content in finals(recorder, log_of(recorder, CARELESS), Model.JOURNAL)]


@pytest.mark.parametrize("model", Model)
def test_what_is_synced_before_it_has_its_name_is_whole_or_not_there(recorder: Recorder, model: Model) -> None:
    found = {content for _, content in finals(recorder, log_of(recorder, CAREFUL), model)}
    assert found == {None, b"whole" * 1000}


def test_a_name_lasts_from_the_sync_of_its_folder_and_no_sooner(recorder: Recorder) -> None:
    log = log_of(recorder, CAREFUL)
    said = next(number for number, change in enumerate(log.changes) if change.kind == "said")
    found = dict(finals(recorder, log, Model.STRICT))
    assert all((content is not None) == (cut >= said) for cut, content in found.items())


def test_a_disk_is_rebuilt_with_the_same_inodes(recorder: Recorder) -> None:
    log = log_of(recorder, ALL_CALLS)
    end = recorder.disk()
    restore(recorder, Disk(names={}, contents={}, folders=frozenset({str(recorder.roots[0])})))
    assert not list(recorder.roots[0].iterdir())
    restore(recorder, crashed(log, len(log.changes), Model.KILLED, random.Random()))
    assert recorder.disk() == end


def test_the_names_that_keep_inodes_are_not_counted(recorder: Recorder) -> None:
    counts = "[os.stat('new').st_nlink, os.lstat('new').st_nlink, os.fstat(file.fileno()).st_nlink]"
    log_of(
        recorder,
        f"file = open('new', 'w')\nassert {counts} == [1] * 3\nos.link('new', 'other')\nassert {counts} == [2] * 3",
    )


def test_after_a_loss_of_power_the_kernel_has_another_boot_id(recorder: Recorder, tmp_path: Path) -> None:
    boot = tmp_path / "boot_id"
    boot.write_text("another")
    answer = subprocess.run(
        [sys.executable, "-c", "print(open('/proc/sys/kernel/random/boot_id').read())"],
        env={"LD_PRELOAD": str(library()), "POWER_BOOT": str(boot)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == "another\n"
