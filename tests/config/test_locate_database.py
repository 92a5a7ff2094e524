"""Which database is used, and what named it."""

import os

import pytest

from fileq.config import load_config, locate_database, with_database_origin
from fileq.errors import UsageError


@pytest.fixture
def config(tmp_path):
    (tmp_path / "config").mkdir()
    file = tmp_path / "config" / "fileq.toml"
    file.write_text('[queue]\ndatabase = "jobs/a.db"\n', "utf-8")
    return load_config(str(file), environ={}, cwd=str(tmp_path))


def test_a_path_in_the_config_is_seen_from_the_configs_folder(config, tmp_path):
    assert locate_database(config, environ={}, cwd="/")[0] == str(tmp_path / "config" / "jobs" / "a.db")


def test_the_option_goes_first_then_the_environment_then_the_config(config, tmp_path):
    environ = {"FILEQ_DATABASE": "b.db"}
    folder = str(tmp_path)
    assert locate_database(config, "c.db", environ=environ, cwd=folder) == (str(tmp_path / "c.db"), "option")
    assert locate_database(config, None, environ=environ, cwd=folder) == (str(tmp_path / "b.db"), "environment")
    assert locate_database(config, None, environ={}, cwd=folder)[1] == f"{config.file}:2"


def test_an_option_that_the_environment_filled_in_is_the_environments(config):
    assert locate_database(config, "b.db", environ={"FILEQ_DATABASE": "b.db"}, cwd="/")[1] == "environment"


def test_without_any_it_is_in_the_users_state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    config = load_config(environ={}, cwd=str(tmp_path))
    path, origin = locate_database(config, environ={}, cwd=str(tmp_path))
    assert os.path.basename(path) == "fileq.db"
    assert origin == "default"


def test_a_tilde_is_the_home_folder(config, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert locate_database(config, "~/x.db", environ={}, cwd="/")[0] == str(tmp_path / "x.db")


def test_a_url_is_refused_and_the_message_holds_no_password(config):
    with pytest.raises(UsageError, match="not available yet") as raised:
        locate_database(config, "postgresql://ada:secret@host/jobs", environ={}, cwd="/")
    assert "secret" not in str(raised.value)


def test_the_origins_tell_the_database_that_is_used(config):
    told = {one.key: one for one in with_database_origin(config, "/x.db", "option").origins}
    assert (told["queue.database"].value, told["queue.database"].origin) == ("/x.db", "option")


def test_every_setting_has_an_origin(config):
    origins = {one.key: one.origin for one in config.origins}
    assert origins["queue.database"] == f"{config.file}:2"
    assert origins["worker.timeout"] == "default"
    assert origins["recipes.web"] == "built in"
