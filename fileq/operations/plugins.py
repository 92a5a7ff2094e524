"""Operations that other packages bring, by the entry point group `fileq.operations`.

A package with this in its module `posterizing`

    from PIL import ImageOps
    from fileq.operations.base import Operation

    class Posterize(Operation, frozen=True, kw_only=True):
        bits: int = 2

        def apply(self, image):
            return ImageOps.posterize(image.convert("RGB"), self.bits)

and this in its pyproject.toml

    [project.entry-points."fileq.operations"]
    posterize = "posterizing:Posterize"

lets every recipe say `{ op = "posterize", bits = 3 }`: the class's name in lower case.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import msgspec

from fileq.errors import EnvironmentFailure
from fileq.operations.base import Operation, op_name

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "fileq.operations"


def load_plugins(built_in: tuple[type[Operation], ...]) -> tuple[type[Operation], ...]:
    """Return the operations of all installed plug-ins. Raises EnvironmentFailure that names the broken one."""
    if not any(_has_operations(folder) for folder in sys.path):
        return ()
    from importlib.metadata import entry_points

    taken = {op_name(operation) for operation in built_in}
    return tuple(_load_operation(point, taken) for point in entry_points(group=GROUP))


def _has_operations(folder: str) -> bool:
    """Return whether a package installed in `folder` names our group.

    A look of 1 ms that saves nearly everyone the 30 ms that importing importlib.metadata takes.
    """
    try:
        names = os.listdir(folder or ".")
    except OSError:  # sys.path may name folders that don't exist, and zip files
        return False
    return any(_names_group(os.path.join(folder, name)) for name in names if name.endswith((".dist-info", ".egg-info")))


def _names_group(info: str) -> bool:
    try:
        with open(os.path.join(info, "entry_points.txt"), "rb") as file:
            return f"[{GROUP}]".encode() in file.read()
    except OSError:  # most packages have no entry points
        return False


def _load_operation(point: EntryPoint, taken: set[str]) -> type[Operation]:
    operation = _load_class(point)
    if op_name(operation) in taken:
        raise _plugin_failure(point, f'has a name that is taken, "{op_name(operation)}"')
    taken.add(op_name(operation))
    return operation


def _load_class(point: EntryPoint) -> type[Operation]:
    try:
        operation = point.load()
        msgspec.json.Decoder(operation)  # refuses parameters of types that no config can hold
    except Exception as error:  # a plug-in may fail with anything
        raise _plugin_failure(point, f"can't be loaded: {error}") from error
    if not (isinstance(operation, type) and issubclass(operation, Operation)):
        raise _plugin_failure(point, "is no subclass of fileq.operations.base.Operation")
    return operation


def _plugin_failure(point: EntryPoint, reason: str) -> EnvironmentFailure:
    package = point.dist.name if point.dist else "unknown"
    return EnvironmentFailure(
        f"The operation {point.name} of the package {package} {reason}.", "Fix or uninstall that package."
    )
