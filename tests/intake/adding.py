"""Adding files, and doing what was queued: in short, for tests."""

import os

from fileq.files.identity import version_of
from fileq.intake import AddRequest, add_files
from fileq.job import JobState, OutputInfo
from fileq.ledger.queries.overview import JobSelection
from fileq.ledger.tables.outputs import PublishedFile
from tests.support.jobs import NOW, begin, finish, recipe

WEB, THUMB = recipe("web"), recipe("thumb", match=("*.jpg",), out="{folder}/thumbs", background="black")


def write(path, content=b"pixels"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def request(*paths, recipes=(WEB,), **keys):
    return AddRequest(paths=[str(path) for path in paths], recipes=recipes, **keys)


def counts(receipt):
    return receipt.queued, receipt.up_to_date, receipt.already_queued, receipt.unmatched


def take(ledger, *paths, **keys):
    return add_files(ledger, request(*paths, **keys), now=NOW)


def do_all(ledger, prefix=""):
    """Do what is queued, each job with one real output; answer their paths."""
    made = []
    for job in ledger.overview.list_jobs(JobSelection(states=(JobState.QUEUED,))):
        token = begin(ledger, job.id)
        path = os.path.join(job.folder, prefix + os.path.basename(job.source))
        os.makedirs(job.folder, exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"small")
        ledger.outputs.reserve_path(path, job.id, path + ".tmp")
        finish(ledger, token)
        status = os.stat(path)
        published = PublishedFile(
            OutputInfo(path=path, format="jpeg", width=1, height=1, bytes=5), version_of(status), status.st_ino
        )
        ledger.outputs.record_published({job.id: [published]}, NOW)
        made.append(path)
    return made
