"""Which file system a folder is on, by a table as Linux has it."""

import pytest

from fileq.watch.mounts import file_system_type, lacks_events

TABLE = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:25 / /mnt/photos rw - nfs4 server:/photos rw
31 22 0:26 / /mnt/photos/local rw - ext4 /dev/vdb rw
32 22 0:27 / /media/My\040Drive rw shared:5 - fuse.sshfs ada@server: rw
33 22 0:28 / /mnt/windows rw - cifs //server/c rw
""".strip()


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mountinfo"
    path.write_text(TABLE)
    return str(path)


@pytest.mark.parametrize(
    ("path", "kind", "silent"),
    [
        ("/home/ada", "ext4", False),
        ("/mnt/photos/2026", "nfs4", True),
        ("/mnt/photos2", "ext4", False),
        ("/mnt/photos/local/x", "ext4", False),
        ("/media/My Drive/x", "fuse.sshfs", True),
        ("/mnt/windows", "cifs", True),
    ],
)
def test_the_nearest_mount_point_says_it(table, path, kind, silent):
    assert file_system_type(path, table) == kind
    assert lacks_events(path, table) is silent


def test_without_a_table_events_are_trusted(tmp_path):
    assert file_system_type("/", str(tmp_path / "none")) is None
    assert not lacks_events("/", str(tmp_path / "none"))
