"""The contact sheet: which pictures are shown, and what becomes of those that can't be."""

import base64
import io
import os

import pytest
from PIL import Image

from fileq.report.sheet import MAX_COMPARISONS, _spread, build_contact_sheet
from tests.support.jobs import NOW

MANY = 1_000_000


def names(made):
    return [one.before.name for one in made.comparisons]


def test_a_comparison_shows_both_files_as_they_are(studio):
    source, output = studio.make(size=(400, 300))
    (one,) = build_contact_sheet(studio.ledger, NOW, NOW + 9, MANY).comparisons
    assert (one.recipe, one.before.path, one.after.path) == ("web", str(source), str(output))
    assert (one.before.width, one.before.height, one.before.bytes) == (400, 300, os.path.getsize(source))
    assert (one.after.width, one.after.height, one.after.bytes) == (200, 150, os.path.getsize(output))
    assert (one.before.shown_width, one.before.shown_height) == (240, 180)
    head, _, content = one.before.uri.partition(",")
    assert head == "data:image/webp;base64"
    assert Image.open(io.BytesIO(base64.b64decode(content))).size == (240, 180)


def test_pictures_come_from_all_recipes_and_from_all_of_the_time(studio):
    for number in range(60):
        studio.make(f"{number}.jpg", now=NOW + number)
    for number in range(60, 63):
        studio.make(f"{number}.jpg", "rare", now=NOW + number)
    shown = build_contact_sheet(studio.ledger, NOW, NOW + 99, MANY).comparisons
    assert len(shown) == MAX_COMPARISONS
    assert sum(one.recipe == "rare" for one in shown) == 3
    times = [one.finished_at - NOW for one in shown if one.recipe == "web"]
    assert times == sorted(times)
    assert max(after - before for before, after in zip([0, *times], [*times, 60], strict=True)) <= 6


def test_a_source_that_is_shown_comes_again_only_where_there_is_room(studio):
    for number in range(4):
        for wanted in ("web", "thumb"):
            studio.make(f"{number}.jpg", wanted, now=NOW + number)
    made = build_contact_sheet(studio.ledger, NOW, NOW + 99, MANY)
    assert sorted(names(made)) == sorted(f"{number}.jpg" for number in range(4) for _ in range(2))


def remove_source(source, output):
    source.unlink()


def remove_output(source, output):
    output.unlink()


def change_source(source, output):
    source.write_bytes(source.read_bytes() + b"x")


def change_output(source, output):
    os.utime(output, ns=(1, 1))


def make_source_a_folder(source, output):
    source.unlink()
    source.mkdir()


@pytest.mark.parametrize(
    "harm",
    [remove_source, remove_output, change_source, change_output, make_source_a_folder],
    ids=lambda one: one.__name__,
)
def test_what_is_gone_or_changed_is_left_out_and_counted(studio, harm):
    harm(*studio.make("bad.jpg"))
    studio.make("good.jpg")
    made = build_contact_sheet(studio.ledger, NOW, NOW + 9, MANY)
    assert (names(made), made.left_out) == (["good.jpg"], 1)


def test_a_picture_with_too_many_pixels_is_left_out(studio):
    studio.make("large.jpg", size=(400, 300))
    studio.make("small.jpg")
    made = build_contact_sheet(studio.ledger, NOW, NOW + 9, 40 * 30)
    assert (names(made), made.left_out) == (["small.jpg"], 1)


def test_a_file_that_is_damaged_without_another_time_is_left_out(studio):
    source, _ = studio.make("bad.jpg")
    about = os.stat(source)
    source.write_bytes(b"x" * about.st_size)
    os.utime(source, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert build_contact_sheet(studio.ledger, NOW, NOW + 9, MANY).left_out == 1


def test_it_does_not_look_for_ever_where_all_files_are_gone(studio):
    for number in range(5 * MAX_COMPARISONS):
        studio.make(f"{number}.jpg", f"r{number % 3}")[1].unlink()
    made = build_contact_sheet(studio.ledger, NOW, NOW + 9, MANY)
    assert made.comparisons == []
    assert made.left_out == 4 * MAX_COMPARISONS


@pytest.mark.parametrize("count", [1, 2, 3, 8, 96, 100])
def test_every_start_of_a_spread_list_is_spread_over_all(count):
    spread = _spread(list(range(count)))
    assert sorted(spread) == list(range(count))
    gaps = [
        after - before for before, after in zip([0, *sorted(spread[:8])], [*sorted(spread[:8]), count], strict=True)
    ]
    assert max(gaps) <= max(2, count / 3)
