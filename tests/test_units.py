import pytest
from hypothesis import given
from hypothesis import strategies as st

from fileq.units import (
    ByteSize,
    Dimensions,
    Duration,
    KeepDuration,
    Size,
    describe_bytes,
    describe_bytes_change,
    describe_saving,
    describe_seconds,
)

sides = st.none() | st.integers(1, 10**6)


@given(st.integers(0, 2**50))
def test_a_size_in_bytes_is_read_as_it_was_written(count):
    assert ByteSize.parse(str(ByteSize(count))) == count


@given(st.integers(0, 10**5).map(float) | st.integers(0, 10**3).map(lambda days: days * 86400.0))
def test_a_duration_is_read_as_it_was_written(seconds):
    assert Duration.parse(str(Duration(seconds))) == seconds
    assert KeepDuration.parse(str(KeepDuration(seconds))) == seconds


@given(st.just(0.0) | st.floats(1e-9, 1e12))
def test_no_duration_is_changed_by_writing_it(seconds):
    assert Duration.parse(str(Duration(seconds))) == seconds


def test_forever_is_read_as_it_was_written():
    assert str(KeepDuration.parse("forever")) == "forever"
    assert KeepDuration.parse("forever") == float("inf")


@given(sides, sides)
def test_dimensions_are_read_as_they_were_written(width, height):
    if width is height is None:
        return
    assert Dimensions.parse(str(Dimensions(width, height))) == Dimensions(width, height)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2 GiB", 2**31), ("300 KB", 300_000), ("300kb", 300_000), (" 1.5 MiB ", 1_572_864),
        ("512", 512), (512, 512), ("1k", 1024), ("1 tb", 10**12),
    ],
)  # fmt: skip
def test_sizes_are_read_as_people_write_them(text, count):
    assert ByteSize.parse(text) == count


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("2h", 7200), ("30d", 2_592_000), (1.5, 1.5)])
def test_durations_are_read_as_people_write_them(text, seconds):
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "much", "-5", "5 parsecs", "1,5 MB", None, True, [], "1e400", "nan", "inf"])
@pytest.mark.parametrize("unit", [ByteSize, Duration])
def test_what_is_no_quantity_is_refused_with_an_example(unit, text):
    with pytest.raises(ValueError, match="write it like"):
        unit.parse(text)


@pytest.mark.parametrize("text", ["", "x", "1600", "1600*1200", "-1x5", "1.5x2", None, 1600])
def test_what_is_no_picture_size_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="write it like"):
        Dimensions.parse(text)


def test_a_side_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        Dimensions.parse("0x5")


def test_equal_dimensions_are_one_key_of_a_set():
    assert len({Dimensions(1, None), Dimensions(1, None), Dimensions(None, 1)}) == 2


def test_a_turned_size_has_its_sides_exchanged():
    assert Size(4000, 3000).transposed == Size(3000, 4000)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1 KB"), (1_250_000_000, "1.25 GB"), (2.5e15, "2,500 TB")]
)
def test_bytes_are_told_with_three_figures(count, text):
    assert describe_bytes(count) == text


@given(st.floats(0, 10**15))
def test_no_size_is_told_in_powers_of_ten(count):
    assert "e" not in describe_bytes(count)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.44, "0.4 s"), (12, "12 s"), (59.7, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"),
        (71 * 3600, "71 h 0 min"), (5.5 * 86400, "5 days"), (1.8e9, "20,833 days"),
    ],
)  # fmt: skip
def test_seconds_are_told_in_the_units_of_a_clock(seconds, text):
    assert describe_seconds(seconds) == text


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (0, 0, ""), (100, 100, "the same"), (1000, 80, "92 % less"), (100, 103, "3 % more"),
        (100_000, 1, "99.9 % less"), (1000, 4, "99.6 % less"), (1000, 0, "100 % less"), (1000, 999, "under 1 % less"),
        (10, 500, "4,900 % more"),
    ],
)  # fmt: skip
def test_what_was_saved_is_a_share(before, after, said):
    assert describe_saving(before, after) == said


def test_bytes_in_and_out_are_told_with_what_was_saved():
    assert describe_bytes_change(402_000_000, 31_000_000) == "402 MB → 31 MB, 92 % less"
    assert describe_bytes_change(0, 0) == "none"
