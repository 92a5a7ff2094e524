"""What retention never touches: what somebody changed, sources, work under way, and whatever a link leads to."""

import os
import time

import pytest

from fileq.files import directory
from fileq.retention import removal
from tests.support.jobs import NOW, enter
from tests.support.old_outputs import DAY, files_below, one, output, retention_settings, run_cleanup
from tests.support.publication import claim, make, replace_original, reserved, written


def untouched(ledger, path, *, changed):
    """A cleanup leaves what stands at `path`, and counts it as `changed` or not at all."""
    status = os.lstat(path)
    planned, result = run_cleanup(ledger, dry_run=True), run_cleanup(ledger)
    for figures in (planned, result):
        assert (figures.outputs_removed, figures.kept_changed, figures.failed) == (0, int(changed), 0)
    assert os.path.samestat(os.lstat(path), status)
    assert one(ledger, "select count(*) from outputs where hidden_path is not null or removed_at is not null") == (0,)


@pytest.fixture(params=["handles", "plain paths"])
def ways(request, monkeypatch):
    """How folders are reached: by handles, or by plain paths, as on Windows."""
    monkeypatch.setattr(directory, "HAS_HANDLES", request.param == "handles")


@pytest.fixture
def ours(ledger, out):
    path = out / "a.jpg"
    output(ledger, path)
    return path


def rewrite(path):
    path.write_text("mine")


def touch(path):
    os.utime(path, ns=(0, 0))


def copy_back(path):
    """The same content and time, in another file."""
    status = path.stat()
    path.rename(path.with_suffix(".old"))
    path.write_text("ours")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def link_to_it(path):
    path.rename(path.with_suffix(".old"))
    path.symlink_to(path.with_suffix(".old"))


def make_folder(path):
    path.unlink()
    path.mkdir()


def make_pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("change", [rewrite, touch, copy_back, link_to_it, make_folder, make_pipe])
@pytest.mark.usefixtures("ways")
def test_what_is_not_the_file_that_fileq_wrote_stays(ledger, ours, change):
    change(ours)
    untouched(ledger, ours, changed=True)


@pytest.mark.usefixtures("ways")
def test_an_output_that_is_gone_is_noted_and_not_counted(ledger, ours):
    ours.unlink()
    result = run_cleanup(ledger)
    assert (result.outputs_removed, result.kept_changed) == (0, 0)
    assert one(ledger, "select vanished_at is not null, removed_at, published_version is null from outputs") == (
        1,
        None,
        0,
    )


def test_one_that_came_back_is_removed_after_all(ledger, ours):
    ours.rename(ours.with_suffix(".away"))
    run_cleanup(ledger)
    ours.with_suffix(".away").rename(ours)
    assert run_cleanup(ledger).outputs_removed == 1
    assert one(ledger, "select vanished_at, removed_at is not null from outputs") == (None, 1)


def test_an_output_that_is_another_jobs_source_stays(ledger, ours):
    enter(ledger, str(ours))
    untouched(ledger, ours, changed=False)


@pytest.mark.parametrize("link", ["the folder", "the file"])
def test_so_does_one_that_another_job_knows_by_a_link(ledger, ours, tmp_path, link):
    way = tmp_path / "way"
    way.symlink_to(ours.parent if link == "the folder" else ours)
    enter(ledger, str(way / ours.name if link == "the folder" else way))
    untouched(ledger, ours, changed=False)


