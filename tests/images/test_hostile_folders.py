"""Folders that somebody else may write to: what they put there is neither read nor written."""

import errno
import hashlib
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from fileq.errors import ErrorKind, FolderUnavailable, JobError
from fileq.files.directory import open_directory as opened_folder
from fileq.files.private_folder import private_folder
from fileq.images import programs
from fileq.images.pipeline import open_run
from fileq.images.protocol import Reservation
from fileq.operations.builtin.resize import Resize
from fileq.operations.programs.command import Command
from fileq.publish import discard_temps
from fileq.recipes.recipe import Output
from tests.support.images import make, photo, pipeline_request, recipe

SECRET = b"nobody else is to read this"
COPY = Command(argv=("cp", "{source}", "{output}"))
as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can have files of several users"
)


@pytest.fixture
def source(tmp_path):
    photo((120, 80)).save(tmp_path / "x.jpg", quality=40)
    return tmp_path / "x.jpg"


@pytest.fixture
def secret(tmp_path):
    (tmp_path / "secret").write_bytes(SECRET)
    return tmp_path / "secret"


@pytest.mark.parametrize("plant", [os.symlink, os.link])
@pytest.mark.parametrize("steps", [(), (COPY,)], ids=["encoded", "program"])
def test_what_is_planted_at_a_temp_name_is_not_written_to(tmp_path, source, secret, plant, steps):
    temp = tmp_path / ".x.tmp"
    plant(secret, temp)
    with (
        open_run(pipeline_request(source, recipe(steps=steps), tmp_path)) as picture,
        pytest.raises(JobError) as caught,
    ):
        picture.make([Reservation(path=str(temp), temp=str(temp))])
    assert caught.value.kind is ErrorKind.INTERNAL
    assert secret.read_bytes() == SECRET
    assert os.path.samefile(temp, secret)


def swapped(source, secret):
    """Another file stands where the source was, of its size and times."""
    status = source.stat()
    secret.write_bytes(SECRET.ljust(status.st_size))
    os.utime(secret, ns=(status.st_atime_ns, status.st_mtime_ns))
    source.unlink()
    source.symlink_to(secret)


@pytest.mark.parametrize("steps", [(), (COPY,)], ids=["kept", "program"])
def test_a_source_that_is_swapped_for_a_link_is_read_no_more(tmp_path, source, secret, steps):
    content = source.read_bytes()
    wanted = recipe(Output(min_saving=0.99), steps=steps, metadata="all")
    with open_run(pipeline_request(source, wanted, tmp_path / "out")) as picture:
        swapped(source, secret)
        picture.make([Reservation(path=str(tmp_path / "made"), temp=str(tmp_path / "made"))])
    assert (tmp_path / "made").read_bytes() == content


def test_names_and_digests_are_of_the_file_that_was_opened(tmp_path, source, secret):
    wanted = recipe(Output(name="{hash}-{date}.jpg"), steps=(COPY,))
    before = make(source, wanted, tmp_path / "out").paths[0].name
    with open_run(pipeline_request(source, wanted, tmp_path / "out")) as picture:
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        swapped(source, secret)
        assert picture.digest() == digest
        assert isinstance(picture, programs.ProgramRun)
        assert os.path.basename(picture._plan(wanted.outputs[0]).path) == before


@pytest.mark.parametrize(
    ("mode", "expected"), [(0o600, 0o600), (0o644, 0o644), (0o640, 0o640), (0o444, 0o644), (0o666, 0o644)]
)
@pytest.mark.parametrize("steps", [(), (COPY,)], ids=["encoded", "program"])
def test_an_output_may_be_read_by_no_more_people_than_its_source(tmp_path, source, mode, expected, steps):
    source.chmod(mode)
    before = os.umask(0o022)
    try:
        (made,) = make(source, recipe(steps=steps), tmp_path / "out").paths
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.stat().st_mode) == expected


@as_root
def test_what_only_a_group_may_read_is_not_given_to_another_group(tmp_path, source):
    source.chmod(0o640)
    os.chown(source, -1, 12345)
    (made,) = make(source, recipe(), tmp_path / "out").paths
    assert (made.stat().st_gid, stat.S_IMODE(made.stat().st_mode)) == (os.getegid(), 0o600)


