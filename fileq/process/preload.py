"""What the fork server imports before its first child. A plug-in that can't be loaded is the command's to say, once."""

import errno
import importlib
import os
from contextlib import suppress

try:
    from fileq.errors import FileqError

    importlib.import_module("fileq.process.child")
    with suppress(FileqError):
        importlib.import_module("fileq.images.pipeline")
        importlib.import_module("fileq.images.decode.jpeg")  # as most files are JPEGs
except (MemoryError, OSError, SystemError) as error:  # without memory an import fails with any of them, by chance
    if isinstance(error, OSError) and error.errno != errno.ENOMEM:
        raise
    os._exit(1)  # without a traceback: whoever asks it for a child notices, and says what is lacking
