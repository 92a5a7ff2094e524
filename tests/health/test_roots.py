"""What only the disk tells of roots: one that is a file, and those that lie in one another by links."""

import time

import pytest

from fileq.errors import ConfigError, ExitCode
from fileq.health.check import CheckState
from fileq.health.root_folders import require_root_folders
from fileq.roots import use_roots


@pytest.fixture
def disk(tmp_path):
    """A folder with a folder in it, a file, and links to the three."""
    disk = tmp_path / "disk"
    (disk / "in").mkdir(parents=True)
    (disk / "in" / "photo.jpg").touch()
    (disk / "file").touch()
    for name, target in {"to-disk": disk, "to-in": disk / "in", "to-file": disk / "file"}.items():
        (tmp_path / name).symlink_to(target)
    yield tmp_path
    use_roots({})


FAULTS = {
    "a file": ({"photos": "disk/file"}, "The root photos is no folder: {0}/disk/file is a file."),
    "a link to a file": ({"photos": "to-file"}, "The root photos is no folder: {0}/to-file is a file."),
    "a link into another": (
        {"photos": "to-in", "nas": "disk"},
        "The root photos lies in the root nas: {0}/to-in leads to {0}/disk/in.",
    ),
    "a link around another": (
        {"photos": "disk/in", "nas": "to-disk"},
        "The root photos lies in the root nas: {0}/disk/in leads to {0}/disk/in.",
    ),
    "one folder by two names": (
        {"photos": "to-in", "nas": "disk/in"},
        "The roots photos and nas are one folder: {0}/to-in and {0}/disk/in lead to {0}/disk/in.",
    ),
}


@pytest.mark.parametrize("what", FAULTS)
def test_roots_that_can_not_be_used_are_bad_and_nothing_is_queued_or_done_with_them(checked, disk, what):
    roots, said = FAULTS[what]
    use_roots({name: str(disk / path) for name, path in roots.items()})
    found = checked.run_check("roots")
    assert found.state is CheckState.BAD
    assert found.message == said.format(disk)
    assert "[[root]]" in found.remedy
    with pytest.raises(ConfigError, match=r"^/etc/fileq\.toml: The roots? ") as raised:
        require_root_folders("/etc/fileq.toml")
    assert raised.value.exit_code is ExitCode.USAGE


def test_a_root_that_is_not_mounted_is_no_fault(checked, disk):
    (disk / "empty").mkdir()
    use_roots({"photos": str(disk / "nothing"), "web": str(disk / "empty"), "nas": str(disk / "disk")})
    require_root_folders("/etc/fileq.toml")
    found = checked.run_check("roots")
    assert (found.state, found.message) == (
        CheckState.WARNING,
        f"The root photos is not there: {disk / 'nothing'} is empty, or no folder.",
    )


def test_a_look_that_hangs_holds_nobody_up(disk, monkeypatch):
    def hang(_):
        time.sleep(60)
        return []

    use_roots({"photos": str(disk / "disk")})
    monkeypatch.setattr("fileq.health.root_folders.find_root_faults", hang)
    monkeypatch.setattr("fileq.health.root_folders._PATIENCE", 0.1)
    began = time.monotonic()
    require_root_folders("/etc/fileq.toml")
    assert time.monotonic() - began < 5