def test_one_that_took_its_sources_place_stays(ledger, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_text("an original")
    replace_original(ledger, path)
    assert path.read_text() == "ours"
    untouched(ledger, path, changed=False)


def test_so_it_does_where_the_source_was_named_by_another_way(ledger, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "way").symlink_to("real")
    path = tmp_path / "real" / "photo.jpg"
    path.write_text("an original")
    replace_original(ledger, tmp_path / "way" / "photo.jpg", path)
    untouched(ledger, path, changed=False)


def test_an_output_below_a_link_stays_where_its_real_path_is_a_source(ledger, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "way").symlink_to("real")
    output(ledger, tmp_path / "way" / "a.jpg")
    enter(ledger, str(tmp_path / "real" / "a.jpg"))
    untouched(ledger, tmp_path / "real" / "a.jpg", changed=False)


def test_an_output_that_is_being_made_anew_stays(ledger, out):
    path = out / "a.jpg"
    job = output(ledger, path)
    ledger.jobs.requeue_job(job, ledger.batches.insert_batch("fileq", NOW), NOW, recipe_id=1)
    untouched(ledger, path, changed=False)
    claimed = claim(ledger, job=job)
    places = reserved(ledger, claimed, path)
    written(claimed, places)
    assert run_cleanup(ledger).outputs_removed == 0
    assert files_below(out) == sorted(["a.jpg", os.path.basename(places[0].temp)])


def test_a_folder_that_was_a_link_when_it_was_used_is_cleaned_where_it_really_is(ledger, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "way").symlink_to("real")
    output(ledger, tmp_path / "way" / "a.jpg")
    assert run_cleanup(ledger).outputs_removed == 1
    assert files_below(tmp_path / "real") == []


@pytest.mark.usefixtures("ways")
def test_a_folder_that_became_a_link_is_not_followed(ledger, ours, tmp_path):
    """Not even to the very files that it led to before."""
    ours.parent.rename(tmp_path / "elsewhere")
    ours.parent.symlink_to("elsewhere")
    untouched(ledger, tmp_path / "elsewhere" / "a.jpg", changed=True)


@pytest.mark.usefixtures("ways")
def test_nor_one_that_lies_above_it(ledger, tmp_path):
    output(ledger, tmp_path / "top" / "below" / "a.jpg")
    (tmp_path / "top").rename(tmp_path / "elsewhere")
    (tmp_path / "top").symlink_to("elsewhere")
    untouched(ledger, tmp_path / "elsewhere" / "below" / "a.jpg", changed=True)


@pytest.mark.usefixtures("ways")
def test_another_folder_in_the_place_of_ours_is_left_alone(ledger, ours, tmp_path):
    status = ours.stat()
    ours.parent.rename(tmp_path / "moved")
    ours.parent.mkdir()
    os.link(tmp_path / "moved" / "a.jpg", ours)
    assert ours.stat().st_ino == status.st_ino
    untouched(ledger, ours, changed=True)


@pytest.mark.usefixtures("ways")
def test_a_drive_that_was_taken_out_leaves_everything_open(ledger, ours, tmp_path):
    """The folder is gone, and what is there in its stead is another device's."""
    ledger.database.connection.execute("update folders set device = device + 1")
    ours.parent.rename(tmp_path / "out of reach")
    result = run_cleanup(ledger)
    assert (result.outputs_removed, result.kept_changed, result.failed) == (0, 0, 0)
    assert one(ledger, "select vanished_at from outputs") == (None,)


def test_a_file_that_comes_between_the_look_and_the_step_comes_back(ledger, ours, monkeypatch):
    rename = directory.Directory.rename

    def swapped(self, name, to):
        os.replace(stranger, ours)
        rename(self, name, to)

    stranger = ours.with_name("stranger")
    stranger.write_text("theirs")
    monkeypatch.setattr(directory.Directory, "rename", swapped)
    result = run_cleanup(ledger)
    assert (result.outputs_removed, result.kept_changed) == (0, 1)
    assert (files_below(ours.parent), ours.read_text()) == (["a.jpg"], "theirs")
    assert one(ledger, "select hidden_path, removed_at, published_version is null from outputs") == (None, None, 0)


def test_a_file_that_has_the_hidden_name_already_keeps_it_and_the_output_stays(ledger, ours, monkeypatch):
    monkeypatch.setattr(removal, "removal_name", lambda *_: ".fileq-x-1-2-3-y.removing")
    ours.with_name(".fileq-x-1-2-3-y.removing").write_text("theirs")
    assert run_cleanup(ledger).outputs_removed == 0
    assert ours.with_name(".fileq-x-1-2-3-y.removing").read_text() == "theirs"
    assert ours.read_text() == "ours"


@pytest.mark.parametrize("kind", ["file", "link", "folder"])
def test_it_comes_back_under_another_name_where_its_own_was_taken(ledger, ours, monkeypatch, kind):
    rename = directory.Directory.rename

    def swapped(self, name, to):
        os.unlink(ours)
        {"file": lambda: ours.write_text("theirs"), "link": lambda: ours.symlink_to("/etc"), "folder": ours.mkdir}[
            kind
        ]()
        monkeypatch.setattr(directory.Directory, "rename", rename)
        rename(self, name, to)
        ours.write_text("later")

    monkeypatch.setattr(directory.Directory, "rename", swapped)
    run_cleanup(ledger)
    assert sorted(os.listdir(ours.parent)) == ["a-1.jpg", "a.jpg"]
    assert ours.read_text() == "later"
    back = ours.with_name("a-1.jpg")
    assert {"file": back.is_file, "link": back.is_symlink, "folder": back.is_dir}[kind]()


def test_what_can_not_be_removed_is_said_and_the_others_go(ledger, out, monkeypatch):
    for name in ("a", "b", "c"):
        output(ledger, out / f"{name}.jpg")
    unlink, inode = directory.Directory.unlink, (out / "b.jpg").stat().st_ino

    def deny_once(self, name):
        if self.lstat(name).st_ino == inode:
            monkeypatch.undo()
            raise PermissionError(13, "Permission denied")
        unlink(self, name)

    monkeypatch.setattr(directory.Directory, "unlink", deny_once)
    result = run_cleanup(ledger)
    assert (result.outputs_removed, result.failed) == (2, 1)
    assert result.problems == [f"{out}: 1 output can't be removed: Permission denied."]
    assert (files_below(out), (out / "b.jpg").stat().st_ino) == (["b.jpg"], inode)
    assert run_cleanup(ledger).outputs_removed == 1


def test_a_folder_that_may_not_be_written_is_the_same_in_a_dry_run(ledger, ours, monkeypatch):
    monkeypatch.setattr(directory.Directory, "is_writable", property(lambda _self: False))
    for dry_run in (True, False):
        result = run_cleanup(ledger, dry_run=dry_run)
        assert (result.outputs_removed, result.failed) == (0, 1)
        assert result.problems == [f"{ours.parent}: 1 output can't be removed: no permission."]


def test_a_stopped_cleaning_leaves_the_rest_as_it_is(ledger, out):
    for number in range(20):
        output(ledger, out / f"{number}.jpg")
    asked = iter([False] * 30 + [True] * 1000)
    result = run_cleanup(ledger, stop=lambda: next(asked))
    assert result.stopped
    assert len(files_below(out)) + result.outputs_removed == 20
    assert one(ledger, "select count(*) from outputs where hidden_path is not null") == (0,)
    assert run_cleanup(ledger).outputs_removed == 20 - result.outputs_removed


@pytest.mark.usefixtures("ways")
def test_what_was_removed_is_written_down(ledger, ours):
    now = time.time() + 50 * DAY
    run_cleanup(ledger, now=now)
    (gone,) = ledger.overview.list_removed_outputs(1)
    assert (gone.info.path, gone.info.bytes, gone.removed_at) == (str(ours), 4, now)
    assert ledger.overview.find_job(1).outputs == ()
    assert one(ledger, "select cleaned_at, outputs, bytes, kept_changed, jobs from cleanings") == (now, 1, 4, 0, 0)


def test_a_removed_outputs_path_is_nobodys(ledger, ours):
    run_cleanup(ledger)
    assert ledger.outputs.find_owner(str(ours)) is None
    assert ledger.prior_jobs.trace_recipes(str(ours), 0, "", overwritten=True) == []
    assert make(ledger, ours, source="/photos/other.jpg") == 2
    assert ledger.overview.list_removed_outputs(1) == []


def test_one_that_is_made_again_is_no_removed_one(ledger, ours):
    run_cleanup(ledger)
    ledger.jobs.requeue_job(1, ledger.batches.insert_batch("fileq", NOW), NOW, recipe_id=1)
    claimed = claim(ledger, job=1)
    from fileq.publish import publish_jobs

    assert publish_jobs(ledger, [written(claimed, reserved(ledger, claimed, ours))]) == {}
    assert ledger.overview.list_removed_outputs(1) == []
    assert run_cleanup(ledger, retention_settings("30d")).outputs_removed == 1
