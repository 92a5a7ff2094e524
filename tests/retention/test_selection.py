"""Which outputs are due: by age, by their recipe's own word, by what all take together."""

import time

import pytest

from fileq.roots import use_roots
from fileq.units import KeepDuration
from tests.support.jobs import recipe
from tests.support.old_outputs import output, retention_settings, run_cleanup


@pytest.fixture
def aged(ledger, out):
    """Outputs of 100 bytes and of 1, 2, 3 and 4 days: the number is the age."""
    for age in (1, 2, 3, 4):
        output(ledger, out / f"{age}.jpg", age=age, content="x" * 100)
    return out


def left(out):
    return sorted(int(path.stem) for path in out.iterdir()) if out.exists() else []


def test_outputs_stay_for_ever_where_nobody_said_anything(ledger, aged):
    result = run_cleanup(ledger, retention_settings("forever"))
    assert (result.outputs_removed, result.kept_changed, left(aged)) == (0, 0, [1, 2, 3, 4])
    assert ledger.database.connection.execute("select count(*) from cleanings").fetchone() == (0,)


def test_what_is_older_than_the_general_rule_goes(ledger, aged):
    result = run_cleanup(ledger, retention_settings("60h"), time.time())
    assert (result.outputs_removed, result.bytes_freed, left(aged)) == (2, 200, [1, 2])
    assert sorted(result.paths) == [str(aged / "3.jpg"), str(aged / "4.jpg")]


def test_an_age_that_is_asked_for_takes_the_place_of_the_general_rule(ledger, aged):
    run_cleanup(ledger, retention_settings("1h"), time.time(), older_than=KeepDuration.parse("84h"))
    assert left(aged) == [1, 2, 3]


@pytest.mark.parametrize("own", ["forever", "84h"])
def test_a_recipes_own_word_goes_first(ledger, aged, own):
    settings = retention_settings("1h", small=recipe(keep=KeepDuration.parse(own)))
    run_cleanup(ledger, settings, time.time(), older_than=KeepDuration.parse("2h"))
    assert left(aged) == ([1, 2, 3, 4] if own == "forever" else [1, 2, 3])


def test_the_recipes_word_in_force_now_counts_not_the_one_at_that_time(ledger, out):
    output(ledger, out / "5.jpg", age=5, keep=KeepDuration.parse("1h"))
    run_cleanup(ledger, retention_settings("30d", small=recipe(keep=KeepDuration.parse("10d"))), time.time())
    assert left(out) == [5]


def test_a_recipe_of_another_config_keeps_its_word_as_it_was(ledger, out):
    output(ledger, out / "5.jpg", age=5, keep=KeepDuration.parse("forever"))
    run_cleanup(ledger, retention_settings("1d", max_total=0), time.time())
    assert left(out) == [5]


@pytest.mark.parametrize(("most", "expected"), [(400, [1, 2, 3, 4]), (399, [1, 2, 3]), (200, [1, 2]), (0, [])])
def test_the_oldest_go_until_the_rest_fits(ledger, aged, most, expected):
    run_cleanup(ledger, retention_settings("forever", max_total=most), time.time())
    assert left(aged) == expected


def test_what_is_too_old_makes_room_first(ledger, aged):
    result = run_cleanup(ledger, retention_settings("60h", max_total=200), time.time())
    assert (result.outputs_removed, left(aged)) == (2, [1, 2])


def test_what_is_kept_for_ever_is_not_counted_and_not_removed(ledger, aged):
    output(ledger, aged / "9.jpg", age=9, content="y" * 1000, name="kept")
    run_cleanup(
        ledger, retention_settings("forever", max_total=300, kept=recipe("kept", keep=KeepDuration("inf"))), time.time()
    )
    assert left(aged) == [1, 2, 3, 9]


def test_what_is_gone_or_changed_already_takes_no_room(ledger, aged):
    (aged / "4.jpg").unlink()
    (aged / "3.jpg").write_text("mine")
    result = run_cleanup(ledger, retention_settings("forever", max_total=200), time.time())
    assert (result.outputs_removed, result.kept_changed, left(aged)) == (0, 1, [1, 2, 3])


@pytest.mark.parametrize("count", [499, 500, 501, 1200])
def test_any_number_is_removed_in_hands(ledger, out, count):
    out.mkdir()
    output(ledger, out / "first.jpg", age=9)
    with ledger.transaction():
        for number in range(count - 1):
            path = out / f"{number}.jpg"
            path.write_text("ours")
            status = path.stat()
            ledger.database.connection.execute(
                "insert into outputs (path, job_id, published_version, inode, bytes,"
                " published_at) values (?, 1, ?, ?, 4, ?)",
                (str(path), f"4-{status.st_mtime_ns}", status.st_ino, 1000.0 + number // 7),
            )
    planned = run_cleanup(ledger, dry_run=True)
    result = run_cleanup(ledger)
    assert (planned.outputs_removed, result.outputs_removed, result.bytes_freed) == (count, count, 4 * count)
    assert sorted(planned.paths) == sorted(result.paths)
    assert not out.exists() or left(out) == []
    assert ledger.database.connection.execute("select outputs, bytes from cleanings").fetchall() == [(count, 4 * count)]


@pytest.fixture
def root(tmp_path):
    """A root of the host, until the test says that it has none."""
    use_roots({"web": str(tmp_path / "web")})
    yield tmp_path / "web"
    use_roots({})


def test_what_lies_in_a_root_that_another_host_has_takes_no_room_here(ledger, out, root):
    for age in (1, 2, 3, 4):
        output(ledger, root / f"{age}.jpg", age=age, content="x" * 100)
    use_roots({})
    for age in (5, 6, 7):
        output(ledger, out / f"{age}.jpg", age=age, content="x" * 100)
    result = run_cleanup(ledger, retention_settings("156h", max_total=200), time.time())
    assert result.kept_changed == 0
    assert (left(out), left(root)) == ([5, 6], [1, 2, 3, 4])
    run_cleanup(ledger, retention_settings("forever", max_total=100), time.time())
    assert (left(out), left(root)) == ([5], [1, 2, 3, 4])
    use_roots({"web": str(root)})
    run_cleanup(ledger, retention_settings("forever", max_total=200), time.time())
    assert (left(out), left(root)) == ([], [1, 2]), "who has it counts all"


def test_what_lies_on_a_drive_that_is_away_takes_no_room(ledger, aged, tmp_path):
    for age in (5, 6):
        output(ledger, tmp_path / "drive" / f"{age}.jpg", age=age, content="x" * 100)
    ledger.database.connection.execute(
        "update folders set device = device + 1 where path = ?", (str(tmp_path / "drive"),)
    )
    result = run_cleanup(ledger, retention_settings("132h", max_total=300), time.time())
    assert (result.outputs_removed, left(aged), left(tmp_path / "drive")) == (1, [1, 2, 3], [5, 6])
