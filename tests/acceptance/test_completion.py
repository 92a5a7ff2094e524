"""What real shells complete at a TAB."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fileq.cli.completion.scripts import SCRIPTS
from tests.acceptance.program import PATIENCE, Program

CONFIG = '[recipes.shop]\ndescription = "For the shop."\n[recipes.bad]\nquality = 3\n'

needs_zsh = pytest.mark.skipif(not shutil.which("zsh"), reason="zsh isn't installed")
needs_fish = pytest.mark.skipif(not shutil.which("fish"), reason="fish isn't installed")


@pytest.fixture
def shell(fileq: Program) -> Program:
    """A home in which `fileq` is a command, with a config, and photos that failed and are done."""
    programs = fileq.folder / "bin"
    programs.mkdir()
    command = programs / "fileq"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fileq "$@"\n')
    command.chmod(0o755)
    fileq.environment["PATH"] = f"{programs}:{fileq.environment['PATH']}"
    fileq.environment["TERM"] = "dumb"
    fileq.configure(CONFIG)
    (fileq.folder / "photos").mkdir()
    (fileq.folder / "photos" / "cut.jpg").write_bytes(b"\xff\xd8\xff")
    (fileq.folder / "list.txt").write_text("")
    return fileq


def bash(home: Program, *words: str) -> list[str]:
    """What Bash offers for the last of the words."""
    script = (
        'eval "$(fileq completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        'name=$(complete -p fileq); name=${name#*-F }; ${name%% *}; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return _lines(home, ["bash", "--norc", "-c", script, "bash", "fileq", *words])


def fish(home: Program, typed: str) -> list[str]:
    """What fish offers at the end of what was typed, without what it says of each."""
    script = "fileq completion fish | source; complete -C $argv[1]"
    return [line.partition("\t")[0] for line in _lines(home, ["fish", "--no-config", "-c", script, typed])]


def _lines(home: Program, command: list[str]) -> list[str]:
    ran = subprocess.run(command, cwd=home.folder, env=home.environment, capture_output=True, text=True, check=True)
    assert ran.stderr == ""
    return [line for line in ran.stdout.splitlines() if line]


class Zsh:
    """A real zsh at a terminal."""

    def __init__(self, home: Program) -> None:
        pid, self._terminal = pty.fork()
        if pid == 0:
            os.chdir(home.folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], home.environment)
        self._pid = pid
        self.said = ""
        self.type("PROMPT='ready> '; unsetopt zle_bracketed_paste; zstyle ':completion:*' list-prompt ''\n")
        self.type('autoload -Uz compinit; compinit -u; eval "$(fileq completion zsh)"; echo so"urc"ed\n')
        self.read_until("sourced")

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    def read_until(self, part: str) -> str:
        """What it has shown since the last time, up to `part`."""
        deadline = time.monotonic() + PATIENCE
        while part not in self.said:
            assert time.monotonic() < deadline, self.said
            if select.select([self._terminal], [], [], 1)[0]:
                self.said += os.read(self._terminal, 65536).decode(errors="replace")
        shown, _, self.said = self.said.partition(part)
        return shown

    def close(self) -> None:
        os.close(self._terminal)
        os.waitpid(self._pid, 0)


def test_bash_completes_commands_options_and_values(shell):
    assert bash(shell, "st") == ["status"]
    assert bash(shell, "run", "--for") == ["--format", "--force"]
    assert bash(shell, "run", "photos", "-r", "sh") == ["shrink", "shop"]
    assert bash(shell, "run", "--recipe", "=", "sho") == ["shop"]
    assert bash(shell, "list", "--state", "ca") == ["cancelled"]
    assert bash(shell, "retry", "--cause", "unr") == ["unreadable"]
    assert bash(shell, "operations", "res") == ["resize"]
    assert bash(shell, "schedule", "run", "cl") == ["clean"]
    assert bash(shell, "service", "ins") == ["install"]
    assert bash(shell, "run", "--on-conflict", "over") == ["overwrite"]
    assert bash(shell, "completion", "f") == ["fish"]
    assert bash(shell, "-q", "--config", "fileq.toml", "doc") == ["doctor"]


def test_topics_and_commands_are_completed_behind_help(shell):
    assert bash(shell, "help", "cook") == ["cookbook"]
    assert bash(shell, "help", "bat") == ["batches"]


def test_bash_completes_jobs_and_batches_of_the_database_that_was_named(shell):
    shell.keep_in_file()  # a server may not answer at once, and is not asked
    shell.run("run", "photos", "-r", "shop", expect=1)
    assert bash(shell, "retry", "") == ["1"]
    assert bash(shell, "cancel", "") == []
    assert bash(shell, "show", "") == ["1"]
    assert bash(shell, "status", "") == ["1"]
    assert bash(shell, "list", "--batch", "") == ["1"]
    assert bash(shell, "--database", "other.db", "show", "") == []
    assert bash(shell, "show", "--database", "other.db", "") == []
    assert not (shell.folder / "other.db").exists()


def test_bash_completes_files_and_folders_where_a_path_is_meant(shell):
    assert bash(shell, "run", "ph") == ["photos"]
    assert bash(shell, "run", "photos/") == ["photos/cut.jpg"]
    assert bash(shell, "run", "--files-from", "li") == ["list.txt"]
    assert {"bin", "photos"} <= set(bash(shell, "watch", "")) <= {"bin", "photos", ".config", ".local"}
    assert bash(shell, "run", "-o", "li") == []
    assert bash(shell, "--config", "fileq.t") == ["fileq.toml"]


@pytest.mark.parametrize("config", ["[recipes", "recipes = 3", 'default = ["nix"]'])
def test_a_broken_config_or_database_is_silent(shell, config):
    shell.configure(config)
    shell.database.write_bytes(b"no database" * 500)
    assert bash(shell, "run", "-r", "w") == []
    assert bash(shell, "show", "") == []
    assert bash(shell, "sta") == ["status"]


def test_words_that_are_none_are_silent(shell):
    assert bash(shell, "nix", "") == bash(shell, "")
    assert bash(shell, "run", "--nix", "--al") == []
    assert bash(shell, "run", "'open") == []


def test_completing_makes_no_database(shell):
    bash(shell, "show", "")
    bash(shell, "list", "--batch", "")
    assert not shell.database.exists()


@needs_fish
def test_fish_completes_commands_options_values_and_paths(shell):
    shell.keep_in_file()  # a server may not answer at once, and is not asked
    shell.run("run", "photos", "-r", "shop", expect=1)
    assert fish(shell, "fileq sta") == ["status"]
    assert fish(shell, "fileq run -r sho") == ["shop"]
    assert fish(shell, "fileq run --recipe=sho") == ["--recipe=shop"]
    assert fish(shell, "fileq list --state ca") == ["cancelled"]
    assert fish(shell, "fileq retry ") == ["1"]
    assert fish(shell, "fileq run ph") == ["photos/"]
    assert fish(shell, "fileq watch li") == []
    assert "--include" in fish(shell, "fileq run --in")


@needs_zsh
def test_zsh_completes_commands_options_values_and_paths(shell):
    terminal = Zsh(shell)
    try:
        for typed, whole in (
            ("fileq statu\t", "fileq status"),
            ("fileq run -r sho\t", "fileq run -r shop"),
            ("fileq run --recipe=sho\t", "fileq run --recipe=shop"),
            ("fileq list --state canc\t", "fileq list --state cancelled"),
            ("fileq run ph\t", "fileq run photos"),
            ("fileq run photos/c\t", "fileq run photos/cut.jpg"),
        ):
            terminal.type(f"{typed}\x01print -r -- 'who'le: \n")  # Ctrl-A: what is completed is only shown
            terminal.read_until("whole: ")
            assert terminal.read_until("\n").rstrip() in (whole, f"{whole}/")
    finally:
        terminal.close()


@pytest.mark.parametrize(("name", "start_file"), [("bash", ".bashrc"), ("zsh", ".zshrc")])
def test_installing_adds_one_line_to_the_start_file_and_says_so(shell, name, start_file):
    (shell.folder / start_file).write_text("alias x=y")
    command = [name, "-c", "fileq --install-completion; true"]
    if not shutil.which(name):
        pytest.skip(f"{name} isn't installed")
    for _ in range(2):
        said = _lines(shell, command)
        assert start_file in said[0]
    lines = (shell.folder / start_file).read_text().splitlines()
    assert lines[0] == "alias x=y"
    assert len(lines) == 2
    script = shell.folder / ".local" / "share" / "fileq" / f"completion.{name}"
    assert script.read_text() == SCRIPTS[name]
    assert str(script) in lines[1]


def test_another_shell_is_told_which_there_are(shell):
    assert "bash, fish, zsh" in shell.run("completion", "tcsh", expect=2).stderr


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_the_script_is_one_that_the_shell_can_read(shell, name):
    script = Path(shell.folder / "script")
    script.write_text(shell.run("completion", name).stdout)
    if not shutil.which(name):
        pytest.skip(f"{name} isn't installed")
    subprocess.run([name, "-n", script], check=True)
