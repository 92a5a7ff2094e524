"""Sources that are to go, and jobs of theirs that end."""

import os

from fileq.files.identity import version_of
from fileq.job import OutputInfo
from fileq.ledger.tables.outputs import PublishedFile
from fileq.presence import ProcessIdentity, hostname
from tests.support.jobs import NOW, begin, enter, finish

DEAD = ProcessIdentity(hostname(), 2**22 + 1, "1")


def source(inbox, name="a.jpg", content="original"):
    path = inbox / name
    path.write_text(content)
    return path


def leaving(ledger, path, done_to=None, failed_to=None, jobs=1):
    """Jobs about a source that is to go; answers their ids."""
    status = os.stat(path)
    to = [None if folder is None else str(folder) for folder in (done_to, failed_to)]
    disposition_id = ledger.dispositions.upsert_disposition(str(path), version_of(status), status.st_ino, *to)
    return [
        enter(ledger, str(path), folder=f"/out/{number}", disposition_id=disposition_id)[0] for number in range(jobs)
    ]


def complete(ledger, job, output=None):
    token = begin(ledger, job)
    if output:
        ledger.outputs.reserve_path(str(output), job, f"{output}.tmp")
    finish(ledger, token, outputs=1 if output else 0)
    if output:
        output.write_text("made")
        status = os.stat(output)
        made = PublishedFile(
            OutputInfo(path=str(output), format="jpeg", width=1, height=1, bytes=4), version_of(status), status.st_ino
        )
        ledger.outputs.record_published({job: [made]}, NOW)


def choose_target(ledger, path):
    """As a process does that dies then."""
    (disposition,) = ledger.dispositions.find_ready_dispositions(NOW)
    lease = ledger.dispositions.take_lease(disposition.id, DEAD, NOW, NOW + 60)
    assert ledger.dispositions.choose_target(lease, str(path))


def names(folder):
    return sorted(os.listdir(folder)) if folder.exists() else []


def ended(ledger, path, out, done_to):
    """A source whose one job is done."""
    (job,) = leaving(ledger, path, done_to)
    complete(ledger, job, out / f"{path.stem}.out")
    return job


def everything(*folders):
    """All that stands in some folders, hidden files too, by its content."""
    found = []
    for folder in folders:
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            with open(os.path.join(folder, name), "rb") as file:
                found.append((name, file.read()))
    return found
