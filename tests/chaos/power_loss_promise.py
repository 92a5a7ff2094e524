"""What must hold of a disk when the power has failed, and of what comes of it.

On the disk as it is found, before anything of fileq runs:

- An original is there, whole: under its name or a hidden one or, where it was to be moved, under its new one. With
  `replace` its result may have taken its place. It is gone for good only where it was to be deleted and all its outputs
  are there.
- Under a final name stands the whole file, or none: content is synced before it is given the name. Hidden names may
  hold anything.

After the same command again (where `add` had said that the files are queued: after a worker alone):

- Every folder holds what it would hold without the loss of power, byte by byte, and nothing else: no temp file, no
  second output, no original at two places.
- The ledger tells the same of jobs and outputs: a job whose output is there knows it, and is done.
"""

import os

from tests.chaos.power_loss_log import Disk
from tests.chaos.power_loss_scenarios import Machine


def broken_on_disk(machine: Machine, disk: Disk) -> list[str]:
    """Say what is wrong with a disk as the loss of power has left it."""
    before, end = _files(machine, machine.before), _files(machine, machine.end)
    now = _files(machine, disk)
    problems = [
        f"{path} is not whole: {len(content)} bytes"
        for path, content in now.items()
        if content not in (before.get(path), end.get(path)) and not _is_hidden(path)
    ]
    inbox = str(machine.disk / "inbox")
    for path, content in before.items():
        if path.startswith(inbox) and not _is_kept(machine, path, content, now, end):
            problems.append(f"{path} is lost")
    return problems


def broken_after(machine: Machine) -> list[str]:
    """Say what is wrong with the real disk and its ledger once the power is back and all is done."""
    now, end = _files(machine, machine.recorder.disk()), _files(machine, machine.end)
    problems = [f"{path} is missing" for path in end.keys() - now.keys()]
    problems += [f"{path} should not be there" for path in now.keys() - end.keys()]
    problems += [f"{path} has other content" for path in now.keys() & end.keys() if now[path] != end[path]]
    told = machine.told()
    problems += [f"the ledger says {row}" for row in told if row not in machine.ledger]
    problems += [f"the ledger does not say {row}" for row in machine.ledger if row not in told]
    return problems


def _files(machine: Machine, disk: Disk) -> dict[str, bytes]:
    """All but fileq's own state."""
    state = str(machine.database.parent)
    return {path: disk.contents[inode][0] for path, inode in disk.names.items() if not path.startswith(state)}


def _is_kept(machine: Machine, path: str, content: bytes, now: dict[str, bytes], end: dict[str, bytes]) -> bool:
    name = os.path.basename(path)
    if path in now or content in now.values():
        return True
    outputs = [other for other in end if other.startswith(str(machine.disk / "out" / os.path.splitext(name)[0]))]
    return machine.scenario.deletes and all(now.get(output) == end[output] for output in outputs)


def _is_hidden(path: str) -> bool:
    return os.path.basename(path).startswith(".fileq-")
