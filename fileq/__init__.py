"""fileq: a batch file processor with a local queue that loses nothing.

>>> import fileq
>>> with fileq.connect() as queue:
...     receipt = queue.add("upload.jpg", recipe="web")
>>> receipt.queued
1

`fileq help from-python` has the whole of it.
"""

import importlib

TYPE_CHECKING = False  # as type checkers know it: `import typing` takes 5 ms
if TYPE_CHECKING:
    from fileq import errors
    from fileq.api.connect import connect
    from fileq.api.job_handle import JobHandle
    from fileq.api.queue import Queue
    from fileq.api.receipt import Receipt
    from fileq.api.run import RunProgress
    from fileq.errors import ErrorKind, FileqError
    from fileq.job import JobState, OutputInfo
    from fileq.operations.builtin.adjust import Adjust
    from fileq.operations.builtin.border import Border
    from fileq.operations.builtin.crop import Crop
    from fileq.operations.builtin.flip import Flip
    from fileq.operations.builtin.grayscale import Grayscale
    from fileq.operations.builtin.pad import Pad
    from fileq.operations.builtin.resize import Resize
    from fileq.operations.builtin.rotate import Rotate
    from fileq.operations.builtin.sharpen import Sharpen
    from fileq.operations.builtin.watermark import Watermark
    from fileq.operations.programs.command import Command
    from fileq.recipes.recipe import Conditions, Output, Recipe

__version__ = "0.1.0"

__all__ = [
    "Adjust",
    "Border",
    "Command",
    "Conditions",
    "Crop",
    "ErrorKind",
    "FileqError",
    "Flip",
    "Grayscale",
    "JobHandle",
    "JobState",
    "Output",
    "OutputInfo",
    "Pad",
    "Queue",
    "Receipt",
    "Recipe",
    "Resize",
    "Rotate",
    "RunProgress",
    "Sharpen",
    "Watermark",
    "__version__",
    "connect",
    "errors",
]

_MODULES = {
    "fileq.api.connect": ("connect",),
    "fileq.api.job_handle": ("JobHandle",),
    "fileq.api.queue": ("Queue",),
    "fileq.api.receipt": ("Receipt",),
    "fileq.api.run": ("RunProgress",),
    "fileq.errors": ("ErrorKind", "FileqError"),
    "fileq.job": ("JobState", "OutputInfo"),
    "fileq.recipes.recipe": ("Conditions", "Output", "Recipe"),
    "fileq.operations": (
        "Adjust", "Border", "Command", "Crop", "Flip", "Grayscale", "Pad", "Resize", "Rotate", "Sharpen", "Watermark",
    ),
}  # fmt: skip
"""Where each name is from: it is imported at its first use, so that `import fileq` costs nothing."""

_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "errors":
        return importlib.import_module("fileq.errors")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'fileq' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_MODULE_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
