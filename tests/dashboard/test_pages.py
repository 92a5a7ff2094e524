"""What the pages tell, and that no name in them becomes more than text."""

import asyncio

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from fileq.dashboard import live
from fileq.errors import LedgerError
from tests.dashboard.conftest import events_of, find, streaming


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/", "Batch 1"), ("/batches/1", "6 done, 1 failed"), ("/batches/1?state=failed", "unreadable"),
        ("/jobs", "IMG_0001.jpg"), ("/jobs?state=done", "IMG_0006.jpg"), ("/jobs?kind=unreadable", "broken"),
        ("/jobs/1", "Before and after"), ("/failures", "Leave it out"), ("/report", "the last week"),
    ],
)  # fmt: skip
def test_each_page_tells_what_it_is_about(site, path, told):
    reply = site.look(path)
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/html")
    if path != "/report":
        assert told in reply.text


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/99", "/batches/99", "/jobs?state=odd", "/jobs?kind=odd", "/jobs?before=x", "/nothing", "/jobs/-1",
        f"/jobs/{10**30}", f"/jobs/{'9' * 5000}", f"/jobs?before={10**30}", "/jobs/1/outputs/7", "/live/jobs/x",
        "/static/../desk.py", "/static/desk.py", "/jobs/%2e%2e/source", "/jobs/99/source",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(site, path):
    reply = site.look(path)
    assert reply.status == 404
    assert "Traceback" not in reply.text


def test_a_name_is_text_and_no_code(site, failed):
    for path in ("/", "/jobs", f"/jobs/{failed}", "/failures", "/batches/1?state=failed"):
        page = site.look(path).text
        assert "broken<b>" not in page
        assert "broken&lt;b&gt;.jpg" in page


def test_a_list_goes_on_with_older_jobs(fileq, site, tmp_path):
    for number in range(60):
        (tmp_path / f"{number}.jpg").touch()
    batch = fileq.json("add", tmp_path)["batch"]
    newest, *_, oldest = (job["id"] for job in fileq.json("list", "--batch", str(batch)))
    first = site.look(f"/batches/{batch}").text
    older = site.look(find(rf'href="(/batches/{batch}\?before=\d+)"', first)).text
    assert f'href="/jobs/{newest}"' in first
    assert f'href="/jobs/{oldest}"' not in first
    assert f'href="/jobs/{oldest}"' in older
    assert f'href="/jobs/{newest}"' not in older
    assert "Newest" in older
    fileq.run("cancel", "--batch", str(batch))


def test_pictures_before_and_after_are_shown_and_no_other_file(fileq, site, failed):
    for path in ("/jobs/1/source", "/jobs/1/outputs/0"):
        reply = site.look(path)
        assert (reply.status, reply.headers["Content-Type"]) == (200, "image/webp")
    assert site.look(f"/jobs/{failed}/source").status == 404
    (fileq.folder / "photos" / "web" / "IMG_0001.jpg").unlink()
    gone = [site.look(f"/jobs/{number}/outputs/0").status for number in range(1, 7)]
    assert sorted(gone) == [200] * 5 + [404]


def test_figures_for_a_monitoring_system_are_there(site):
    reply = site.look("/metrics")
    assert reply.headers["Content-Type"].startswith("application/openmetrics-text")
    jobs = next(one for one in text_string_to_metric_families(reply.text) if one.name == "fileq_jobs")
    assert {sample.labels["state"]: sample.value for sample in jobs.samples}["done"] == 6


def test_a_page_is_told_what_changes_while_it_is_open(fileq, site):
    with streaming(site, "/live/overview") as reply:
        ((name, part),) = events_of(reply, 1)
        assert name == "part"
        assert "<dt>Done</dt><dd>6" in part
        fileq.run("pause")
        ((_, part),) = events_of(reply, 1)
        assert "Paused" in part
        fileq.run("resume")


def test_a_page_that_is_open_says_when_the_database_is_away_and_goes_on_when_it_is_back():
    away = LedgerError("The database is away.", "Wait.")
    rendered = iter(["one", away, away, "one"])

    def render():
        made = next(rendered)
        if isinstance(made, LedgerError):
            raise made
        return made

    async def read():
        events = live._events(render, is_over=lambda: False)
        return [await anext(events) for _ in range(4)]

    told = [event.splitlines()[:2] for event in asyncio.run(read())]
    trouble = ["event: trouble", f"data: {away}"]
    assert told == [["event: part", "data: one"], trouble, trouble, ["event: part", "data: one"]]
