"""Jobs on their way to their outputs, without a picture: claims, reservations, temp files."""

import pytest

from fileq.errors import ErrorKind, JobError
from fileq.job import Made
from fileq.publish import Finished, publish, reserve
from fileq.recipes.recipe import decode
from tests.entering import NOW, enter, recipe


def claim(ledger, source="/photos/a.jpg", job=None, **keys):
    """A claim of a new job, or of one that is queued again; `keys` go into its recipe."""
    if job is None:
        (job,) = enter(ledger, source, wanted=recipe(**keys))
    return ledger.jobs.claim(job, 1, NOW)


def reserved(ledger, claimed, *paths):
    return reserve(ledger, claimed, decode(claimed.recipe), [str(path) for path in paths])


def written(claimed, places, content="ours"):
    """What the child leaves: its temp files."""
    for place in places:
        with open(place.temp, "w") as file:
            file.write(content)
    made = [Made(place.path, "jpeg", 16, 12, len(content)) for place in places]
    return Finished(claimed.token, places, made, "")


def make(ledger, *paths, content="ours", **keys):
    """One job from its claim to its end; answers its id."""
    claimed = claim(ledger, **keys)
    places = reserved(ledger, claimed, *paths)
    assert publish(ledger, [written(claimed, [place for place in places if place], content)]) == {}
    return claimed.token.job


def conflict(ledger, claimed, path):
    with pytest.raises(JobError) as raised:
        reserved(ledger, claimed, path)
    assert raised.value.kind is ErrorKind.CONFLICT
    assert str(path) in raised.value.message
    assert raised.value.hint
    return raised.value.message


def stand(path, content="theirs"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path
