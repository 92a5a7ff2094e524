"""Jobs on their way to their outputs, without a picture: claims, reservations, temp files."""

import os

import pytest

from fileq.errors import ErrorKind, JobError
from fileq.files.identity import version_of
from fileq.files.temp_file import TempIdentity
from fileq.images.protocol import EncodedOutput
from fileq.job import OutputInfo
from fileq.publish import EncodedJob, publish_jobs, reserve_outputs
from fileq.recipes.recipe import decode_recipe
from tests.support.jobs import NOW, claim_one, enter, recipe


def claim(ledger, source="/photos/a.jpg", job=None, **keys):
    """A claim of a new job, or of one that is queued again; `keys` go into its recipe."""
    if job is None:
        (job,) = enter(ledger, source, wanted=recipe(**keys))
    return claim_one(ledger, job, 1, NOW)


def claim_of_original(ledger, path, **keys):
    """A claim of a new job that may replace its source, a real file."""
    status = os.stat(path)
    version = {"version": version_of(status), "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    (job,) = enter(ledger, str(path), wanted=recipe(replace=True, **keys), **version)
    return claim(ledger, job=job)


def replace_original(ledger, path, output=None):
    """A job from its claim to its end that replaces its source, here named by `path`; answers its id."""
    claimed = claim_of_original(ledger, path)
    places = reserved(ledger, claimed, output or path)
    assert publish_jobs(ledger, [written(claimed, places)]) == {}
    return claimed.token.job_id


def reserved(ledger, claimed, *paths):
    return reserve_outputs(ledger, claimed, decode_recipe(claimed.recipe_json), [str(path) for path in paths])


def written(claimed, places, content="ours"):
    """What the child leaves: its temp files."""
    for place in places:
        with open(place.temp, "w") as file:
            file.write(content)
    outputs = [
        EncodedOutput(
            OutputInfo(path=place.path, format="jpeg", width=16, height=12, bytes=len(content)),
            TempIdentity.of(os.stat(place.temp)),
        )
        for place in places
    ]
    return EncodedJob(token=claimed.token, begun_at=NOW, reservations=places, outputs=outputs, note="")


def make(ledger, *paths, content="ours", **keys):
    """One job from its claim to its end; answers its id."""
    claimed = claim(ledger, **keys)
    places = reserved(ledger, claimed, *paths)
    assert publish_jobs(ledger, [written(claimed, [place for place in places if place], content)]) == {}
    return claimed.token.job_id


def conflict(ledger, claimed, path):
    with pytest.raises(JobError) as raised:
        reserved(ledger, claimed, path)
    assert raised.value.kind is ErrorKind.CONFLICT
    assert str(path) in raised.value.message
    assert raised.value.hint
    return raised.value.message


def refusal_of(ledger, finished):
    """The error with which the publication of one job ends."""
    refused = publish_jobs(ledger, [finished])[finished.token]
    assert isinstance(refused, JobError)
    return refused


def stand(path, content="theirs"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path
