"""fileq report, as it is called."""

import os
import sqlite3
import time

import pytest

from fileq.errors import ExitCode


@pytest.fixture
def worked(fileq):
    for name in ("a.jpg", "b.jpg"):
        fileq.photo(name)
    with open(fileq.photo("c.jpg"), "wb") as file:
        file.write(b"no picture")
    assert fileq("run", "photos", "-r", "thumbnail", "-w", "1").code == ExitCode.FAILED
    return fileq


def test_the_document_has_all_figures(worked):
    found = worked("report", "--json").document
    assert set(found) == {
        "since", "until", "jobs", "files", "outputs", "bytes_in", "bytes_out", "bytes_saved", "seconds", "recipes",
        "formats", "days", "failures", "watches", "hosts", "removed", "vanished",
    }  # fmt: skip
    assert (found["jobs"], found["files"], found["outputs"]) == ({"done": 2, "failed": 1}, 3, 2)
    folder = worked.folder / "photos"
    assert found["bytes_in"] == sum(os.path.getsize(folder / name) for name in ("a.jpg", "b.jpg"))
    assert found["bytes_out"] == sum(os.path.getsize(folder / "thumbnail" / name) for name in ("a.jpg", "b.jpg"))
    (failure,) = found["failures"]
    assert (failure["kind"], failure["count"]) == ("unreadable", 1)
    assert failure["example"]["source"] == str(folder / "c.jpg")
    assert failure["hint"]
    assert found["recipes"][0]["recipe"] == "thumbnail"
    assert found["formats"] == [{"format": "jpeg", "outputs": 2, "bytes": found["bytes_out"]}]
    assert found["removed"] == {"outputs": 0, "bytes": 0, "kept_changed": 0}
    assert (found["watches"], found["vanished"]) == ([], 0)
    assert found["until"].endswith("Z")
    assert 8 <= len(found["days"]) <= 9
    assert sum(day["done"] for day in found["days"]) == 2
    assert set(found["days"][0]) == {"date", "start", "done", "failed", "bytes_in", "bytes_out"}


def test_people_read_figures_plots_failures_and_what_mends_them(worked):
    told = worked("report").out
    for part in ("2 done, 1 failed", "Jobs by day   █ done   ░ failed", "Time by recipe", "thumbnail", "jpeg",
                 "1 job failed: unreadable", "get the picture again"):  # fmt: skip
        assert part in told
    assert "\x1b" not in told


def test_an_empty_stretch_is_said_in_a_sentence(fileq):
    ran = fileq("report")
    assert (ran.code, ran.out.splitlines()[1:]) == (ExitCode.DONE, ["Nothing was done in this time."])
    assert fileq("report", "--json").document["jobs"] == {"done": 0, "failed": 0}


def test_since_says_how_far_back(worked):
    with sqlite3.connect(worked.database) as connection:
        connection.execute("update jobs set finished_at = finished_at - 3 * 86400 where source like '%a.jpg'")
    connection.close()

    def done(*since):
        return worked("report", "--json", *since).document["jobs"]["done"]

    assert (done(), done("--since", "2d"), done("--since", "1h"), done("--since", "2001-05-17")) == (2, 1, 1, 2)
    day_before_yesterday = time.strftime("%Y-%m-%d", time.localtime(time.time() - 2 * 86400))
    assert done("--since", day_before_yesterday) == 1
    assert "Jobs by hour" in worked("report", "--since", "5h").out


@pytest.mark.parametrize("since", ["tomorrow", "0d", "2999-01-01", "", "99999999999d", "0001-01-01"])
def test_a_time_that_is_none_or_not_past_is_wrong_usage(fileq, since):
    ran = fileq("report", "--since", since)
    assert ran.code == ExitCode.USAGE
    assert "--since" in ran.err
    assert "7d" in ran.err


def test_html_and_json_go_together_and_stderr_says_where_the_page_is(worked):
    ran = worked("report", "--html", "page.html", "--json")
    assert ran.code == ExitCode.DONE
    assert ran.document["jobs"]["done"] == 2
    assert ran.err == f"The page is at {worked.folder / 'page.html'}.\n"
    assert (worked.folder / "page.html").read_text(encoding="utf-8").count("<img") == 4


def test_a_page_that_cannot_be_written_is_an_error_and_no_traceback(worked):
    missing = worked("report", "--html", "none/page.html")
    assert (missing.code, missing.out) == (ExitCode.USAGE, "")
    assert f"There is no folder {worked.folder / 'none'}" in missing.err
    assert worked("report", "--html", "photos").code == ExitCode.USAGE
    assert worked("report", "--html", "/proc/page.html").code in (ExitCode.ENVIRONMENT, ExitCode.USAGE)


def test_too_many_pixels_for_a_job_are_too_many_for_the_page(worked):
    (worked.folder / "fileq.toml").write_text("[worker]\nmax_pixels = 100\n")
    worked("report", "--html", "page.html")
    assert "2 pairs could not be shown" in (worked.folder / "page.html").read_text(encoding="utf-8")