@as_root
def test_a_file_that_takes_its_sources_place_keeps_owner_mode_and_attributes(tmp_path, source):
    os.chown(source, 12345, 12346)
    source.chmod(0o4640)
    attributes = attach(source)
    with open_run(pipeline_request(source, recipe(), tmp_path)) as picture:
        picture.make([Reservation(path=str(tmp_path / "made"), temp=str(tmp_path / "made"), is_source=True)])
    status = (tmp_path / "made").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 12346, 0o640)
    assert {name: os.getxattr(tmp_path / "made", name) for name in os.listxattr(tmp_path / "made")} == attributes


def attach(path):
    """Extended attributes and a list that lets another user read, where this file system has them."""
    acl = bytes.fromhex("02000000 01000600ffffffff 0200040039300000 04000400ffffffff 10000400ffffffff 20000000ffffffff")
    for name, value in {"user.tag": b"red", "system.posix_acl_access": acl}.items():
        try:
            os.setxattr(path, name, value)
        except OSError:
            continue
    return {name: os.getxattr(path, name) for name in os.listxattr(path)}


LOOK = """
import os, shutil, sys
shutil.copy(*sys.argv[1:3])
with open(sys.argv[3], "w") as said:
    said.write(oct(os.stat(os.path.dirname(sys.argv[2])).st_mode & 0o777))
"""


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_a_program_works_in_a_folder_that_is_closed_to_others(tmp_path, source, mode):
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(mode)
    program = Command(argv=(sys.executable, "-c", LOOK, "{source}", "{output}", str(tmp_path / "said")))
    (made,) = make(source, recipe(steps=(program,)), tmp_path / "out").paths
    assert (tmp_path / "said").read_text() == "0o700"
    assert os.listdir(tmp_path / "out") == [made.name]


IN_PLACE = """
import os, shutil, sys
shutil.copy(*sys.argv[1:3])
with open(sys.argv[1], "r+b") as file:
    file.truncate(3)
os.chmod(sys.argv[1], 0o666)
"""


def test_a_program_that_edits_its_source_in_place_leaves_the_original_as_it_was(tmp_path, source):
    content, status = source.read_bytes(), source.stat()
    program = Command(argv=(sys.executable, "-c", IN_PLACE, "{source}", "{output}"))
    first, second = Output(name="one.jpg"), Output(name="two.jpg")
    made = make(source, recipe(first, second, steps=(program,)), tmp_path / "out")
    assert [path.read_bytes() for path in made.paths] == [content, content]
    assert source.read_bytes() == content
    assert (source.stat().st_mode, source.stat().st_mtime_ns) == (status.st_mode, status.st_mtime_ns)


ABOUT = """
import os, shutil, sys
shutil.copy(*sys.argv[1:3])
status = os.stat(sys.argv[1])
with open(sys.argv[3], "w") as said:
    print(os.path.basename(sys.argv[1]), status.st_mtime_ns, oct(status.st_mode & 0o777), sep=chr(10), file=said)
"""


def test_a_program_sees_the_name_the_times_and_the_mode_of_its_source(tmp_path, source):
    os.utime(source, ns=(10**18, 10**18 + 7))
    source.chmod(0o640)
    said = tmp_path / "said"
    program = Command(argv=(sys.executable, "-c", ABOUT, "{source}", "{output}", str(said)))
    make(source, recipe(steps=(program,)), tmp_path / "out")
    assert said.read_text().split() == ["x.jpg", str(10**18 + 7), "0o640"]


