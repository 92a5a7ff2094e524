"""What describes the service to systemd and to launchd. Pure: text from a command."""

import plistlib
from collections.abc import Mapping, Sequence

NAME = "fileq"
LABEL = "org.fileq.watch"
SILENCE = 60
"""Seconds without a sign of life after which systemd starts it again."""


def systemd_unit(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """A unit of the user's, see systemd.service(5)."""
    lines = [
        "[Unit]",
        "Description=fileq, which queues and processes what comes into watched folders",
        "",
        "[Service]",
        "Type=notify",
        "NotifyAccess=main",
        f"ExecStart={' '.join(map(quoted, command))}",
        "ExecReload=/bin/kill -HUP $MAINPID",
        *(f"Environment={quoted(f'{name}={value}')}" for name, value in environment.items()),
        f"WatchdogSec={SILENCE}",
        "Restart=on-failure",
        "RestartSec=5",
        "KillMode=mixed",  # SIGTERM is for the watcher, who lets running jobs end
        "",
        "[Install]",
        "WantedBy=default.target",
        "",
    ]
    return "\n".join(lines)


def quoted(word: str) -> str:
    """A word of a command line as systemd reads it: quotes, specifiers, variables."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or not word or set(word) & set(" \t'") else word


def launchd_agent(command: Sequence[str], environment: Mapping[str, str], log: str) -> bytes:
    """An agent of the user's, see launchd.plist(5)."""
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
