"""Hooks of a program's config, and what is not delivered yet."""

import os
from pathlib import Path

from tests.acceptance.program import Program
from tests.support.receiver import Receiver


def hook(fileq: Program, *lines: str) -> None:
    fileq.trust("".join(f"[[hook]]\n{line}\n" for line in lines))


def url(receiver: Receiver, *more: str) -> str:
    return "\n".join((f'url = "{receiver.url}/ready?shop=1"', *more))


def add(fileq: Program, folder: Path, *options: str) -> None:
    fileq.run("add", folder, "-r", "thumbnail", *options)


def calls(fileq: Program) -> int:
    return int(fileq.ask("select count(*) from hook_calls")[0][0])


def function(fileq: Program, body: str) -> None:
    """A module with the function that hooks call."""
    (fileq.folder / "lib").mkdir(exist_ok=True)
    (fileq.folder / "lib" / "shophooks.py").write_text(f"import json, os, sys, time\n{body}")
    fileq.environment["PYTHONPATH"] = os.pathsep.join((str(fileq.folder / "lib"), os.environ.get("PYTHONPATH", "")))
