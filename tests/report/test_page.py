"""The page as a file: complete or not there, and safe whatever the names are."""

import os
from datetime import UTC
from html.parser import HTMLParser

import pytest

from fileq.errors import EnvironmentFailure, ErrorKind, NotFoundError, UsageError
from fileq.job import Failure
from fileq.report.figures import compute_figures
from fileq.report.page import write_page
from tests.report.sample_week import EVIL, RAW
from tests.support.jobs import NOW, SOMEBODY, begin, enter, recipe

MANY = 1_000_000


class Tags(HTMLParser):
    """All tags with their attributes, and all text but that of the style."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.texts = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] != "style":
            self.texts.append(data)

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def write(studio, name="page.html", since=NOW - 9, until=NOW + 9):
    path = studio.folder / name
    write_page(studio.ledger, compute_figures(studio.ledger, since, until, UTC), str(path), UTC, MANY)
    return Tags(path.read_text(encoding="utf-8"))


@pytest.fixture
def evil(studio):
    """Names and messages that would like to be code."""
    for name in (EVIL, RAW):
        studio.make(name, "<script>alert(1)<style>")
    (job,) = enter(studio.ledger, "/<svg onload=alert(2)>", wanted=recipe("{{ 7*191 }}"))
    failure = Failure(ErrorKind.INTERNAL, "<script>alert(3)</script>\x1b[2J\0", "<a href='javascript:alert(4)'>x</a>")
    studio.ledger.attempts.fail_attempt(begin(studio.ledger, job), failure, NOW)
    studio.ledger.watches.upsert_watch("/inbox'\"><iframe src=//evil.example>", SOMEBODY, NOW)
    return studio


def test_no_name_becomes_code(evil):
    page = write(evil)
    used = {tag for tag, _ in page.tags}
    assert not used & {"script", "iframe", "object", "embed", "form", "a", "base", "foreignobject"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"]
    assert len(page.all("style")) == 1
    said = "".join(page.texts)
    assert "{{ 7*191 }}" in said
    assert "1337" not in said
    for text in ("<svg onload=alert(2)>", "</script>\\x1b[2J\\x00", "caf\\xe9.jpg", "\\u202egpj.exe", "evil.example"):
        assert text in said


def test_nothing_comes_from_elsewhere(evil):
    page = write(evil)
    links = [
        attributes[name] for _, attributes in page.tags for name in ("src", "href", "xlink:href") if name in attributes
    ]
    assert links
    assert all(link.startswith("data:") for link in links)
    (policy,) = [one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy


def test_it_can_be_read_without_eyes(evil):
    page = write(evil)
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(tag)) for tag in ("header", "main", "footer", "h1", "title")[:4]] == [1, 1, 1, 1]
    assert all(image["alt"].strip() for image in page.all("img"))
    assert all(drawing["aria-label"] and drawing["role"] == "img" for drawing in page.all("svg"))
    assert all(head["scope"] in {"col", "row"} for head in page.all("th"))
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {section["aria-labelledby"] for section in page.all("section")} <= ids


def test_pictures_that_cannot_be_shown_are_counted(studio):
    studio.make("a.jpg")[0].unlink()
    page = write(studio)
    assert not page.all("img")
    assert "1 pair could not be shown: its files are gone, were changed, or can't be opened." in "".join(page.texts)


def test_a_stretch_in_which_all_failed_has_a_page(studio):
    (job,) = enter(studio.ledger, "/a.jpg")
    studio.ledger.attempts.fail_attempt(begin(studio.ledger, job), Failure(ErrorKind.MEMORY, "No.", ""), NOW)
    said = "".join(write(studio).texts)
    assert "0 jobs done, 1 failed" in said
    assert "Try again with: fileq retry --failed --cause memory" in said


def test_an_empty_stretch_is_a_page_that_says_so(studio):
    assert "Nothing was done in this time." in "".join(write(studio).texts)


def test_a_year_has_its_days_behind_a_fold(studio):
    studio.make()
    page = write(studio, since=NOW - 300 * 86400)
    assert len(page.all("details")) == 1
    assert 300 <= len([one for one in page.all("data") if one["data-figure"].endswith(".bytes_in")]) <= 303


def test_it_takes_the_place_of_an_older_page_and_leaves_nothing_else(studio):
    (studio.folder / "page.html").write_text("<!DOCTYPE html>old")
    before = set(os.listdir(studio.folder))
    assert write(studio).all("main")
    assert set(os.listdir(studio.folder)) == before


def test_a_page_that_could_not_be_made_leaves_the_older_one(studio, monkeypatch):
    (studio.folder / "page.html").write_text("<!DOCTYPE html>old")
    before = set(os.listdir(studio.folder))
    monkeypatch.setattr("fileq.report.page.render_page", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(studio)
    assert (studio.folder / "page.html").read_text() == "<!DOCTYPE html>old"
    assert set(os.listdir(studio.folder)) == before


@pytest.mark.parametrize("what", ["a photo", "a link", "a pipe"])
def test_what_is_no_earlier_page_is_not_written_over(studio, what):
    path = studio.folder / "page.html"
    if what == "a photo":
        path.write_bytes(b"\xff\xd8\xff\xe0 photo")
    elif what == "a link":
        path.symlink_to(studio.folder / "elsewhere.html")
    else:
        os.mkfifo(path)
    before = os.lstat(path)
    with pytest.raises(UsageError, match="no page that could be written over"):
        write(studio)
    assert os.path.samestat(os.lstat(path), before)


def test_no_such_folder_is_not_found(studio):
    with pytest.raises(NotFoundError) as caught:
        write(studio, "none/page.html")
    assert str(studio.folder / "none") in caught.value.message


def test_a_folder_in_its_place_or_a_system_that_refuses_is_said(studio):
    (studio.folder / "page.html").mkdir()
    with pytest.raises(UsageError, match="is there already"):
        write(studio)
    with pytest.raises(EnvironmentFailure, match="can't be written"):
        write(studio, "page" * 80)
