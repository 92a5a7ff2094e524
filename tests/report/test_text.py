"""Figures in plain English."""

from datetime import UTC
from zoneinfo import ZoneInfo

import msgspec
import pytest

from fileq.report import text
from fileq.report.figures import JobCounts, compute_figures


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0.0 s"), (0.0321, "32 ms"), (0.9999, "1.0 s"), (4.24, "4.2 s"), (200, "3 min 20 s")]
)
def test_short_times_are_told_in_milliseconds(seconds, said):
    assert text.describe_duration(seconds) == said


def test_the_stretch_is_told_in_local_time(ledger):
    found = compute_figures(ledger, 1_790_000_000, 1_790_600_000, UTC)
    assert text.describe_period(found, UTC) == "21 Sep 2026 14:13 to 28 Sep 2026 12:53"
    assert text.describe_period(found, ZoneInfo("Asia/Tokyo")) == "21 Sep 2026 23:13 to 28 Sep 2026 21:53"
    assert text.day_labels(found)[0] == "21 Sep"
    hours = compute_figures(ledger, 1_790_000_000, 1_790_010_000, ZoneInfo("Asia/Tokyo"))
    assert text.day_labels(hours) == ["23:00", "00:00", "01:00"]


def test_what_grew_was_not_saved(ledger):
    found = msgspec.structs.replace(compute_figures(ledger, 0, 9, UTC), bytes_in=10, bytes_out=20, bytes_saved=-10)
    assert text.headline(found) == "0 jobs done"
    assert "Bytes:    10 B → 20 B, 100 % more\n" in text.describe_figures(
        msgspec.structs.replace(found, jobs=JobCounts(1, 0)), UTC
    )
