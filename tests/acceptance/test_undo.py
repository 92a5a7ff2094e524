"""What a batch made goes, what it replaced comes back, and what somebody changed stays."""

import pytest

from tests.acceptance.program import Program, files


@pytest.fixture
def before(fileq: Program, photos):
    """The content of each photo."""
    del fileq
    return contents(photos)


def contents(folder):
    return {name: (folder / name).read_bytes() for name in files(folder)}


def kept(fileq: Program):
    """The files that were replaced: beside the database, and not among the photos."""
    return sorted(fileq.folder.rglob(".fileq-*.replaced"))


def test_undo_removes_what_the_batch_made_and_its_folder(fileq, photos, before):
    fileq.run("run", photos)
    document = fileq.json("undo", "1")
    assert (document["batch"], document["outputs_removed"], document["put_back"]) == (1, len(before), [])
    assert contents(photos) == before
    assert fileq.json("undo", "1")["outputs_removed"] == 0


def test_clean_with_a_batch_does_the_same(fileq, photos, before):
    fileq.run("run", photos)
    fileq.run("run", photos, "-r", "thumbnail")
    assert fileq.json("clean", "--batch", "1")["outputs_removed"] == len(before)
    assert sorted({name.partition("/")[0] for name in files(photos)} - before.keys()) == ["thumbnail"]
    fileq.run("clean", "--batch", "1", "--older-than", "3d", expect=2)


def test_a_dry_run_says_what_would_go_and_changes_nothing(fileq, photos, before):
    fileq.run("run", photos)
    made = contents(photos)
    document = fileq.json("undo", "1", "--dry-run")
    assert document["outputs_removed"] == len(document["outputs"]) == len(before)
    assert "Nothing was changed." in fileq.run("undo", "1", "--dry-run").stdout
    assert contents(photos) == made


def test_an_output_that_somebody_changed_stays_and_is_said(fileq, photos, before):
    fileq.run("run", photos)
    changed = photos / "web" / files(photos / "web")[0]
    changed.write_bytes(b"mine")
    ran = fileq.run("undo", "1")
    assert f"1 output was changed by somebody, and kept.\nkept photos/web/{changed.name}\n" in ran.stderr
    assert contents(photos) == before | {f"web/{changed.name}": b"mine"}
    assert "Nothing was undone." in fileq.run("undo", "1").stdout


def test_what_a_later_batch_made_anew_is_named_with_what_undoes_it(fileq, photos):
    fileq.run("run", photos)
    name = min(files(photos))
    (photos / name).write_bytes((photos / "IMG_0002.jpg").read_bytes())
    fileq.run("run", photos / name)
    ran = fileq.run("undo", "1")
    assert "1 output was made anew by batch 2, and kept. Undo that first: fileq undo 2" in ran.stderr
    assert files(photos / "web") == [name]
    fileq.run("undo", "2")
    assert "Nothing to undo." in fileq.run("undo", "1").stdout


def test_originals_that_were_replaced_twice_come_back_by_the_undo_of_the_first_batch(fileq, photos, before):
    fileq.run("run", photos, "--resize", "50x", "--replace")
    fileq.run("run", photos, "--resize", "20x", "--replace")
    ran = fileq.run("undo", "2", expect=1)
    assert f"{len(before)} files had been replaced by batch 1 before" in ran.stderr
    assert "Put the originals back: fileq undo 1" in ran.stderr
    assert fileq.json("undo", "2", "--dry-run", expect=1)["originals"] == [{"batch": 1, "files": len(before)}]
    assert sorted(fileq.json("undo", "1")["put_back"]) == sorted(str(photos / name) for name in before)
    assert contents(photos) == before
    assert kept(fileq) == []
    assert "Nothing to undo." in fileq.run("undo", "2").stdout


