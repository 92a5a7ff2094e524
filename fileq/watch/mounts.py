"""Which file system a folder is on, and whether it tells of what others do there."""

import os

_SILENT = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "vboxsf", "ceph", "glusterfs", "lustre", "afs", "davfs",
}  # fmt: skip
"""Network and virtual file systems: what other machines do there raises no event here. All of FUSE too."""

_TABLE = "/proc/self/mountinfo"


def file_system_type(path: str, table: str = _TABLE) -> str | None:
    """The type of the file system at an absolute path, as proc(5) names it; None where there is no such table."""
    try:
        with open(table, encoding="utf-8", errors="surrogateescape") as mounts:
            lines = mounts.read().splitlines()
    except OSError:
        return None
    best, kind = "", None
    for line in lines:
        mount, _, about = line.partition(" - ")
        point = _plain(mount.split(" ")[4])
        if len(point) >= len(best) and (path + "/").startswith(point.rstrip("/") + "/"):
            best, kind = point, about.split(" ")[0]
    return kind


def lacks_events(path: str, table: str = _TABLE) -> bool:
    """Whether events don't tell all that happens below `path`."""
    kind = file_system_type(os.path.realpath(path), table)
    return kind is not None and (kind in _SILENT or kind.startswith("fuse"))


def _plain(point: str) -> str:
    """A mount point without the table's octal escapes."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        point = point.replace(code, character)
    return point