def test_no_space_for_a_programs_copy_is_said_of_the_folder_of_the_output(tmp_path, source, monkeypatch):
    def refuse(_source, _target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(programs, "copy_content", refuse)
    with pytest.raises(FolderUnavailable) as caught:
        make(source, recipe(steps=(COPY,)), tmp_path / "out")
    assert (caught.value.kind, caught.value.folder) == (ErrorKind.NO_SPACE, str(tmp_path / "out"))
    assert os.listdir(tmp_path / "out") == []


SWAP = """
import os, shutil, sys
(folder,) = [one for one in os.scandir(sys.argv[3]) if one.name.endswith(".dir")]
os.rename(folder.path, folder.path + ".away")
os.symlink(sys.argv[4], folder.path)
shutil.copy(*sys.argv[1:3])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names for open folders")
def test_a_private_folder_that_is_swapped_leads_a_program_nowhere_else(tmp_path, source):
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(0o777)
    (tmp_path / "theirs").mkdir()
    argv = (sys.executable, "-c", SWAP, "{source}", "{output}", str(tmp_path / "out"), str(tmp_path / "theirs"))
    (made,) = make(source, recipe(steps=(Command(argv=argv),)), tmp_path / "out").paths
    assert made.read_bytes() == source.read_bytes()
    assert os.listdir(tmp_path / "theirs") == []


@pytest.mark.parametrize("program", ["ln -s", "ln", "mkdir"])
def test_a_program_that_makes_no_file_of_its_own_fails(tmp_path, source, program):
    argv = ("sh", "-c", "mkdir $1", "{source}", "{output}")
    if program != "mkdir":
        argv = (*program.split(), "{source}", "{output}")
    with pytest.raises(JobError) as caught:
        make(source, recipe(steps=(Command(argv=argv),)), tmp_path / "out")
    assert caught.value.kind is ErrorKind.COMMAND
    assert os.listdir(tmp_path / "out") == []


def test_a_program_may_come_last_and_is_given_a_real_file(tmp_path, source):
    program = "import os, shutil, sys; assert not os.path.islink(sys.argv[1]); shutil.copy(*sys.argv[1:])"
    steps = (Resize(scale=0.5), Command(argv=(sys.executable, "-c", program, "{source}", "{output}")))
    made = make(source, recipe(Output(steps=steps)), tmp_path / "out")
    assert made.image.size == (60, 40)


def left_by_a_crash(folder):
    """A private folder of a program whose job was killed, with a link in it to a folder of somebody's."""
    with opened_folder(str(folder)) as parent, private_folder(parent, ".t.tmp.dir") as private:
        (folder / ".t.tmp.dir" / "deep").mkdir()
        (folder / ".t.tmp.dir" / "deep" / "x").write_text("x")
        (folder / ".t.tmp.dir" / "link").symlink_to(folder / "photos")
        os.close(private.create("half.jpg"))
        shutil.copytree(folder / ".t.tmp.dir", folder / "kept", symlinks=True)
    (folder / "kept").rename(folder / ".t.tmp.dir")


def test_the_private_folder_that_a_crash_left_is_removed_and_no_link_followed(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_text("a")
    left_by_a_crash(tmp_path)
    assert discard_temps([str(tmp_path / ".t.tmp")]) == []
    assert sorted(os.listdir(tmp_path)) == ["photos"]
    assert os.listdir(tmp_path / "photos") == ["a.jpg"]


def test_another_folder_that_was_given_such_a_name_stays_with_all_that_is_in_it(tmp_path):
    theirs = tmp_path / ".t.tmp.dir"
    theirs.mkdir(mode=0o700)
    (theirs / "a.jpg").write_text("a")
    assert discard_temps([str(tmp_path / ".t.tmp")]) == [str(theirs)]
    assert Path(theirs, "a.jpg").read_text() == "a"


@as_root
@pytest.mark.parametrize(("owner", "is_read"), [(0, True), (12345, False)])
def test_another_users_link_to_a_file_that_is_not_theirs_is_refused(tmp_path, source, owner, is_read):
    tmp_path.chmod(0o1777)  # where others could have put it
    link = tmp_path / "link.jpg"
    link.symlink_to(source)
    os.chown(link, owner, -1, follow_symlinks=False)
    if is_read:
        assert make(link, recipe(), tmp_path / "out").paths
        return
    with pytest.raises(JobError) as caught:
        make(link, recipe(), tmp_path / "out")
    assert caught.value.kind is ErrorKind.PERMISSION


@as_root
def test_another_users_link_to_a_file_of_their_own_is_read(tmp_path, source):
    link = tmp_path / "link.jpg"
    link.symlink_to(source)
    for path in (link, source):
        os.chown(path, 12345, -1, follow_symlinks=False)
    assert make(link, recipe(), tmp_path / "out").paths
