"""Hosts that have a shared folder at paths of their own: each job is done where its roots are, and waits else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fileq.presence import hostname
from tests.acceptance.program import Program
from tests.support.photos import write
from tests.support.postgres import own_schema

JOBS = 12


class Host(Program):
    """A host with a home of its own, and with these of the shared folders, each mounted as a link to the real one."""

    def __init__(self, home: Path, database: str, roots: dict[str, Path]) -> None:
        home.mkdir()
        super().__init__(home, database)
        self.roots = {name: home / f"mnt-{name}" for name in roots}
        for name, folder in roots.items():
            self.roots[name].symlink_to(folder)
        self.trust("".join(f"[[root]]\nname = '{name}'\npath = '{path}'\n" for name, path in self.roots.items()))


@pytest.fixture
def shared(tmp_path: Path) -> dict[str, Path]:
    folders = {name: tmp_path / f"nas-{name}" for name in ("photos", "web")}
    write(folders["photos"] / "2026", JOBS, (320, 240))
    folders["web"].mkdir()
    return folders


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    with own_schema(postgres) as address:
        yield address


def test_a_job_that_one_host_queued_is_done_by_another_that_has_its_roots(
    tmp_path: Path, database: str, shared: dict[str, Path]
) -> None:
    ann, ben = (Host(tmp_path / name, database, shared) for name in ("ann", "ben"))
    ann.run("add", ann.roots["photos"], "-o", ann.roots["web"])
    assert ann.ask("select source, folder, roots from jobs order by source limit 1") == [
        ("photos:2026/IMG_0001.jpg", "web:2026", "photos,web")
    ]
    ben.run("worker", "--drain")
    assert ann.states() == {"done": JOBS}
    assert len(list((shared["web"] / "2026").iterdir())) == JOBS
    assert ann.json("list")[0]["source"].startswith(str(ann.roots["photos"]))
    assert ben.json("list")[0]["source"].startswith(str(ben.roots["photos"]))
    again = ben.json("add", ben.roots["photos"], "-o", ben.roots["web"])
    assert again["queued"] == 0, "it is known to be done, by whatever path"
    assert ben.json("undo", "1")["outputs_removed"] == JOBS


def test_jobs_wait_for_a_host_that_has_their_root_and_it_is_said(
    tmp_path: Path, database: str, shared: dict[str, Path]
) -> None:
    ann = Host(tmp_path / "ann", database, shared)
    ben = Host(tmp_path / "ben", database, {"web": shared["web"]})
    ann.run("add", ann.roots["photos"], "-o", ann.roots["web"])
    with ben.worker():
        write(ben.folder / "own", 2, (320, 240))
        ben.run("run", ben.folder / "own")
        assert ann.states() == {"queued": JOBS, "done": 2}
        said = ben.run("status").stdout
        assert f"{JOBS} jobs wait for a worker that has the roots photos and web" in said
        status = ben.json("status")
        assert status["lacking_roots"] == [{"roots": ["photos", "web"], "jobs": JOBS}]
        assert status["roots"] == [
            {"name": "photos", "path": None, "hosts": [], "jobs": JOBS},
            {"name": "web", "path": str(ben.roots["web"]), "hosts": [hostname()], "jobs": JOBS},
        ]
        roots = next(check for check in ben.json("doctor", expect=1)["checks"] if check["name"] == "roots")
        assert roots["state"] == "bad"
        assert "photos" in roots["message"]
        assert "photos:2026/IMG_0001.jpg" in ben.run("list").stdout
        with ann.worker():
            ann.run("wait")
    assert ann.states() == {"done": JOBS + 2}
    assert ann.ask("select max(attempts) from jobs") == [(1,)]


@pytest.mark.parametrize("options", [[], ["--no-periodic"]])
@pytest.mark.parametrize("is_folder", [True, False])
def test_a_host_on_which_a_root_is_not_mounted_takes_none_of_its_jobs_until_it_is(
    tmp_path: Path, database: str, shared: dict[str, Path], is_folder: bool, options: list[str]
) -> None:
    ann, ben = (Host(tmp_path / name, database, shared) for name in ("ann", "ben"))
    ben.roots["photos"].unlink()
    if is_folder:
        ben.roots["photos"].mkdir()
    ann.run("add", ann.roots["photos"], "-o", ann.roots["web"])
    drained = ben.run("worker", "--drain", *options).stderr
    assert f"{JOBS} jobs wait for a worker that has the roots photos and web" in drained
    with ben.worker(*options):
        ben.wait_until(lambda: ben.json("workers"))
        assert ben.json("workers")[0]["roots"] == ["web"]
        roots = next(check for check in ben.json("doctor", expect=1)["checks"] if check["name"] == "roots")
        assert f"The root photos is not there: {ben.roots['photos']}" in roots["message"]
        assert ann.ask("select state, max(attempts) from jobs group by state") == [("queued", 0)]
        if is_folder:
            ben.roots["photos"].rmdir()
        ben.roots["photos"].symlink_to(shared["photos"])
        ben.run("wait")
    assert ann.states() == {"done": JOBS}


def test_jobs_wait_while_the_folder_of_their_root_is_elsewhere(
    tmp_path: Path, database: str, shared: dict[str, Path]
) -> None:
    ann = Host(tmp_path / "ann", database, shared)
    ann.run("add", ann.roots["photos"], "-o", ann.roots["web"])
    ann.run("pause")
    with ann.worker():
        shared["photos"].rename(tmp_path / "elsewhere")
        ann.run("resume")  # before it has looked again
        ann.wait_until(lambda: ann.states() == {"waiting": JOBS} or ann.json("workers")[0]["roots"] == ["web"])
        assert set(ann.states()) <= {"waiting", "queued"}
        (tmp_path / "elsewhere").rename(shared["photos"])
        ann.wait_until(lambda: ann.states() == {"done": JOBS})


@pytest.mark.parametrize("command", [["add", "photos"], ["run", "photos"], ["watch", "photos", "--once"], ["worker"]])
def test_nothing_is_queued_or_done_where_a_root_can_not_be_used(fileq: Program, command: list[str]) -> None:
    (fileq.folder / "photos").mkdir()
    (fileq.folder / "file").touch()
    config = fileq.trust(f"[[root]]\nname = 'nas'\npath = '{fileq.folder}/file'\n")
    said = fileq.run(*command, expect=2).stderr
    assert f"{config}: The root nas is no folder: {fileq.folder}/file is a file." in said
    assert fileq.json("status")["roots"][0]["name"] == "nas", "and looking goes on"


def test_a_drain_ends_with_what_its_host_can_do(tmp_path: Path, database: str, shared: dict[str, Path]) -> None:
    ann = Host(tmp_path / "ann", database, shared)
    ben = Host(tmp_path / "ben", database, {})
    ann.run("add", ann.roots["photos"], "-o", ann.roots["web"])
    ben.run("worker", "--drain")
    assert ann.states() == {"queued": JOBS}
    ben.run("retry", "--failed")
    ben.run("clean")
    ben.run("clean", "--older-than", "0s")
    ann.run("worker", "--drain")
    assert ann.states() == {"done": JOBS}
    ben.run("clean", "--older-than", "0s")
    assert len(list((shared["web"] / "2026").iterdir())) == JOBS, "who can't see a root removes nothing in it"


def test_old_outputs_in_a_root_are_removed_where_that_is_and_left_and_told_of_elsewhere(
    tmp_path: Path, database: str, shared: dict[str, Path]
) -> None:
    ann = Host(tmp_path / "ann", database, shared)
    ben = Host(tmp_path / "ben", database, {"photos": shared["photos"]})
    ann.run("add", ann.roots["photos"], "-o", ann.roots["web"])
    ann.run("worker", "--drain")
    said = ben.run("clean", "--older-than", "0s")
    assert f"{JOBS} outputs in the root web left to a host that has it." in said.stderr
    assert ben.json("schedule", "run", "clean")["outcome"] == "done"
    assert len(list((shared["web"] / "2026").iterdir())) == JOBS
    assert f"{JOBS} outputs removed" in ann.run("clean", "--older-than", "0s").stdout


def test_a_batch_is_undone_where_its_root_is_and_left_and_told_of_elsewhere(
    tmp_path: Path, database: str, shared: dict[str, Path]
) -> None:
    ann = Host(tmp_path / "ann", database, shared)
    ben = Host(tmp_path / "ben", database, {"photos": shared["photos"]})
    ann.run("run", ann.roots["photos"], "-o", ann.roots["web"])
    for command in (["undo", "1"], ["undo", "1", "--dry-run"], ["clean", "--batch", "1"]):
        said = ben.run(*command, expect=1)
        assert f"{JOBS} outputs in the root web left to a host that has it." in said.stderr
        assert said.stdout.startswith("Nothing was undone")
    assert ben.json("undo", "1", expect=1)["elsewhere"] == [{"root": "web", "files": JOBS}]
    assert len(list((shared["web"] / "2026").iterdir())) == JOBS
    assert ann.json("undo", "1")["outputs_removed"] == JOBS
    assert ben.json("undo", "1")["elsewhere"] == []


def test_what_an_output_has_replaced_is_not_given_up_by_a_host_without_its_root(
    tmp_path: Path, database: str, shared: dict[str, Path]
) -> None:
    ann = Host(tmp_path / "ann", database, shared)
    ben = Host(tmp_path / "ben", database, {"photos": shared["photos"]})
    with (ann.folder / "fileq.toml").open("a") as config:
        config.write('[recipes.over]\non_conflict = "overwrite"\nsteps = [ { op = "resize", fit = "100x100" } ]\n')
    (shared["web"] / "IMG_0001.jpg").write_text("mine")
    ann.run("run", ann.roots["photos"] / "2026" / "IMG_0001.jpg", "-r", "over", "-o", ann.roots["web"])
    undone = ben.json("undo", "1", expect=1)
    assert (undone["elsewhere"], undone["not_kept"]) == ([{"root": "web", "files": 1}], [])
    ann.run("undo", "1")
    assert (shared["web"] / "IMG_0001.jpg").read_text() == "mine"


def test_doctor_says_that_files_were_queued_before_their_folder_was_a_root(
    tmp_path: Path, database: str, shared: dict[str, Path]
) -> None:
    ann = Host(tmp_path / "ann", database, {})
    ann.run("add", shared["photos"], "-o", shared["web"])
    ann.trust(f"[[root]]\nname = 'photos'\npath = '{shared['photos']}'\n")
    (check,) = (check for check in ann.json("doctor")["checks"] if check["name"] == "roots")
    assert check["state"] == "warning"
    assert f"files below {shared['photos']} from before that was the root photos" in check["message"]


def test_what_an_output_has_replaced_in_a_root_is_put_back_by_any_host(
    tmp_path: Path, database: str, shared: dict[str, Path]
) -> None:
    ann, ben = (Host(tmp_path / name, database, shared) for name in ("ann", "ben"))
    with (ann.folder / "fileq.toml").open("a") as config:
        config.write('[recipes.over]\non_conflict = "overwrite"\nsteps = [ { op = "resize", fit = "100x100" } ]\n')
    (shared["web"] / "IMG_0001.jpg").write_text("mine")
    ann.run("run", ann.roots["photos"] / "2026" / "IMG_0001.jpg", "-r", "over", "-o", ann.roots["web"])
    assert (shared["web"] / "IMG_0001.jpg").read_bytes() != b"mine"
    ben.run("undo", "1")
    assert (shared["web"] / "IMG_0001.jpg").read_text() == "mine"
