"""The records of a folder that has another path now: its jobs, their outputs, and what is known of folders."""

import hashlib
import os
from collections.abc import Iterable

import msgspec

from fileq.job import JobState
from fileq.ledger.columns import PathBytes, decode_path, encode_path
from fileq.ledger.database import Connection, Database
from fileq.ledger.tables.jobs import refresh_roots
from fileq.presence import machine_name

_PARKED = "/.fileq-parked-"
"""What follows the path of what another has the name of by now: below a file, and in a folder, nothing is called so."""


_IS_FREE = "not exists (select 1 from outputs as other where other.path = :new)"


class JobOfFolder(msgspec.Struct, frozen=True, kw_only=True):
    """A job whose source lies, or lay, in a folder. `folder` is where its outputs go."""

    job_id: int
    source: str
    version: str
    folder: str
    state: JobState


class OutputOfJob(msgspec.Struct, frozen=True, kw_only=True):
    """A published output, by its path, inode and version. `recorded` is its path in the ledger, which may be parked."""

    path: str
    recorded: str
    inode: int
    version: str


class MovedFolders:
    """Each method raises LedgerError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find_paths(self, device: int, inode: int) -> list[str]:
        """Return the paths by which this machine knows one folder: 40 times as fast as to map all, and no index."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path from folders where machine in ('', :machine) and device = :device and inode = :inode"
                " union all select path from folder_views"
                " where machine = :machine and device = :device and inode = :inode",
                {"machine": machine_name(), "device": device, "inode": inode},
            ).fetchall()
        return [decode_path(path) for (path,) in rows]

    def map_identities(self) -> dict[tuple[int, int], list[str]]:
        """Return the paths of all folders that this machine knows, by device and inode."""
        paths: dict[tuple[int, int], list[str]] = {}
        with self._database.reading() as connection:
            for path, device, inode in connection.execute(
                "select path, device, inode from folders where machine in ('', :machine)"
                " union all select path, device, inode from folder_views where machine = :machine",
                {"machine": machine_name()},
            ):
                paths.setdefault((device, inode), []).append(decode_path(path))
        return paths

    def list_jobs_in(self, folder: str) -> list[JobOfFolder]:
        """Return the jobs whose sources lie in the folder itself."""
        start = encode_path(folder.rstrip(os.sep) + os.sep)
        with self._database.reading() as connection:
            rows = dict.fromkeys(
                row
                for first in (start, PathBytes(os.fsencode(start)))  # below it names may be no UTF-8
                for row in connection.execute(
                    "select id, source, version, folder, state from jobs where source >= ? and source < ?",
                    (first, _end_of(first)),
                )
            )
        return [
            JobOfFolder(
                job_id=job_id, source=decode_path(source), version=version, folder=decode_path(to),
                state=JobState(state),
            )
            for job_id, source, version, to, state in rows
            if os.path.dirname(decode_path(source)) == folder
        ]  # fmt: skip

    def list_outputs_of(self, job_id: int) -> list[OutputOfJob]:
        """Return what a job has published."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path, inode, published_version from outputs where job_id = ? and published_version is not null",
                (job_id,),
            ).fetchall()
        return [
            OutputOfJob(path=unparked(recorded), recorded=recorded, inode=inode, version=version)
            for recorded, inode, version in ((decode_path(path), *rest) for path, *rest in rows)
        ]

    def move_job(self, job: JobOfFolder, source: str, folder: str, outputs: Iterable[tuple[str, str]]) -> bool:
        """Record the new paths of a job's source, of the folder of its outputs, and of outputs, each with the old one.

        What was tried at the new paths meanwhile, without an output, is forgotten. Returns False, and changes nothing,
        where another job has the place.
        """
        with self._database.transaction() as connection:
            place = {"source": encode_path(source), "folder": encode_path(folder), "job": job.job_id}
            connection.execute(
                "delete from jobs where source = :source and folder = :folder and id <> :job and version = :version"
                " and fingerprint = (select fingerprint from jobs where id = :job)"
                " and state in ('failed', 'cancelled', 'superseded')"
                " and not exists (select 1 from outputs where job_id = jobs.id)",
                {**place, "version": job.version},
            )
            moved = connection.execute(
                "update jobs set source = :source, folder = :folder where id = :job and state <> 'running'"
                " and not exists (select 1 from jobs as other where other.source = :source"
                " and other.folder = :folder and other.version = jobs.version"
                " and other.fingerprint = jobs.fingerprint and other.id <> jobs.id)",
                place,
            ).rowcount
            if not moved:
                return False
            refresh_roots(connection, [job.job_id])
            connection.execute(
                "update counters set source = :source, folder = :folder"
                " where source = :old_source and folder = :old_folder and not exists (select 1 from counters as other"
                " where other.folder = :folder and other.recipe_name = counters.recipe_name"
                " and (other.source = :source or :folder <> :old_folder and other.number = counters.number))",
                {**place, "old_source": encode_path(job.source), "old_folder": encode_path(job.folder)},
            )
            for old, new in outputs:
                _park_output(connection, new, job.job_id)
                connection.execute(
                    f"update outputs set path = :new where path = :old and job_id = :job and {_IS_FREE}",  # noqa: S608  # ours
                    {"new": encode_path(new), "old": encode_path(old), "job": job.job_id},
                )
        return True

    def find_records(self, folder: str) -> list[str]:
        """Return how the ledger calls the folders that have, or had, this path: by that, or parked."""
        start = f"{folder}{_PARKED}"
        with self._database.reading() as connection:
            rows = connection.execute(
                "select path from folders where path = ? or (path >= ? and path < ?)",
                (encode_path(folder), encode_path(start), encode_path(f"{start[:-1]}.")),
            ).fetchall()
        return [decode_path(path) for (path,) in rows]

    def move_folder(self, former: str, path: str) -> None:
        """Record the new path of a folder that is the same one. Another that had it is parked."""
        parked = {"parked": encode_path(_parked(path, former)), "path": encode_path(path)}
        with self._database.transaction() as connection:
            connection.execute(
                "delete from folders where path = :parked and exists (select 1 from folders where path = :path)", parked
            )
            connection.execute("update folders set path = :parked where path = :path", parked)
            places = {"path": encode_path(path), "former": encode_path(former)}
            connection.execute(
                # Where it is another machine's view, nobody has one any more, and each looks again.
                "update folders set path = :path, real_path = :real,"
                " machine = case when machine in ('', :machine) then machine else '-' end where path = :former",
                {**places, "real": encode_path(os.path.realpath(path)), "machine": machine_name()},
            )
            connection.execute("delete from folder_views where path in (:path, :former)", places)


def unparked(path: str) -> str:
    """Return the path that something had before it was parked; any other path as it is."""
    return path.partition(_PARKED)[0]


def _parked(path: str, whose: object) -> str:
    return f"{path}{_PARKED}{hashlib.sha256(os.fsencode(str(whose))).hexdigest()[:12]}"


def _park_output(connection: Connection, path: str, job_id: int) -> None:
    """Have a path be free for an output of this job, where another job's is recorded that no longer stands there."""
    connection.execute(
        "update outputs set path = :new where path = :path and job_id <> :job and temp_path is null"  # noqa: S608  # ours
        f" and pending_version is null and hidden_path is null and {_IS_FREE}",
        {"new": encode_path(_parked(path, job_id)), "path": encode_path(path), "job": job_id},
    )


def _end_of(start: str | PathBytes) -> str | PathBytes:
    """Return what comes right behind all that begins with `start`, which ends with a separator or a root's colon."""
    if isinstance(start, str):
        return start[:-1] + chr(ord(start[-1]) + 1)
    return PathBytes(start[:-1] + bytes([start[-1] + 1]))
