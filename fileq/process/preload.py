"""What the fork server imports before its first child. A plug-in that can't be loaded is the command's to say, once."""

import importlib
from contextlib import suppress

from fileq.errors import FileqError

importlib.import_module("fileq.process.child")
with suppress(FileqError):
    importlib.import_module("fileq.images.pipeline")
    importlib.import_module("fileq.images.decode.jpeg")  # as most files are JPEGs
