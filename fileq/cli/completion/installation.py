"""The installation of a shell's completion script: a file of its own, and a line in the shell's start file."""

import os
from typing import NamedTuple

from fileq.cli.completion.scripts import SCRIPTS
from fileq.errors import EnvironmentFailure, UsageError
from fileq.files.temp_file import replaced_file


class Installation(NamedTuple):
    """Where the script is, and the start file that reads it, "" where the shell finds it by itself."""

    script: str
    start_file: str


def current_shell() -> str:
    """Return the name of the shell that fileq was started from, else the user's own. Raises UsageError for another."""
    import psutil

    try:
        names = [process.name().lstrip("-").removesuffix(".exe") for process in psutil.Process().parents()]
    except psutil.Error:
        names = []
    names.append(os.path.basename(os.environ.get("SHELL", "")))
    found = next((name for name in names if name in SCRIPTS), None)
    if found is None:
        raise UsageError(f"There is no completion for {names[-1] or 'this shell'}.", f"It is for {', '.join(SCRIPTS)}.")
    return found


def install_script(shell: str) -> Installation:
    """Write the script where the shell reads it at its start. Raises EnvironmentFailure."""
    home = os.path.expanduser("~")
    if not os.path.isabs(home):
        raise EnvironmentFailure("There is no home folder to put the completion in.", "Set HOME.")
    try:
        if shell == "fish":
            config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
            script = os.path.join(config, "fish", "completions", "fileq.fish")
            _write(script, SCRIPTS[shell])
            return Installation(script, "")
        data = os.environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
        script = os.path.join(data, "fileq", f"completion.{shell}")
        _write(script, SCRIPTS[shell])
        folder = os.environ.get("ZDOTDIR") or home if shell == "zsh" else home
        start_file = os.path.join(folder, f".{shell}rc")
        _append_once(start_file, f"[ -r '{script}' ] && . '{script}'  # fileq's completion\n")
    except OSError as error:
        raise EnvironmentFailure(
            f"{error.filename} can't be written: {error.strerror}.", f"Or do it yourself: fileq completion {shell}"
        ) from error
    return Installation(script, start_file)


def _write(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with replaced_file(path, mode=0o644) as content:
        content.write(text.encode())


def _append_once(path: str, line: str) -> None:
    """Append a line to a file, which may be a link to where its owner keeps it, unless it stands there."""
    with open(path, "a+", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.seek(0)
        text = file.read()
        if line not in text:
            file.write(f"{'' if text.endswith(chr(10)) or not text else chr(10)}{line}")
