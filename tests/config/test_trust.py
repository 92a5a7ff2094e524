"""What of a found config counts only once it is trusted, and how the trust is remembered."""

import hashlib
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from fileq.config import load_config, locate_database, read_restricted_settings
from fileq.config.trust import check_trust, distrust_config, list_trusted_configs, trust_config
from fileq.errors import EnvironmentFailure, UntrustedError
from fileq.operations.programs.command import Command

CONFIG = """
default = ["thumbnail"]
[worker]
attempts = 7
[queue]
database = "own.db"
[notify]
on = ["failed"]
urls = ["json://${TOKEN}@example.com"]
command = ["tell", "${NAME}", "{title}"]
[[hook]]
url = "https://shop.example/${KEY}"
[recipes.web]
steps = [ { op = "command", argv = ["evil", "{source}", "{output}"] } ]
[[recipes.last.outputs]]
steps = [ { op = "command", argv = ["worse", "{source}", "{output}"] } ]
[recipes.plain]
out = "{folder}/plain"
"""


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """The user's folders."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "fileq"


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "work" / "fileq.toml"
    file.parent.mkdir()
    file.write_text(CONFIG, "utf-8")
    return str(file)


def found(config):
    return load_config(environ={}, cwd=os.path.dirname(config))


def record_of(config, state):
    return state / "trusted" / hashlib.sha256(os.fsencode(config)).hexdigest()


def test_what_is_harmless_counts_without_trust(config):
    settings = found(config).settings
    assert settings.default == ("thumbnail",)
    assert settings.worker.attempts == 7
    assert settings.notify.on == ("failed",)
    assert found(config).recipe("plain").out == "{folder}/plain"
    assert found(config).recipe("avif").name == "avif"


@pytest.mark.parametrize(("name", "program"), [("web", "evil"), ("last", "worse")])
def test_a_recipe_with_a_program_is_refused_and_the_built_in_one_does_not_take_its_place(config, name, program):
    with pytest.raises(UntrustedError) as caught:
        found(config).recipe(name)
    assert (
        caught.value.message == f"The config {config} is not trusted, and its recipe {name} runs a program ({program})."
    )
    assert caught.value.hint == "Look at it, then: fileq trust"
    assert name not in found(config).settings.recipes
    assert name in found(config).recipes  # to look at


def test_nobody_is_told_without_trust(config):
    assert not found(config).settings.notify.is_on
    assert found(config).settings.hook == ()
    assert [hook.variables for hook in found(config).withheld.hook] == [["KEY"]]
    assert found(config).withheld.notify.variables == ["NAME", "TOKEN"]


def test_its_database_is_not_used_without_trust_nor_is_another_one_in_its_place(config):
    with pytest.raises(UntrustedError, match=r"names a database \(own\.db\)"):
        locate_database(found(config), environ={}, cwd="/")
    assert locate_database(found(config), "a.db", environ={}, cwd="/")[0] == "/a.db"
    assert locate_database(found(config), environ={"FILEQ_DATABASE": "b.db"}, cwd="/")[0] == "/b.db"


def program(given, name):
    command = given.recipe(name).steps[0]
    assert isinstance(command, Command)
    return command.argv[0]


def test_all_counts_once_it_is_trusted_also_what_is_written_into_it_later(config):
    trust_config(config)
    assert found(config).settings.notify.is_on
    assert len(found(config).settings.hook) == 1
    assert program(found(config), "web") == "evil"
    assert locate_database(found(config), environ={}, cwd="/")[0] == os.path.join(os.path.dirname(config), "own.db")
    with open(config, "a", encoding="utf-8") as file:
        file.write('[recipes.more]\nsteps = [ { op = "command", argv = ["more", "{source}", "{output}"] } ]')
    assert program(found(config), "more") == "more"


def test_a_config_that_is_named_counts_whole(config):
    for named in (load_config(config, environ={}, cwd="/"), load_config(environ={"FILEQ_CONFIG": config}, cwd="/")):
        assert named.is_trusted
        assert program(named, "web") == "evil"


def test_the_trust_in_one_folder_says_nothing_of_a_link_to_it_elsewhere(config, tmp_path):
    trust_config(config)
    (tmp_path / "archive").mkdir()
    os.symlink(config, tmp_path / "archive" / "fileq.toml")
    assert not load_config(environ={}, cwd=str(tmp_path / "archive")).is_trusted


def test_a_folder_is_the_same_by_whatever_link_one_comes_into_it(config, tmp_path):
    os.symlink(os.path.dirname(config), tmp_path / "short")
    trust_config(str(tmp_path / "short" / "fileq.toml"))
    assert found(config).is_trusted
    assert load_config(environ={}, cwd=str(tmp_path / "short")).recipe("web")


def test_the_trust_is_the_users_alone_to_read(config, state):
    trust_config(config)
    assert stat.S_IMODE(os.stat(state).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(state / "trusted").st_mode) == 0o700
    assert stat.S_IMODE(os.stat(record_of(config, state)).st_mode) == 0o600
    assert os.listdir(state / "trusted") == [record_of(config, state).name]


def test_trust_can_be_listed_and_taken_back(config, tmp_path):
    other = str(tmp_path / "other" / "fileq.toml")
    trust_config(other)
    trust_config(config)
    assert list_trusted_configs() == [other, config]
    assert distrust_config(config)
    assert not distrust_config(config)
    assert list_trusted_configs() == [other]
    assert not found(config).is_trusted


def test_what_is_asked_for_is_read_without_trust(config):
    asked = read_restricted_settings(config)
    assert [(program.recipe_name, program.argv[0]) for program in asked.programs] == [
        ("web", "evil"),
        ("last", "worse"),
    ]
    assert asked.describe() == "2 recipes that run programs, notices, 1 hook and a database"


@pytest.mark.parametrize("name", ["line\nbreak", os.fsdecode(b"caf\xe9"), "ü" * 60, "a 'b' \"c\""])
def test_folders_of_any_name_can_be_trusted(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "fileq.toml").write_text(CONFIG, "utf-8")
    file = str(folder / "fileq.toml")
    with pytest.raises(UntrustedError):
        found(file).recipe("web")
    trust_config(file)
    assert list_trusted_configs() == [file]
    assert found(file).recipe("web")


@pytest.mark.parametrize("content", [b"", b"/somewhere/else", b"\0" * 500, b"\xff\xfe"])
def test_a_damaged_record_is_no_trust_and_is_said(config, state, content):
    trust_config(config)
    record_of(config, state).write_bytes(content)
    assert list_trusted_configs() == []
    with pytest.raises(UntrustedError, match=r"is not trusted \(.*, where that is remembered, is damaged\)"):
        found(config).recipe("web")
    trust_config(config)
    assert found(config).recipe("web")


def test_a_record_that_goes_on_after_the_path_is_damaged(config, state):
    trust_config(config)
    with record_of(config, state).open("ab") as record:
        record.write(b"x")
    assert not check_trust(config).is_trusted


def test_a_record_that_others_may_write_to_is_no_trust(config, state):
    trust_config(config)
    record_of(config, state).chmod(0o666)
    with pytest.raises(UntrustedError, match="others may have written"):
        found(config).recipe("web")


def test_a_file_in_the_place_of_the_records_is_no_trust_and_is_said(config, state):
    state.mkdir(parents=True)
    (state / "trusted").write_text("")
    with pytest.raises(UntrustedError, match="can't be read: Not a directory"):
        found(config).recipe("web")
    with pytest.raises(EnvironmentFailure, match="can't be remembered"):
        trust_config(config)
    with pytest.raises(EnvironmentFailure, match="can't be read"):
        list_trusted_configs()
    assert not distrust_config(config)


def test_a_record_that_can_not_be_read_is_no_trust_and_is_said(config, state, monkeypatch):
    trust_config(config)

    def refused(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("fileq.config.trust.open", refused, raising=False)
    trust = check_trust(config)
    assert not trust.is_trusted
    assert trust.problem == f"{record_of(config, state)}, where that is remembered, can't be read: Permission denied"


def test_a_state_folder_that_is_not_absolute_is_in_a_strangers_folder_and_no_trust(config, monkeypatch):
    monkeypatch.setattr("fileq.config.trust.state_folder", lambda: "~/.local/state/fileq")
    with pytest.raises(UntrustedError, match="HOME is not set"):
        found(config).recipe("web")
    with pytest.raises(EnvironmentFailure):
        trust_config(config)
    assert list_trusted_configs() == []


def test_many_at_once_trust_the_same_and_others(tmp_path):
    files = [str(tmp_path / str(number % 5) / "fileq.toml") for number in range(60)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(trust_config, files))
    assert list_trusted_configs() == sorted(set(files))


def test_where_nothing_needs_trust_nobody_looks_whether_it_is_there(tmp_path):
    (tmp_path / "fileq.toml").write_text('default = ["avif"]\n[recipes.plain]\n')
    code = "import sys; from fileq.config import load_config; load_config(environ={}); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert not {"fileq.config.trust", "platformdirs", "grp", "pwd", "tempfile"} & set(modules.stdout.split())


@pytest.mark.parametrize("where", ["the folder above", "one above that"])
def test_a_place_in_which_others_may_rename_folders_is_trusted_for_nothing(tmp_path, where):
    """They could put another folder of ours there, with a config that was never looked at."""
    above = tmp_path / "shared" / "deep"
    folder = above / "project"
    folder.mkdir(parents=True)
    (folder / "fileq.toml").write_text(CONFIG, "utf-8")
    trust_config(str(folder / "fileq.toml"))
    assert check_trust(str(folder / "fileq.toml")).is_trusted
    place = above if where == "the folder above" else above.parent
    place.chmod(0o777)
    found_out = check_trust(str(folder / "fileq.toml"))
    assert not found_out.is_trusted
    assert str(place) in found_out.problem
    place.chmod(0o1777)  # as /tmp is: what is ours can't be moved there
    assert check_trust(str(folder / "fileq.toml")).is_trusted


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders that belong to others")
def test_a_place_in_another_users_folder_is_trusted_for_nothing(tmp_path):
    folder = tmp_path / "theirs" / "project"
    folder.mkdir(parents=True)
    (folder / "fileq.toml").write_text(CONFIG, "utf-8")
    trust_config(str(folder / "fileq.toml"))
    os.chown(folder.parent, 65534, 65534)
    assert not check_trust(str(folder / "fileq.toml")).is_trusted
