"""What is wrong with the folders of this host's roots, as far as only its disks tell. A root may be absent."""

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from itertools import combinations

from fileq.errors import ConfigError
from fileq.health.check import Finding, bad
from fileq.process.thread import BoundedStartThread
from fileq.roots import this_hosts_roots

_PATIENCE = 2.0
"""Seconds for a look: it hangs where a network drive does not answer, and who waits for none of that goes on."""


def find_root_faults(paths: Mapping[str, str]) -> list[Finding]:
    """Return which roots, absolute paths by their names, are files, or lie in one another by links. It may hang."""
    whole = {name: path or os.sep for name, path in paths.items()}
    return [*_files_among(whole), *_shared_among({name: path for name, path in whole.items() if os.path.isdir(path)})]


def require_root_folders(config_file: str | None) -> None:
    """Raise ConfigError where a root of this host is a file, or lies in another one by a link."""
    paths = this_hosts_roots().paths
    if not paths:
        return
    found: list[Finding] = []

    def examine() -> None:
        with suppress(OSError):  # one has gone meanwhile
            found.extend(find_root_faults(paths))

    look = BoundedStartThread(target=examine, name="fileq-root-folders")
    with suppress(RuntimeError, MemoryError):  # who works meets that too, and says it
        look.start()
        threading.Thread.join(look, _PATIENCE)
    for fault in found:
        raise ConfigError(f"{config_file}: {fault.message}", fault.remedy, section="root")


def _files_among(paths: Mapping[str, str]) -> list[Finding]:
    return [
        bad(f"The root {name} is no folder: {path} is a file.", "Name the folder in [[root]].")
        for name, path in paths.items()
        if os.path.exists(path) and not os.path.isdir(path)
    ]


def _shared_among(paths: Mapping[str, str]) -> list[Finding]:
    """Return the folders that are in another one, or are another one: each file there would have two names."""
    findings = []
    for (name, path), (other, other_path) in combinations(paths.items(), 2):
        real, other_real = os.path.realpath(path), os.path.realpath(other_path)
        if real == other_real or _is_same_folder(path, other_path):
            what = f"The roots {name} and {other} are one folder: {path} and {other_path} lead to {real}."
        elif _lies_in(real, other_real):
            what = f"The root {name} lies in the root {other}: {path} leads to {real}."
        elif _lies_in(other_real, real):
            what = f"The root {other} lies in the root {name}: {other_path} leads to {other_real}."
        else:
            continue
        findings.append(bad(what, "Have one [[root]] for both: else each file there has two names."))
    return findings


def _is_same_folder(path: str, other: str) -> bool:
    try:
        return os.path.samefile(path, other)
    except OSError:  # one of them has just gone
        return False


def _lies_in(folder: str, other: str) -> bool:
    return folder.startswith(other.rstrip(os.sep) + os.sep)
