"""An attempt that was cut off after its outputs had got their names: they are there, and its job is done.

Without that, a recipe that replaces its sources would find its own output under the source's name, and take it for a
file that somebody changed.
"""

import os

from fileq.errors import JobError
from fileq.files.identity import is_same_file
from fileq.job import Token
from fileq.ledger import Ledger
from fileq.publish.placement import OutputFolders
from fileq.publish.publishing import end_as_done


def complete(ledger: Ledger, token: Token) -> bool:
    """End an attempt as done where all that it announced stands under its final name. Raises Fenced.

    Returns whether that is so. To be called in the transaction that ends the attempt else.
    """
    announced = ledger.outputs.announced_outputs(token.job)
    if announced is None:
        return False
    outputs, note = announced
    try:
        with OutputFolders() as folders:
            for output in outputs:
                if not is_same_file(folders.look(output.made.path), output.inode, output.version):
                    return False
            folders.sync({os.path.dirname(output.made.path) for output in outputs})
    except (OSError, JobError):  # a folder isn't there, or can't be read: the attempt is made once more
        return False
    end_as_done(ledger, token, outputs, note)
    return True
