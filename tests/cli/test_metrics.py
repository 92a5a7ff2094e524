"""fileq metrics prints figures, and says what it needs for that."""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def test_figures_are_printed_as_a_monitoring_system_reads_them(fileq):
    fileq("add", fileq.photo("a.png"))
    ran = fileq("metrics")
    assert (ran.code, ran.err) == (0, "")
    jobs = next(family for family in text_string_to_metric_families(ran.out) if family.name == "fileq_jobs")
    assert {sample.labels["state"]: sample.value for sample in jobs.samples}["queued"] == 1


def test_without_its_package_it_says_what_to_install(fileq, monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client.core", None)
    monkeypatch.delitem(sys.modules, "fileq.metrics", raising=False)
    ran = fileq("metrics")
    assert ran.code == 2
    assert "fileq[metrics]" in ran.err


def test_the_older_format_has_no_kinds_that_only_the_newer_one_knows(fileq):
    fileq("add", fileq.photo("a.png"))
    ran = fileq("metrics", "--format", "prometheus")
    kinds = {line.split()[-1] for line in ran.out.splitlines() if line.startswith("# TYPE")}
    assert kinds <= {"gauge", "counter", "histogram", "summary", "untyped"}
    assert 'fileq_jobs{state="queued"} 1.0' in ran.out
    assert "# EOF" not in ran.out
