"""Reading a config: where it is found, what it sets, what is left at its default."""

import subprocess
import sys

import pytest

from fileq.config import load_config
from fileq.errors import ConfigError, EnvironmentFailure, ExitCode, NotFoundError
from fileq.units import ByteSize, Duration


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Nobody's own config plays a part."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def written(folder, text, name="fileq.toml"):
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, "utf-8")
    return str(file)


def loaded(tmp_path, text):
    return load_config(written(tmp_path, text), environ={}, cwd=str(tmp_path)).settings


def test_without_a_config_the_defaults_serve(tmp_path):
    config = load_config(environ={}, cwd=str(tmp_path))
    assert config.file is None
    assert config.settings.default == ("web",)
    assert config.settings.worker.timeout == Duration(300)
    assert set(config.settings.recipes) == {
        "web", "thumbnail", "jpeg", "png", "webp", "avif", "pdf", "optimize", "shrink",
    }  # fmt: skip


def test_the_nearest_config_in_a_parent_folder_counts(tmp_path):
    written(tmp_path, 'default = ["avif"]')
    nearest = written(tmp_path / "a", 'default = ["webp"]')
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    assert load_config(environ={}, cwd=str(tmp_path / "a" / "b" / "c")).file == nearest


def test_the_users_own_config_comes_last(tmp_path):
    own = written(tmp_path / "user" / "fileq", 'default = ["avif"]', "config.toml")
    (tmp_path / "a").mkdir()
    assert load_config(environ={}, cwd=str(tmp_path / "a")).file == own
    here = written(tmp_path / "a", "")
    assert load_config(environ={}, cwd=str(tmp_path / "a")).file == here


def test_an_option_goes_before_the_environment_and_that_before_the_folder(tmp_path):
    written(tmp_path, "")
    of_environment = written(tmp_path / "b", "", "b.toml")
    of_option = written(tmp_path / "c", "", "c.toml")
    environ = {"FILEQ_CONFIG": of_environment}
    assert load_config(environ=environ, cwd=str(tmp_path)).file == of_environment
    assert load_config(of_option, environ=environ, cwd=str(tmp_path)).file == of_option


def test_a_config_that_was_asked_for_and_is_not_there_is_an_error(tmp_path):
    with pytest.raises(NotFoundError, match=r"nowhere\.toml \(FILEQ_CONFIG\)"):
        load_config(environ={"FILEQ_CONFIG": "nowhere.toml"}, cwd=str(tmp_path))


def test_units_are_read_as_people_write_them(tmp_path):
    worker = loaded(tmp_path, '[worker]\ntimeout = "2h"\nmemory = "512 MiB"\nretry_delay = 3').worker
    assert worker.timeout == Duration(7200)
    assert worker.memory == ByteSize(512 * 2**20)
    assert worker.retry_delay == 3


def test_a_recipe_of_the_same_name_takes_the_place_of_a_built_in_one(tmp_path):
    recipes = loaded(tmp_path, '[recipes.web]\nout = "{folder}/mine"').recipes
    assert recipes["web"].out == "{folder}/mine"
    assert recipes["web"].name == "web"
    assert "thumbnail" in recipes


def test_a_recipes_enlarge_goes_to_its_steps_that_do_not_say(tmp_path):
    recipe = loaded(
        tmp_path,
        """
        [recipes.big]
        enlarge = true
        steps = [ { op = "resize", fit = "9x9" }, { op = "resize", fit = "8x8", enlarge = false } ]
        outputs = [ { steps = [ { op = "resize", fit = "7x7" } ] } ]
        """,
    ).recipes["big"]
    assert [step.enlarge for step in (*recipe.steps, *recipe.outputs[0].steps)] == [True, False, True]


def test_keep_takes_a_duration_or_forever(tmp_path):
    recipes = loaded(tmp_path, '[recipes.a]\nkeep = "7d"\n[recipes.b]\nkeep = "forever"\n[recipes.c]').recipes
    assert recipes["a"].keep == 7 * 86400
    assert recipes["b"].keep == float("inf")
    assert recipes["c"].keep is None


def test_a_config_that_is_not_utf_8_says_so(tmp_path):
    (tmp_path / "fileq.toml").write_bytes(b'default = ["caf\xe9"]')
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(environ={}, cwd=str(tmp_path))


def test_a_config_that_can_not_be_read_is_the_environments_failure(tmp_path, monkeypatch):
    file = written(tmp_path, "")

    def refused(*_args, **_options):
        raise PermissionError(13, "Permission denied", file)

    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(EnvironmentFailure, match="Permission denied") as raised:
        load_config(file, environ={}, cwd=str(tmp_path))
    assert raised.value.exit_code is ExitCode.ENVIRONMENT


def test_reading_a_config_imports_nothing_heavy():
    code = "import sys; from fileq.config import load_config; load_config(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"PIL", "huey", "rich", "sqlite3", "typer"} & set(modules)


def test_the_path_of_a_root_takes_variables_of_the_environment_and_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")
    (tmp_path / "fileq.toml").write_text(
        "[[root]]\nname = 'nas'\npath = '${NAS}/photos/'\n[[root]]\nname = 'own'\npath = '~/own'\n"
    )
    config = load_config(str(tmp_path / "fileq.toml"), environ={"NAS": "/mnt/nas"}, cwd=str(tmp_path))
    assert config.settings.root_paths == {"nas": "/mnt/nas/photos", "own": "/home/ann/own"}
