"""Every error becomes a message, a hint and an exit code, in one place."""

import os
import subprocess
import sys

import pytest

from fileq import __version__
from fileq.cli import commands, run
from fileq.cli.commands.inspection import status as status_command
from fileq.errors import ExitCode

FILEQ = [sys.executable, "-m", "fileq"]


def broken(monkeypatch, error):
    """`fileq status` that fails with this error."""

    def fail(*_args, **_options):
        raise error

    monkeypatch.setattr(status_command, "status_answer", fail)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["ad"], "There is no command ad. Did you mean add?"),
        (["resize", "a.jpg"], "There is no command resize. Write: fileq run PATH --resize 1200x"),
        (["grayscale", "a.jpg"], "Write: fileq run PATH --op grayscale"),
        (["webp", "a.jpg"], "Write: fileq run PATH -r webp"),
        (["."], "To process that file or folder, write: fileq run ."),
        (["run", ".", "--grayscale"], "--op grayscale"),
        (["run", ".", "--width", "300"], "--resize 1200x"),
        (["run", ".", "--resise", "30x"], "Possible options: "),
        (["--frobnicate", "status"], "No such option: --frobnicate"),
        (["show"], "Missing argument 'JOB'"),
        (["show", "x"], "'x' is no whole number"),
        (["show", "7"], "There is no job 7."),
        (["status", "7"], "There is no batch 7."),
        (["list", "--state", "faild"], "Did you mean failed?"),
        (["list", "--limit", "-1"], "at least 0"),
        (["worker", "--workers", "0"], "at least 1"),
        (["worker", "--memory", "lots"], "'lots' can't be understood. Write it like"),
        (["retry"], "Which jobs?"),
        (["cancel"], "Which jobs?"),
        (["add"], "No PATH was given."),
        (["add", "nowhere.jpg"], "nowhere.jpg"),
        (["add", ".", "-r", "wbe"], "Did you mean web?"),
        (["add", ".", "--at", "teatime"], "--at teatime: that is no time."),
        (["add", "--files-from", "nowhere.txt"], "There is no file nowhere.txt"),
        (["recipes", "thumbnial"], "Did you mean thumbnail?"),
        (["--config", "nowhere.toml", "status"], "There is no config file"),
        (["--database", "mysql://host/x", "status"], "mysql:// is none that fileq can use"),
        (["--database", "postgresql:me:secret@host/x", "status"], "no file gets such a name"),
        (["--database", "host=mill password=secret dbname=x", "status"], "no file gets such a name"),
        (["--quiet", "--verbose", "status"], "can't be combined"),
    ],
)
def test_wrong_usage_is_one_short_paragraph_and_exit_2(fileq, arguments, part):
    ran = fileq(*arguments)
    assert ran.code == ExitCode.USAGE
    assert ran.out == ""
    assert ran.err.startswith("Error: ")
    assert ran.err.count("\n") == 1
    assert part in ran.err


def test_a_mistake_in_the_config_is_exit_2_for_every_command_that_reads_it(fileq):
    (fileq.folder / "fileq.toml").write_text("wokers = 3", "utf-8")
    for arguments in (["status"], ["add", "."], ["config"], ["recipes"], ["worker", "--drain"]):
        ran = fileq(*arguments)
        assert (ran.code, ran.out) == (ExitCode.USAGE, "")
        assert "fileq.toml, line 1: wokers: there is no such key" in ran.err


def test_a_database_that_is_none_is_exit_3_and_left_as_it_is(fileq):
    (fileq.folder / "no.db").write_text("this is not a database" * 100)
    ran = fileq("--database", "no.db", "status")
    assert ran.code == ExitCode.ENVIRONMENT
    assert "no database" in ran.err
    assert (fileq.folder / "no.db").read_text() == "this is not a database" * 100


def test_what_the_system_refuses_is_exit_3(fileq, monkeypatch):
    broken(monkeypatch, PermissionError(13, "Permission denied", "/x"))
    ran = fileq("status")
    assert (ran.code, ran.err) == (ExitCode.ENVIRONMENT, "Error: The system says: Permission denied: /x.\n")


def test_a_fault_of_our_own_is_one_line_and_a_traceback_with_debug_alone(fileq, monkeypatch):
    broken(monkeypatch, ZeroDivisionError("division by zero"))
    ran = fileq("status")
    assert ran.code == ExitCode.FAILED
    assert "Something went wrong inside fileq: ZeroDivisionError: division by zero." in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in fileq("--debug", "status").err


def test_ctrl_c_is_130(fileq, monkeypatch):
    broken(monkeypatch, KeyboardInterrupt())
    assert fileq("status").code == ExitCode.INTERRUPTED


def test_version_and_help_are_answers(fileq):
    assert fileq("--version").out == f"fileq {__version__}\n"
    assert fileq().out == fileq("--help").out
    assert fileq("-h").code == ExitCode.DONE


def test_help_shows_the_commands_in_groups(fileq):
    told = fileq("--help").out
    for group in ("Queue files:", "Look:", "Steer:", "Set up:"):
        assert group in told
    assert "\x1b" not in told


@pytest.mark.parametrize("name", sorted(os.listdir(os.path.dirname(commands.__file__))))
def test_each_command_has_a_help_with_an_example(fileq, name):
    if not name.endswith(".py") or name == "__init__.py":
        return
    command = name.removesuffix(".py")
    assert f"Example: fileq {command}" in " ".join(fileq(command, "--help").out.split())


def test_a_command_imports_its_own_module_alone(fileq):
    code = "import sys; from fileq.cli import run; run(['pause']); print(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(ran.stderr.split())
    assert "fileq.cli.commands.control.pause" in modules
    assert not {"fileq.cli.commands.queueing.add", "PIL", "huey", "rich", "pydantic", "psutil", "watchdog"} & modules


def test_add_imports_nothing_heavy(fileq):
    fileq.photo("a.jpg")
    code = "import sys; from fileq.cli import run; run(['add', 'photos']); print(*sys.modules, file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "1 file queued" in ran.stdout
    assert not {"PIL", "huey", "rich", "pydantic", "psutil", "watchdog"} & set(ran.stderr.split())


def test_nobody_reads_the_output_and_nobody_complains(fileq):
    for number in range(60):
        fileq.photo(f"{number}-{'x' * 150}.jpg")
    fileq("add", "photos")
    listing = subprocess.Popen([*FILEQ, "list", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert listing.stdout is not None
    listing.stdout.close()
    _, said = listing.communicate(timeout=60)
    assert (listing.returncode, said) == (0, b"")


def test_a_terminal_without_the_letters_gets_them_escaped(fileq):
    fileq.photo("caf\u00e9.jpg")
    fileq("add", "photos")
    environ = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = subprocess.run([*FILEQ, "list"], capture_output=True, check=True, env=environ)
    assert b"caf\\xe9.jpg" in ran.stdout


def test_an_empty_answer_is_exit_0(fileq):
    assert run(["status"]) == 0


def test_a_choice_that_is_missing_and_a_folder_without_files_are_said_in_a_line(fileq):
    assert "Choose from: bash, zsh, fish." in fileq("completion").err
    (fileq.folder / "empty").mkdir()
    assert "No files were found in empty." in fileq("run", "empty").err
