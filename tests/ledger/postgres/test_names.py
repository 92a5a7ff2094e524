"""Names that are not UTF-8 come back as they were, whatever characters others have."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fileq.ledger.database.postgres.types import escape_bytes, unescape_bytes
from tests.support.jobs import enter

NAMES = st.binary(max_size=40).map(os.fsdecode) | st.text(st.characters(exclude_categories=["Cs"]))


@given(NAMES.filter(lambda name: "\0" not in name))
def test_a_name_comes_back_as_it_was(name):
    text = escape_bytes(name)
    text.encode()
    assert unescape_bytes(text) == name


@given(NAMES, NAMES)
def test_no_two_names_become_one(one, other):
    one, other = one.replace("\0", ""), other.replace("\0", "")
    assert (escape_bytes(one) == escape_bytes(other)) == (one == other)


@pytest.mark.parametrize(
    "name", ["caf\udce9", "\U0010ff41", "\U0010ffff\udc80", "ä\udcffö", "back\\slash", "100 %", "?"]
)
def test_a_job_is_found_by_any_name(ledger, name):
    path = f"/photos/{name}.jpg"
    (job,) = enter(ledger, path)
    assert ledger.overview.find_job(job).source == path
    assert [found.source for found in ledger.moved_folders.list_jobs_in("/photos")] == [path]


@pytest.mark.parametrize(
    "names", [["a,b", "{c}", '"d"', "back\\slash", "NULL", "'", "ä\U0010ff41", " "], ["caf\udce9", "e"]]
)
def test_jobs_are_found_among_many_by_any_names(ledger, names):
    paths = [f"/photos/{number}{name}" for number in range(60) for name in names]
    jobs = enter(ledger, *paths)
    found = ledger.prior_jobs.find_known_jobs({*paths, "/photos/other"})
    assert {key.source: known.job_id for key, known in found.items()} == dict(zip(paths, jobs, strict=True))
