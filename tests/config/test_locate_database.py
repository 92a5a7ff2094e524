"""Which database is used, and what named it."""

import os

import pytest

from fileq.config import hide_password, load_config, locate_database, with_database_origin
from fileq.errors import ConfigError, UsageError


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


def test_the_address_of_a_server_is_taken_as_it_is(config):
    address = "postgresql://ada:secret@host/jobs"
    assert locate_database(config, address, environ={}, cwd="/") == (address, "option")


def test_a_password_may_come_from_the_environment(config):
    address = "postgresql://ada:${PASSWORD}@host/jobs"
    found, _ = locate_database(config, address, environ={"PASSWORD": "a/b@c"}, cwd="/")
    assert found == "postgresql://ada:a%2Fb%40c@host/jobs"
    with pytest.raises(ConfigError, match=r"takes \$\{PASSWORD\}"):
        locate_database(config, address, environ={}, cwd="/")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ada:hush@db.example:5433/photos", "postgresql://ada@db.example:5433/photos"),
        ("postgresql://ada@db.example/photos", "postgresql://ada@db.example/photos"),
        ("postgresql:///photos?host=/run/pg&password=hush", "postgresql:///photos?host=/run/pg"),
        ("postgresql:///photos?password=hush&host=/run/pg", "postgresql:///photos?host=/run/pg"),
        ("postgresql:///photos?password=hush", "postgresql:///photos"),
        ("photos:hush@x.db", "photos:hush@x.db"),
    ],
)
def test_an_address_is_shown_without_its_password(address, shown):
    assert hide_password(address) == shown


def test_the_settings_that_are_shown_have_no_password(config):
    told = {one.key: one for one in with_database_origin(config, "postgresql://ada:hush@host/jobs", "option").origins}
    assert told["queue.database"].value == "postgresql://ada@host/jobs"


def test_a_url_of_another_kind_is_refused(config):
    with pytest.raises(UsageError, match="mysql:// is none"):
        locate_database(config, "mysql://ada:secret@host/jobs", environ={}, cwd="/")


def test_the_origins_tell_the_database_that_is_used(config):
    told = {one.key: one for one in with_database_origin(config, "/x.db", "option").origins}
    assert (told["queue.database"].value, told["queue.database"].origin) == ("/x.db", "option")


def test_every_setting_has_an_origin(config):
    origins = {one.key: one.origin for one in config.origins}
    assert origins["queue.database"] == f"{config.file}:2"
    assert origins["worker.timeout"] == "default"
    assert origins["recipes.web"] == "built in"


@pytest.mark.parametrize("password", ["hu@sh", "hu/sh", "hu?sh", "hu#sh", "hu%sh", "hu sh", "hush@"])
def test_a_password_that_ends_too_early_is_not_shown_in_part(config, password):
    address = f"postgresql://ada:{password}@host:5433/jobs"
    assert hide_password(address) == "postgresql://ada@host:5433/jobs"
    with pytest.raises(UsageError, match="%40") as raised:
        locate_database(config, address, environ={}, cwd="/")
    assert "sh" not in str(raised.value)


@pytest.mark.parametrize(
    "address", ["postgresql://host:5433/jobs?user=a@b", "postgresql://ada:hu%40sh@host/jobs?user=a"]
)
def test_what_is_no_password_is_none(config, address):
    assert locate_database(config, address, environ={}, cwd="/") == (address, "option")
    assert hide_password(address).endswith(address.rpartition("host")[2])


@pytest.mark.parametrize(
    ("hosts", "port"),
    [("h:port", "port"), ("u:p:5@h:0", "0"), ("u@h:65536", "65536"), ("[::1]:5x", "5x"), ("a:5432,b:x", "x")],
)
def test_a_port_that_is_none_is_named(config, hosts, port):
    with pytest.raises(UsageError, match=f"has the port {port}, which is none"):
        locate_database(config, f"postgresql://{hosts}/jobs", environ={}, cwd="/")


@pytest.mark.parametrize("hosts", ["", "h", "h:", "u@h:5433", "[::1]", "[::1]:5433", "u@a:5432,b:5433", "u:%3Ap@h"])
def test_an_address_may_have_ports_or_none(config, hosts):
    address = f"postgresql://{hosts}/jobs?application_name=a:b"
    assert locate_database(config, address, environ={}, cwd="/") == (address, "option")
