import os

from fileq.files.names import temp_name
from fileq.health.check import CheckState
from tests.support.jobs import NOW, begin, enter
from tests.support.publication import claim, make, reserved, written

WEEK = 7 * 86400


def leave(ledger, folder, job=99, attempt=1, ending=""):
    path = folder / f".fileq-{ledger.name}-{job}-{attempt}-0.tmp{ending}"
    path.write_text("left" * 25)
    return path


def test_no_temp_file_is_well(checked, tmp_path):
    make(checked.ledger, tmp_path / "out" / "a.jpg")
    found = checked.run_check("temp files")
    assert (found.state, found.message) == (CheckState.OK, "No temp file is left over.")


def test_a_temp_file_beside_outputs_that_nobody_makes_is_told(checked, tmp_path):
    make(checked.ledger, tmp_path / "out" / "a.jpg")
    leave(checked.ledger, tmp_path / "out")
    leave(checked.ledger, tmp_path / "out", ending=".encoded.png")
    found = checked.run_check("temp files")
    assert found.state is CheckState.WARNING
    assert found.message == f"2 temp files left over, 200 B, in {tmp_path / 'out'}."
    assert f".fileq-{checked.ledger.name}-*" in found.remedy


def test_a_temp_file_that_the_ledger_knows_of_is_told(checked, tmp_path):
    claimed = claim(checked.ledger)
    written(claimed, reserved(checked.ledger, claimed, tmp_path / "out" / "a.jpg"))
    assert checked.run_check("temp files").state is CheckState.OK
    checked.ledger.jobs.cancel_jobs([claimed.token.job_id], NOW)
    assert checked.run_check("temp files").state is CheckState.WARNING


def test_a_running_attempts_temp_files_are_its_own_and_an_earlier_ones_are_not(checked, tmp_path):
    ledger, folder = checked.ledger, tmp_path / "out"
    folder.mkdir()
    (job,) = enter(ledger, folder=str(folder))
    ledger.attempts.lose_attempt(begin(ledger, job), NOW)
    token = begin(ledger, job)
    (folder / temp_name(ledger.name, ledger.secret, job, token.attempt, 0)).write_text("under way")
    assert checked.run_check("temp files").state is CheckState.OK
    leave(ledger, folder, job, 1)
    assert "1 temp file left over" in checked.run_check("temp files").message


def test_other_files_are_nobodys_business(checked, tmp_path):
    make(checked.ledger, tmp_path / "out" / "a.jpg")
    for name in (".fileq-abcdef-1-1-0.tmp", ".fileq.tmp", f"{os.path.basename(checked.ledger.name)}.tmp", ".hidden"):
        (tmp_path / "out" / name).write_text("x")
    assert checked.run_check("temp files").state is CheckState.OK


def test_folders_of_the_last_week_are_looked_at(checked, tmp_path):
    make(checked.ledger, tmp_path / "out" / "a.jpg")
    leave(checked.ledger, tmp_path / "out")
    checked.ledger.database.connection.execute("update jobs set finished_at = ?", (NOW,))
    assert checked.run_check("temp files", NOW + WEEK - 1).state is CheckState.WARNING
    assert checked.run_check("temp files", NOW + WEEK).state is CheckState.OK


def test_one_that_could_not_be_removed_is_told_wherever_it_is(checked, tmp_path):
    temp = leave(checked.ledger, tmp_path)
    assert checked.run_check("temp files").state is CheckState.OK  # nothing goes into this folder
    checked.ledger.leftover_temps.insert_temps([str(temp), str(tmp_path / "gone" / ".tmp")], NOW)
    assert "1 temp file left over" in checked.run_check("temp files").message


def test_a_folder_that_is_gone_is_no_fault(checked, tmp_path):
    make(checked.ledger, tmp_path / "out" / "a.jpg")
    (tmp_path / "out" / "a.jpg").unlink()
    (tmp_path / "out").rmdir()
    assert checked.run_check("temp files").state is CheckState.OK