def test_a_strangers_file_comes_back_once_later_outputs_in_its_place_are_undone(fileq, photos):
    name = min(files(photos))
    (photos / "web").mkdir()
    (photos / "web" / name).write_bytes(b"theirs")
    fileq.run("run", photos / name, "--overwrite", "-r", "web")
    (photos / name).write_bytes((photos / "IMG_0002.jpg").read_bytes())
    fileq.run("run", photos / name, "-r", "web", "--overwrite")
    ran = fileq.run("undo", "1")
    assert "1 output was made anew by batch 2, and kept. Undo that first: fileq undo 2" in ran.stderr
    assert "by somebody" not in ran.stderr
    assert fileq.json("undo", "1")["remade"] == [{"batch": 2, "outputs": 1}]
    fileq.run("undo", "2")
    fileq.run("undo", "1")
    assert contents(photos / "web") == {name: b"theirs"}


@pytest.mark.usefixtures("photos")
def test_batches_show_what_was_undone(fileq):
    fileq.run("run", "photos")
    fileq.run("run", "photos", "-r", "thumbnail")
    fileq.run("undo", "1")
    assert [one["removed"] for one in fileq.json("batches")] == [False, True]
    _, second, first = fileq.run("batches").stdout.splitlines()
    assert first.endswith("  removed")
    assert second.endswith("  photos/thumbnail")


def test_originals_that_were_replaced_come_back(fileq, photos, before):
    said = fileq.run("run", photos, "--resize", "50x", "--replace").stdout
    assert f"{len(before)} files; put them back: fileq undo 1" in said
    assert all((photos / name).read_bytes() != content for name, content in before.items())
    assert fileq.json("undo", "1", "--dry-run")["put_back"] == fileq.json("undo", "1")["put_back"]
    assert contents(photos) == before
    fileq.run("run", photos, "--resize", "50x", "--replace")
    assert all((photos / name).read_bytes() != content for name, content in before.items())


def test_a_strangers_file_that_was_overwritten_comes_back(fileq, photos):
    name = files(photos)[0]
    (photos / "web").mkdir()
    (photos / "web" / name).write_bytes(b"theirs")
    fileq.run("run", photos / name, "--overwrite", "-r", "web")
    assert (photos / "web" / name).read_bytes() != b"theirs"
    fileq.run("run", photos / name, "--overwrite", "-r", "web", "--force")
    number = fileq.json("batches")[0]["batch"]
    assert fileq.json("undo", str(number))["put_back"] == [str(photos / "web" / name)]
    assert contents(photos / "web") == {name: b"theirs"}


def test_a_replacement_that_somebody_edited_since_stays(fileq, photos, before):
    fileq.run("run", photos, "--resize", "50x", "--replace")
    first, *others = before
    (photos / first).write_bytes(b"edited")
    fileq.run("undo", "1")
    assert (photos / first).read_bytes() == b"edited"
    assert all((photos / name).read_bytes() == before[name] for name in others)


def test_what_was_not_kept_is_said_and_the_output_stays(fileq, photos, before):
    fileq.run("run", photos, "--resize", "50x", "--replace")
    for file in kept(fileq):
        file.unlink()
    made = contents(photos)
    ran = fileq.run("undo", "1", expect=1)
    assert ran.stderr.count("was not kept, so it can't be put back. The output stays.") == len(before)
    assert contents(photos) == made


def test_what_was_replaced_is_nobodys_source(fileq, photos, before):
    fileq.run("run", photos, "--resize", "50x", "--replace")
    assert fileq.json("run", photos, "-r", "thumbnail")["queued"] == len(before)


def test_what_was_replaced_goes_after_its_time(fileq, photos, before):
    fileq.run("run", photos, "--resize", "50x", "--replace")
    fileq.run("clean")
    assert len(kept(fileq)) == len(before)
    fileq.pretend("update replaced_files set replaced_at = replaced_at - 31 * 86400")
    fileq.run("clean")
    assert files(photos) == sorted(before)
    assert kept(fileq) == []
    fileq.run("undo", "1", expect=1)
    assert files(photos) == sorted(before)


def test_a_batch_that_is_not_at_its_end_or_is_none_is_refused(fileq, photos):
    fileq.run("add", photos)
    assert "fileq cancel --batch 1" in fileq.run("undo", "1", expect=2).stderr
    assert "There is no batch 9." in fileq.run("undo", "9", expect=2).stderr
