"""Files that come into a watched folder, and the jobs about them."""

import hashlib
import os
from pathlib import Path

from fileq.files.identity import version_of
from fileq.intake import Arrival, DispositionPolicy, WatchIntake
from fileq.job import JobState, Made
from fileq.ledger.queries.overview import JobSelection
from fileq.ledger.tables.outputs import PublishedFile
from fileq.sources import SourceFile
from tests.support.jobs import NOW, begin, finish, recipe

WEB, THUMB = recipe("web"), recipe("thumb", match=("*.jpg",), background="black")


def reception(ledger, *recipes, out=None, policy=None):
    return WatchIntake(ledger, 1, recipes or (WEB,), out=out, policy=policy or DispositionPolicy())


def arrival(path, root=None):
    status = os.stat(path)
    folder, name = os.path.split(str(path))
    relative = os.path.relpath(folder, root).replace(".", "", 1) if root else ""
    return Arrival(
        SourceFile(str(path), name, folder, relative, status.st_size, status.st_mtime_ns, False), status.st_ino
    )


def write(path, content=b"pixels", mtime=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if mtime is not None:
        os.utime(path, (mtime, mtime))
    return path


def take(ledger, *paths, way=None, now=NOW):
    taken = (way or reception(ledger)).take([arrival(path) for path in paths], now)
    return taken.became


def do(ledger, path, output=None):
    """Do the one queued job about this path, with a real output."""
    (job,) = [job for job in jobs(ledger, JobState.QUEUED) if job.source == str(path)]
    token = begin(ledger, job.id)
    made = output or os.path.join(job.folder, os.path.basename(job.source))
    os.makedirs(os.path.dirname(made), exist_ok=True)
    with open(made, "wb") as file:
        file.write(b"small " + os.fsencode(made))
    ledger.outputs.reserve_path(str(made), job.id, f"{made}.tmp")
    ledger.prior_jobs.record_digest(job.id, hashlib.sha256(Path(path).read_bytes()).hexdigest())
    finish(ledger, token)
    status = os.stat(made)
    ledger.outputs.record_published(
        job.id, [PublishedFile(Made(str(made), "jpeg", 1, 1, 5), version_of(status), status.st_ino)], NOW
    )
    return made


def jobs(ledger, *states):
    return list(ledger.overview.list_jobs(JobSelection(states)))
