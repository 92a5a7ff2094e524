"""Files that come into a watched folder, and the jobs about them."""

import hashlib
import os
from pathlib import Path

from fileq.files.identity import version_of
from fileq.intake.watch_intake import DispositionPolicy, WatchIntake
from fileq.job import JobState, OutputInfo
from fileq.ledger.queries.overview import JobSelection
from fileq.ledger.tables.outputs import PublishedFile
from tests.support.jobs import NOW, begin, finish, recipe
from tests.support.sources import source_at

WEB, THUMB = recipe("web"), recipe("thumb", match=("*.jpg",), background="black")


def intake_of(ledger, *recipes, out=None, policy=None):
    return WatchIntake(ledger, 1, recipes or (WEB,), out=out, policy=policy or DispositionPolicy())


def write(path, content=b"pixels", mtime=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if mtime is not None:
        os.utime(path, (mtime, mtime))
    return path


def take(ledger, *paths, way=None, now=NOW):
    result = (way or intake_of(ledger)).take_in([source_at(path) for path in paths], now)
    return result.outcomes


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
    info = OutputInfo(path=str(made), format="jpeg", width=1, height=1, bytes=5)
    ledger.outputs.record_published({job.id: [PublishedFile(info, version_of(status), status.st_ino)]}, NOW)
    return made


def jobs(ledger, *states):
    return list(ledger.overview.list_jobs(JobSelection(states=states)))
