"""What describes the service: systemd itself is asked whether it understands."""

import os
import plistlib
import subprocess
import sys

import pytest

from fileq.errors import UsageError
from fileq.service.manager import launchd_agent, service_manager, systemd_quoted, systemd_unit

COMMAND = [sys.executable, "-m", "fileq", "--config", '/home/ada/my "100 %" $config.toml', "watch", "--work"]


def test_systemd_understands_the_unit(tmp_path):
    unit = tmp_path / "fileq.service"
    unit.write_text(systemd_unit(COMMAND, {"PATH": "/usr/bin:/opt/my tools"}))
    assert verified(unit) == (0, "")


def test_it_would_complain_of_a_mistake(tmp_path):
    unit = tmp_path / "fileq.service"
    unit.write_text(systemd_unit(COMMAND, {}).replace("WatchdogSec", "WatchdogSce"))
    assert "WatchdogSce" in verified(unit)[1]


def verified(unit):
    """systemd-analyze's exit code, and what it says of this unit."""
    said = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", unit],
        capture_output=True, text=True, check=False, env=os.environ | {"XDG_RUNTIME_DIR": str(unit.parent)},
    )  # fmt: skip
    return said.returncode, "".join(line for line in said.stderr.splitlines() if "fileq" in line)


def test_it_is_started_again_when_it_gives_no_sign_of_life():
    lines = systemd_unit(COMMAND, {}).splitlines()
    assert {"Type=notify", "WatchdogSec=60", "Restart=on-failure"} <= set(lines)


@pytest.mark.parametrize(
    ("word", "written"),
    [("plain", "plain"), ("two words", '"two words"'), ('a"b', '"a\\"b"'), ("100%", '"100%%"'), ("$x", '"$$x"')],
)
def test_words_are_quoted_as_systemd_reads_them(word, written):
    assert systemd_quoted(word) == written


def test_the_launchd_agent_runs_the_same():
    agent = plistlib.loads(launchd_agent(COMMAND, {"PATH": "/usr/bin"}, "/log"))
    assert agent["ProgramArguments"] == COMMAND
    assert agent["RunAtLoad"] is True


def test_windows_is_told_how():
    with pytest.raises(UsageError, match="schtasks"):
        service_manager("win32")
