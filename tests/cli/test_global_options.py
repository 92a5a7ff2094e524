"""The options that every command has stand before the command or after it."""

import pytest

from fileq.cli.app import PANELS
from fileq.errors import ExitCode

COMMANDS = [
    *([name] for panel in PANELS for name in panel.names),
    *(["schedule", "run"], ["service", "install"], ["service", "status"]),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_takes_the_global_options_after_its_name_and_says_so(fileq, command):
    ran = fileq(*command, "-q", "--debug", "--config", "x.toml", "--database", "x.db", "--help")
    assert ran.code == ExitCode.DONE
    assert "--config FILE, --database FILE, -q, -v, --debug" in " ".join(ran.out.split())


@pytest.mark.parametrize("options", [["-v"], ["--verbose"]])
def test_the_database_and_verbose_count_after_the_command(fileq, options):
    ran = fileq("status", *options, "--database", "other.db")
    assert f"Database: {fileq.folder / 'other.db'}" in ran.err
    assert (fileq.folder / "other.db").exists()


def test_of_two_databases_the_later_counts(fileq):
    ran = fileq("--database", "one.db", "-v", "status", "--database", "two.db")
    assert f"Database: {fileq.folder / 'two.db'}" in ran.err
    assert not (fileq.folder / "one.db").exists()


def test_the_config_counts_after_a_sub_command(fileq):
    (fileq.folder / "mine.toml").write_text('[schedule]\nclean = "off"\n[[schedule.add]]\ncron = "0 1 * * *"\n'
                                            'paths = ["photos"]\nname = "nightly"\n', "utf-8")  # fmt: skip
    ran = fileq("schedule", "run", "nightlly", "--config", "mine.toml")
    assert "Did you mean nightly?" in ran.err


def test_quiet_counts_after_the_command(fileq):
    fileq.photo("a.jpg")
    assert "worker" in fileq("add", "photos").err
    fileq.photo("b.jpg")
    assert fileq("add", "photos", "-q").err == ""


def test_quiet_here_and_verbose_there_is_refused(fileq):
    ran = fileq("-q", "status", "-v")
    assert ran.code == ExitCode.USAGE
    assert "can't be combined" in ran.err


def test_what_follows_two_dashes_is_a_file(fileq):
    assert "-q" in fileq("add", "--", "-q").err


def test_what_undo_and_pause_say_to_do_next_is_about_the_database_that_was_named(fileq):
    fileq("--database", "other.db", "add", fileq.photo("a.jpg"))
    told = fileq("--database", "other.db", "undo", "1").err
    assert "fileq --database other.db wait 1" in told
    assert "fileq --database other.db cancel --batch 1" in told
    assert "fileq --database other.db resume" in fileq("--database", "other.db", "pause").out
