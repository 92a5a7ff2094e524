"""A config that is found by the way runs nothing, sends nothing and names no database before it is trusted."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.acceptance.watching import PICTURE

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NOBODY = 65534
TOUCH = "import sys; open(sys.argv[1], 'wb').write(open(sys.argv[2], 'rb').read())"

only_root = pytest.mark.skipif(not IS_ROOT, reason="only root can make files that belong to others")


def step(program: str = sys.executable) -> str:
    """A program that leaves its output, so that one sees whether it ran."""
    return f"steps = [ {{ op = \"command\", argv = ['{program}', '-c', \"{TOUCH}\", '{{output}}', '{{source}}'] }} ]\n"


@pytest.fixture
def archive(fileq: Program, photos: Path) -> Path:
    """What a stranger has packed: photos, and a config beside them."""
    told = f"import pathlib; pathlib.Path({str(fileq.folder / 'told')!r}).touch()"
    fileq.configure(
        f'[queue]\ndatabase = "theirs.db"\n[worker]\nattempts = 7\n[recipes.web]\n{step()}'
        f'[recipes.plain]\nout = "{{folder}}/plain"\n'
        f"[notify]\nurls = ['json://${{TOKEN}}@127.0.0.1:1']\ncommand = ['{sys.executable}', '-c', \"{told}\"]\n"
    )
    return photos


@pytest.mark.parametrize(
    "arguments", [["add"], ["run"], ["add", "-r", "web"], ["add", "-r", "thumbnail", "-r", "web"], ["add", "--dry-run"]]
)
def test_add_in_a_strangers_archive_stores_nothing_that_runs_a_program(
    fileq: Program, archive: Path, arguments: list[str]
) -> None:
    said = fileq.run(*arguments, archive, expect=2).stderr
    assert f"The config {fileq.folder}/fileq.toml is not trusted, and its recipe web runs a program (" in said
    assert "Look at it, then: fileq trust" in said
    assert fileq.states() == {}
    assert fileq.ask("select count(*) from recipes") in ([], [(0,)])
    assert not (archive / "web").exists()


def test_a_worker_that_was_started_elsewhere_runs_what_is_harmless_and_tells_nobody(
    fileq: Program, archive: Path
) -> None:
    (archive / "broken.jpg").write_bytes(b"no picture")
    fileq.run("add", archive, "-r", "plain")
    assert "command" not in str(fileq.ask("select * from recipes"))
    said = fileq.run("worker", "--drain").stderr
    assert f"Config: {fileq.folder}/fileq.toml." in said
    assert "its [notify] is off. Look at it, then: fileq trust" in said
    assert fileq.states() == {"done": 8, "failed": 1}
    assert not (fileq.folder / "told").exists()


def test_a_database_that_a_stranger_names_is_not_used_nor_another_in_its_place(fileq: Program, archive: Path) -> None:
    fileq.keep_in_file()
    del fileq.environment["FILEQ_DATABASE"]
    for arguments in (["add", archive, "-r", "thumbnail"], ["status"], ["worker", "--drain"], ["doctor"]):
        assert "and names a database (theirs.db)" in fileq.run(*arguments, expect=2).stderr
    assert not list(fileq.folder.rglob("*.db"))
    fileq.run("--database", fileq.database, "add", archive, "-r", "thumbnail")
    assert fileq.states() == {"queued": 8}


def test_all_counts_once_it_is_trusted(fileq: Program, archive: Path) -> None:
    said = fileq.run("trust").stdout
    assert f"{sys.executable} -c {TOUCH} {{output}} {{source}} (recipe web)" in said
    assert "notices to json://…" in said
    assert "${TOKEN} from the environment" in said
    assert str(fileq.folder / "theirs.db") in said
    fileq.run("run", archive, "-r", "web")
    assert len(list((archive / "web").iterdir())) == 8
    (archive / "broken.jpg").write_bytes(b"no picture")
    fileq.run("add", archive, "-r", "plain")
    assert "[notify]" not in fileq.run("worker", "--drain").stderr
    assert (fileq.folder / "told").exists()
    assert fileq.json("trust", "--list") == [f"{fileq.folder}/fileq.toml"]
    assert fileq.json("trust", "--remove") == {"file": f"{fileq.folder}/fileq.toml", "trusted": False}
    fileq.run("run", archive, "-r", "web", "--force", expect=2)


def test_trust_answers_in_json_too(fileq: Program, archive: Path) -> None:
    document = fileq.json("trust")
    assert document["programs"][0]["argv"][:2] == [sys.executable, "-c"]
    assert document.pop("programs")[0]["recipe"] == "web"
    assert document.pop("notices")["variables"] == ["TOKEN"]
    assert document == {
        "file": f"{fileq.folder}/fileq.toml",
        "trusted": True,
        "database": str(fileq.folder / "theirs.db"),
        "broker": None,
        "hooks": [],
    }
    assert archive.exists()


def test_trust_of_what_is_not_there_or_wrong_is_wrong_usage(fileq: Program) -> None:
    assert "There is no fileq.toml" in fileq.run("trust", expect=2).stderr
    assert "There is no config file" in fileq.run("trust", "nowhere.toml", expect=2).stderr
    fileq.configure("wokers = 2")
    assert "wokers: there is no such key" in fileq.run("trust", expect=2).stderr
    assert "--list" in fileq.run("trust", "--list", "--remove", expect=2).stderr
    assert fileq.json("trust", "--list") == []


def test_a_folder_can_be_trusted_from_elsewhere(fileq: Program) -> None:
    (fileq.folder / "sub").mkdir()
    (fileq.folder / "sub" / "fileq.toml").write_text(f"[recipes.web]\n{step()}")
    assert fileq.json("trust", "sub")["file"] == f"{fileq.folder}/sub/fileq.toml"
    assert fileq.json("trust", "sub/fileq.toml", "--remove")["trusted"] is False


def test_init_trusts_what_it_writes(fileq: Program, photos: Path) -> None:
    fileq.run("init")
    with (fileq.folder / "fileq.toml").open("a") as config:
        config.write(f"\n[recipes.mine]\n{step()}")
    fileq.run("run", photos, "-r", "mine")
    assert fileq.states() == {"done": 8}


def test_the_config_in_use_is_said(fileq: Program, archive: Path) -> None:
    document = fileq.json("config")
    assert (document["file"], document["found"], document["trusted"]) == (f"{fileq.folder}/fileq.toml", "folder", False)
    assert "asks for 1 recipe that runs programs, notices and a database" in fileq.run("config").stdout
    checks = {check["name"]: check for check in fileq.json("doctor", expect=0)["checks"]}
    assert checks["config"]["state"] == "warning"
    assert checks["config"]["remedy"] == "Look at it, then: fileq trust"
    assert "its [notify] is off" in fileq.run("doctor", "--notify", expect=2).stderr
    assert f"built in or in {fileq.folder}/fileq.toml" in fileq.run("add", archive, "-r", "nope", expect=2).stderr
    fileq.run("trust")
    assert fileq.json("config")["trusted"] is True
    assert "found in this folder or above it" in fileq.run("doctor").stdout
    named = fileq.json("--config", "fileq.toml", "config")
    assert (named["found"], named["trusted"]) == ("option", True)
    (fileq.folder / "fileq.toml").unlink()
    assert fileq.json("config")["found"] is None


def test_without_its_database_config_still_answers(fileq: Program, archive: Path) -> None:
    del fileq.environment["FILEQ_DATABASE"]
    assert fileq.json("config")["database"] is None
    assert archive.exists()


def test_a_recipe_that_is_not_trusted_can_be_looked_at_and_not_tried(fileq: Program, archive: Path) -> None:
    by_name = {recipe["name"]: recipe["trusted"] for recipe in fileq.json("recipes")}
    assert (by_name["web"], by_name["plain"], by_name["avif"]) == (False, True, True)
    assert "It runs a program and is not trusted" in fileq.run("recipes", "web").stdout
    photo = next(archive.iterdir())
    assert "not trusted" in fileq.run("recipes", "--preview", photo, "-r", "web", expect=2).stderr


WATCHES = """
[[watch]]
path = "inbox"
recipe = "mine"
[[watch]]
path = "plain"
recipe = "thumbnail"
[[schedule.add]]
cron = "0 0 1 1 *"
paths = ["plain"]
recipe = "mine"
"""


def test_neither_watch_nor_clock_runs_a_program_that_is_not_trusted(fileq: Program) -> None:
    fileq.configure(f"{WATCHES}[recipes.mine]\n{step()}")
    for name in ("inbox", "plain"):
        (fileq.folder / name).mkdir()
        (fileq.folder / name / "a.jpg").write_bytes(PICTURE)
    assert "its recipe mine runs a program" in fileq.run("watch", "--once", "--work", expect=2).stderr
    assert fileq.states() == {}
    for task in ("add-1", "rescan"):
        ran = fileq.run("schedule", "run", task, expect=1)
        assert "its recipe mine runs a program" in ran.stdout
    assert fileq.ask("select count(*) from jobs") == [(1,)]  # of the folder with the harmless recipe
    fileq.run("trust")
    assert f"Config: {fileq.folder}/fileq.toml." in fileq.run("watch", "--once", "--work").stderr
    assert fileq.states() == {"done": 2}


@only_root
def test_a_config_of_somebody_else_is_refused_by_every_command_and_by_trust(fileq: Program, photos: Path) -> None:
    config = fileq.configure("default = ['avif']")
    os.chown(config, NOBODY, NOBODY)
    (fileq.folder / "photos" / "deeper").mkdir()
    for arguments in (["add", photos], ["status"], ["config"], ["doctor"], ["worker", "--drain"], ["trust"]):
        said = fileq.run(*arguments, expect=2).stderr
        assert f"The config {config} is in this folder or above it, and is not yours" in said
        assert f"--config {config}" in said
    assert fileq.json("trust", "--list") == []
    assert fileq.json("--config", config, "config")["trusted"] is True


def test_a_config_that_others_may_write_to_is_refused_until_that_is_mended(fileq: Program) -> None:
    config = fileq.configure("default = ['avif']")
    config.chmod(0o666)
    said = fileq.run("status", expect=2).stderr
    assert f"Others may write to the config {config} (its mode is 666)." in said
    assert f"chmod go-w {config}" in said
    fileq.run("trust", expect=2)
    config.chmod(0o644)
    fileq.run("status")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may use, as /tmp is."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o1777)
    yield path
    shutil.rmtree(path)


AS_NOBODY = (
    "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
    "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",  # this Python may be in a home of root's
)  # fmt: skip


@only_root
def test_another_user_is_not_led_by_a_strangers_config_in_a_shared_folder(open_folder: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        here = str(Path(__file__).parents[2])
        environment = {"PATH": os.environ["PATH"], "HOME": str(open_folder / "home"), "PYTHONPATH": here}
        command = [*AS_NOBODY, sys.executable, *arguments]
        return subprocess.run(
            command, cwd=open_folder / "work", env=environment, capture_output=True, text=True, check=False
        )

    if shutil.which("setpriv") is None:
        pytest.skip("there is no setpriv here")
    for name in ("home", "work"):
        (open_folder / name).mkdir()
        os.chown(open_folder / name, NOBODY, NOBODY)
    usable = run("-c", "import fileq.cli")
    if usable.returncode != 0:
        pytest.skip(f"another user may not run this Python: {usable.stderr}")
    config = open_folder / "fileq.toml"
    config.write_text(f"[recipes.web]\n{step()}")
    os.chown(config, 1, 1)
    answer = run("-m", "fileq", "status")
    assert answer.returncode == 2
    assert f"The config {config} is in this folder or above it, and is not yours" in answer.stderr
    os.chown(config, NOBODY, NOBODY)
    assert run("-m", "fileq", "status").returncode == 0
    assert run("-m", "fileq", "add", ".").returncode == 2
    assert run("-m", "fileq", "trust").returncode == 0
    assert run("-m", "fileq", "add", ".").returncode == 0


@pytest.mark.parametrize("name", [b"line\nbreak", b"caf\xe9", b"\x1b[31m"])
def test_a_config_in_a_folder_of_any_name_is_named_and_trusted(fileq: Program, name: bytes) -> None:
    folder = Path(os.fsdecode(os.path.join(os.fsencode(fileq.folder), name)))
    folder.mkdir()
    (folder / "fileq.toml").write_text(f"[recipes.web]\n{step()}")
    (folder / "a.jpg").write_bytes(PICTURE)
    here = Program(folder)
    here.environment = fileq.environment
    said = here.run("add", ".", expect=2).stderr
    assert "its recipe web runs a program" in said
    assert "\x1b" not in said
    here.run("trust")
    here.run("trust", "--list")
    here.run("config")
    here.run("run", ".")


def test_without_a_home_nothing_is_trusted_and_nothing_breaks(fileq: Program, photos: Path) -> None:
    fileq.configure(f"[recipes.web]\n{step()}")
    fileq.environment["HOME"] = ""
    fileq.run("add", photos, expect=2)
    assert fileq.states() == {}
    (fileq.folder / ".local").write_text("no folder")
    fileq.environment["HOME"] = str(fileq.folder)
    assert "is not trusted (" in fileq.run("add", photos, expect=2).stderr
    assert "can't be remembered" in fileq.run("trust", expect=3).stderr


def test_python_code_that_lies_in_the_working_folder_is_not_run(fileq: Program, tmp_path: Path) -> None:
    """Python's own servers of child processes would take it for a part of its library."""
    archive, mark = tmp_path / "archive", tmp_path / "was run"
    evil = f"open({str(mark)!r}, 'a').write('x')\n"
    for name in ("multiprocessing/__init__.py", "socket.py", "struct.py", "PIL/__init__.py", "resource.py", "fileq.py"):
        path = archive / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(evil)
    (archive / "a.jpg").write_bytes(PICTURE)
    script = tmp_path / "fileq"  # as pip makes it; `python -m` has the working folder on its path by its own rule
    lines = (f"#!{sys.executable}", "from fileq.__main__ import main", "if __name__ == '__main__':", "    main()", "")
    script.write_text("\n".join(lines))
    script.chmod(0o755)
    done = subprocess.run(
        [script, "run", "a.jpg", "-o", tmp_path / "out"],
        cwd=archive,
        env=fileq.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done
    assert not mark.exists()


def test_a_program_of_a_recipe_gets_its_environment_as_it_was(fileq: Program, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    program = """["sh", "-c", 'env > "$2"; cat "$1" >/dev/null', "sh", "{source}", "{output}"]"""
    fileq.trust(f'[recipes.environment]\nmatch = ["*.txt"]\nsteps = [ {{ op = "command", argv = {program} }} ]\n')
    fileq.run("run", tmp_path / "a.txt", "-r", "environment", "-o", tmp_path / "out")
    assert "PYTHONSAFEPATH" not in (tmp_path / "out" / "a.txt").read_text()


def test_who_has_no_home_is_asked_for_one_or_for_a_database(fileq: Program) -> None:
    for name in ("FILEQ_DATABASE", "HOME"):
        fileq.environment.pop(name)
    code = (  # as in a container, whose user nobody has entered
        "import pwd, sys\ndef nobody(_):\n    raise KeyError\npwd.getpwuid = nobody\n"
        "from fileq.cli import run\nsys.argv = ['fileq', 'status']\nsys.exit(run())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd="/", env=fileq.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done
    assert "Set HOME, or name --database" in done.stderr


def test_whose_recipe_it_is_that_replaces_originals_is_said(fileq: Program, photos: Path) -> None:
    fileq.configure('[recipes.web]\nreplace = true\nout = "{folder}"\n[retention]\noutputs = "30d"\n')
    said = fileq.run("add", photos).stderr
    assert f"The recipe web of {fileq.folder}/fileq.toml replaces originals." in said
    assert f"Retention is as {fileq.folder}/fileq.toml says." in fileq.run("clean", "--dry-run").stderr
    assert "replaces" not in fileq.run("--config", fileq.folder / "fileq.toml", "add", photos).stderr
