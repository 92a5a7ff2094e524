"""Figures in plain English."""

from datetime import UTC
from zoneinfo import ZoneInfo

import msgspec
import pytest

from fileq.report import text
from fileq.report.figures import figures


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (0, 0, ""), (100, 100, "the same"), (1000, 80, "92 % less"), (100, 103, "3 % more"),
        (100_000, 1, "99.9 % less"), (1000, 4, "99.6 % less"), (1000, 0, "100 % less"), (1000, 999, "under 1 % less"),
        (10, 500, "4,900 % more"),
    ],
)  # fmt: skip
def test_what_was_saved_is_a_share(before, after, said):
    assert text.share_saved(before, after) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0.0 s"), (0.0321, "32 ms"), (0.9999, "1.0 s"), (4.24, "4.2 s"), (200, "3 min 20 s")]
)
def test_short_times_are_told_in_milliseconds(seconds, said):
    assert text.took(seconds) == said


def test_the_stretch_is_told_in_local_time(ledger):
    found = figures(ledger, 1_790_000_000, 1_790_600_000, UTC)
    assert text.stretch(found, UTC) == "21 Sep 2026 14:13 to 28 Sep 2026 12:53"
    assert text.stretch(found, ZoneInfo("Asia/Tokyo")) == "21 Sep 2026 23:13 to 28 Sep 2026 21:53"
    assert text.days(found)[0] == "21 Sep"
    hours = figures(ledger, 1_790_000_000, 1_790_010_000, ZoneInfo("Asia/Tokyo"))
    assert text.days(hours) == ["23:00", "00:00", "01:00"]


def test_what_grew_was_not_saved(ledger):
    found = msgspec.structs.replace(figures(ledger, 0, 9, UTC), bytes_in=10, bytes_out=20, bytes_saved=-10)
    assert text.headline(found) == "0 jobs done"
    assert text.bytes_in_words(found) == "10 B → 20 B, 100 % more"
