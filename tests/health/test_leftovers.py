import os

from fileq.files.names import temp_name
from fileq.health.check import State
from tests.support.jobs import NOW, begin, enter
from tests.support.publication import claim, make, reserved, written

WEEK = 7 * 86400


def leave(ledger, folder, job=99, attempt=1, ending=""):
    path = folder / f".fileq-{ledger.name}-{job}-{attempt}-0.tmp{ending}"
    path.write_text("left" * 25)
    return path


def test_no_temp_file_is_well(patient, tmp_path):
    make(patient.ledger, tmp_path / "out" / "a.jpg")
    found = patient.look("temp files")
    assert (found.state, found.message) == (State.OK, "None is left over.")


def test_a_temp_file_beside_outputs_that_nobody_makes_is_told(patient, tmp_path):
    make(patient.ledger, tmp_path / "out" / "a.jpg")
    leave(patient.ledger, tmp_path / "out")
    leave(patient.ledger, tmp_path / "out", ending=".encoded.png")
    found = patient.look("temp files")
    assert found.state is State.WARNING
    assert found.message == f"2 temp files left over, 200 B, in {tmp_path / 'out'}."
    assert f".fileq-{patient.ledger.name}-*" in found.remedy


def test_a_temp_file_that_the_ledger_knows_of_is_told(patient, tmp_path):
    claimed = claim(patient.ledger)
    written(claimed, reserved(patient.ledger, claimed, tmp_path / "out" / "a.jpg"))
    assert patient.look("temp files").state is State.OK
    patient.ledger.jobs.cancel_jobs([claimed.token.job], NOW)
    assert patient.look("temp files").state is State.WARNING


def test_a_running_attempts_temp_files_are_its_own_and_an_earlier_ones_are_not(patient, tmp_path):
    ledger, folder = patient.ledger, tmp_path / "out"
    folder.mkdir()
    (job,) = enter(ledger, folder=str(folder))
    ledger.jobs.lose_attempt(begin(ledger, job), NOW)
    token = begin(ledger, job)
    (folder / temp_name(ledger.name, ledger.secret, job, token.attempt, 0)).write_text("under way")
    assert patient.look("temp files").state is State.OK
    leave(ledger, folder, job, 1)
    assert "1 temp file left over" in patient.look("temp files").message


def test_other_files_are_nobodys_business(patient, tmp_path):
    make(patient.ledger, tmp_path / "out" / "a.jpg")
    for name in (".fileq-abcdef-1-1-0.tmp", ".fileq.tmp", f"{os.path.basename(patient.ledger.name)}.tmp", ".hidden"):
        (tmp_path / "out" / name).write_text("x")
    assert patient.look("temp files").state is State.OK


def test_folders_of_the_last_week_are_looked_at(patient, tmp_path):
    make(patient.ledger, tmp_path / "out" / "a.jpg")
    leave(patient.ledger, tmp_path / "out")
    patient.ledger.database.connection.execute("update jobs set finished_at = ?", (NOW,))
    assert patient.look("temp files", NOW + WEEK - 1).state is State.WARNING
    assert patient.look("temp files", NOW + WEEK).state is State.OK


def test_one_that_could_not_be_removed_is_told_wherever_it_is(patient, tmp_path):
    temp = leave(patient.ledger, tmp_path)
    assert patient.look("temp files").state is State.OK  # nothing goes into this folder
    patient.ledger.leftover_temps.insert_temps([str(temp), str(tmp_path / "gone" / ".tmp")], NOW)
    assert "1 temp file left over" in patient.look("temp files").message


def test_a_folder_that_is_gone_is_no_fault(patient, tmp_path):
    make(patient.ledger, tmp_path / "out" / "a.jpg")
    (tmp_path / "out" / "a.jpg").unlink()
    (tmp_path / "out").rmdir()
    assert patient.look("temp files").state is State.OK
