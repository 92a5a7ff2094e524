"""The service managers: systemd on Linux, launchd on macOS. Each installs, takes away, and tells how it is."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Protocol

from fileq.errors import EnvironmentFailure, UsageError
from fileq.service import unit


class Manager(Protocol):
    file: str
    """Where the service is described."""

    def install(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Describe it, and start it now and at every log-in. Raises EnvironmentFailure."""

    def uninstall(self) -> None:
        """Stop it and forget it."""

    def state(self) -> str:
        """In a word: active, inactive, failed, …"""


def manager(platform: str = sys.platform) -> Manager:
    """The one of this platform. Raises UsageError, with what to do, where there is none that we know."""
    if platform == "darwin":
        return Launchd()
    if platform.startswith("linux"):
        return Systemd()
    raise UsageError(
        "Services are installed on Linux and macOS alone.",
        'On Windows, make a task for log-on: schtasks /create /tn fileq /sc onlogon /tr "fileq watch --work"',
    )


class Systemd:
    def __init__(self) -> None:
        home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        self.file = os.path.join(home, "systemd", "user", f"{unit.NAME}.service")

    def install(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        _write(self.file, unit.systemd_unit(command, environment).encode())
        self._call("daemon-reload")
        self._call("enable", f"{unit.NAME}.service")
        self._call("restart", f"{unit.NAME}.service")

    def uninstall(self) -> None:
        self._call("disable", "--now", f"{unit.NAME}.service")
        _remove(self.file)
        self._call("daemon-reload")

    def state(self) -> str:
        if not os.path.exists(self.file):
            return "not installed"
        return _output("systemctl", "--user", "is-active", f"{unit.NAME}.service").stdout.strip() or "unknown"

    def _call(self, *arguments: str) -> None:
        _call("systemctl", "--user", *arguments)


class Launchd:
    def __init__(self) -> None:
        self.file = os.path.expanduser(f"~/Library/LaunchAgents/{unit.LABEL}.plist")
        self._log = os.path.expanduser("~/Library/Logs/fileq.log")
        self._domain = f"gui/{os.getuid()}"

    def install(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        if os.path.exists(self.file):
            self._leave()
        _write(self.file, unit.launchd_agent(command, environment, self._log))
        _call("launchctl", "bootstrap", self._domain, self.file)

    def uninstall(self) -> None:
        self._leave()
        _remove(self.file)

    def state(self) -> str:
        if not os.path.exists(self.file):
            return "not installed"
        loaded = _output("launchctl", "print", f"{self._domain}/{unit.LABEL}").returncode == 0
        return "active" if loaded else "inactive"

    def _leave(self) -> None:
        _output("launchctl", "bootout", f"{self._domain}/{unit.LABEL}")  # it may not be loaded


def _write(file: str, content: bytes) -> None:
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "wb") as description:
            description.write(content)
    except OSError as error:
        raise EnvironmentFailure(f"{file} can't be written: {error.strerror}.") from error


def _remove(file: str) -> None:
    try:
        os.unlink(file)
    except FileNotFoundError:
        return
    except OSError as error:
        raise EnvironmentFailure(f"{file} can't be removed: {error.strerror}.") from error


def _output(*command: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise EnvironmentFailure(f"{command[0]} can't be started: {error.strerror}.", "Is it installed?") from error


def _call(*command: str) -> None:
    done = _output(*command)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise EnvironmentFailure(
            f"{' '.join(command)}: {said}", "The service's file is written; see: fileq service status"
        )
