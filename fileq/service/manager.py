"""The service managers, systemd on Linux and launchd on macOS, and the files that describe the service to them."""

import os
import plistlib
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Protocol

from fileq.errors import EnvironmentFailure, UsageError
from fileq.files.resolution import user_id

NAME = "fileq"
LABEL = "org.fileq.watch"
WATCHDOG_SECONDS = 60
"""Seconds without a sign of life after which systemd starts the service again."""


class ServiceManager(Protocol):
    """What starts the service at log-in, and again when it fails."""

    file: str
    """The path of the file that describes the service."""

    def install(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Describe the service; start it now and at every log-in. Raises EnvironmentFailure."""

    def uninstall(self) -> None:
        """Stop the service and remove its file. Raises EnvironmentFailure."""

    def state(self) -> str:
        """Return the service's state in a word: active, inactive, failed, … Raises EnvironmentFailure."""


def service_manager(platform: str = sys.platform) -> ServiceManager:
    """Return the service manager of a platform. Raises UsageError, with what to do, where none is known."""
    if platform == "darwin":
        return Launchd()
    if platform.startswith("linux"):
        return Systemd()
    raise UsageError(
        "Services are installed on Linux and macOS alone.",
        'On Windows, make a task for log-on: schtasks /create /tn fileq /sc onlogon /tr "fileq watch --work"',
    )


class Systemd:
    """systemd's user manager."""

    def __init__(self) -> None:
        home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
        self.file = os.path.join(home, "systemd", "user", f"{NAME}.service")

    def install(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Write the unit, enable and restart it. Raises EnvironmentFailure."""
        _write(self.file, systemd_unit(command, environment).encode())
        self._call("daemon-reload")
        self._call("enable", f"{NAME}.service")
        self._call("restart", f"{NAME}.service")

    def uninstall(self) -> None:
        """Stop and disable the unit, and remove it. Raises EnvironmentFailure."""
        self._call("disable", "--now", f"{NAME}.service")
        _remove(self.file)
        self._call("daemon-reload")

    def state(self) -> str:
        """Return what systemd calls the unit's state, or "not installed". Raises EnvironmentFailure."""
        if not os.path.exists(self.file):
            return "not installed"
        return _output("systemctl", "--user", "is-active", f"{NAME}.service").stdout.strip() or "unknown"

    def _call(self, *arguments: str) -> None:
        _call("systemctl", "--user", *arguments)


class Launchd:
    """launchd's domain of the user who is logged in."""

    def __init__(self) -> None:
        self.file = os.path.expanduser(f"~/Library/LaunchAgents/{LABEL}.plist")
        self._log = os.path.expanduser("~/Library/Logs/fileq.log")
        self._domain = f"gui/{user_id()}"

    def install(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Write the agent and load it. Raises EnvironmentFailure."""
        if os.path.exists(self.file):
            self._unload()
        _write(self.file, launchd_agent(command, environment, self._log))
        _call("launchctl", "bootstrap", self._domain, self.file)

    def uninstall(self) -> None:
        """Unload the agent and remove it. Raises EnvironmentFailure."""
        self._unload()
        _remove(self.file)

    def state(self) -> str:
        """Return "active", "inactive" or "not installed". Raises EnvironmentFailure."""
        if not os.path.exists(self.file):
            return "not installed"
        is_loaded = _output("launchctl", "print", f"{self._domain}/{LABEL}").returncode == 0
        return "active" if is_loaded else "inactive"

    def _unload(self) -> None:
        _output("launchctl", "bootout", f"{self._domain}/{LABEL}")  # it may not be loaded


# The files that describe the service


def systemd_unit(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the text of a user's unit that runs `command`, see systemd.service(5)."""
    lines = [
        "[Unit]",
        "Description=fileq, which queues and processes what comes into watched folders",
        "",
        "[Service]",
        "Type=notify",
        "NotifyAccess=main",
        f"ExecStart={' '.join(map(systemd_quoted, command))}",
        "ExecReload=/bin/kill -HUP $MAINPID",
        *(f"Environment={systemd_quoted(f'{name}={value}')}" for name, value in environment.items()),
        f"WatchdogSec={WATCHDOG_SECONDS}",
        "Restart=on-failure",
        "RestartSec=5",
        "KillMode=mixed",  # SIGTERM is for the watcher, who lets running jobs end
        "",
        "[Install]",
        "WantedBy=default.target",
        "",
    ]
    return "\n".join(lines)


def systemd_quoted(word: str) -> str:
    """Return a word of a command line as systemd reads it: quotes, specifiers and variables are escaped."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or not word or set(word) & set(" \t'") else word


def launchd_agent(command: Sequence[str], environment: Mapping[str, str], log: str) -> bytes:
    """Return the property list of a user's agent that runs `command`, see launchd.plist(5)."""
    return plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "EnvironmentVariables": dict(environment),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "StandardErrorPath": log,
            "ProcessType": "Background",
        }
    )


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
        message = (done.stderr or done.stdout).strip() or f"exit code {done.returncode}"
        raise EnvironmentFailure(
            f"{' '.join(command)}: {message}", "The service's file is written; see: fileq service status"
        )
