"""Operations that other packages bring, by the entry point group `fileq.operations`."""

from importlib.metadata import EntryPoint, entry_points

from fileq.errors import EnvironmentFailure
from fileq.operations.base import Operation

GROUP = "fileq.operations"


def load() -> tuple[type[Operation], ...]:
    """The operations of all installed plug-ins. Raises EnvironmentFailure that names the broken one."""
    return tuple(_operation(point) for point in entry_points(group=GROUP))


def _operation(point: EntryPoint) -> type[Operation]:
    try:
        operation = point.load()
    except Exception as error:  # a plug-in may fail with anything
        raise _broken(point, f"can't be loaded: {error}") from error
    if not (isinstance(operation, type) and issubclass(operation, Operation)):
        raise _broken(point, "is no subclass of fileq.operations.base.Operation")
    return operation


def _broken(point: EntryPoint, reason: str) -> EnvironmentFailure:
    package = point.dist.name if point.dist else "unknown"
    return EnvironmentFailure(
        f"The operation {point.name} of the package {package} {reason}.", "Mend or uninstall that package."
    )
