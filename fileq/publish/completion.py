"""An attempt that was cut off after its outputs had got their names: they are there, and its job is done.

Without that, a recipe that replaces its sources would find its own output under the source's name, and take it for a
file that somebody changed.
"""

import os

from fileq.errors import JobError
from fileq.files.directory import open_directory
from fileq.files.identity import is_same_file, version_of
from fileq.files.no_clobber import restore_name
from fileq.job import Token
from fileq.ledger import Ledger
from fileq.publish.placement import OutputFolders
from fileq.publish.publication import end_as_done


def complete(ledger: Ledger, token: Token) -> bool:
    """End an attempt as done where all that it announced stands under its final name. Raises Fenced.

    Returns whether that is so. To be called in the transaction that ends the attempt else.
    """
    announced = ledger.outputs.find_announced_outputs(token.job)
    if announced is None:
        return False
    outputs, note = announced
    try:
        with OutputFolders() as folders:
            for output in outputs:
                if not is_same_file(folders.look(output.info.path), output.inode, output.version):
                    return False
            folders.sync({os.path.dirname(output.info.path) for output in outputs})
    except (OSError, JobError):  # a folder isn't there, or can't be read: the attempt is made once more
        return False
    end_as_done(ledger, token, outputs, note)
    return True


def restore_displaced(ledger: Ledger, job_id: int) -> None:
    """Give a file its name back that somebody had saved under an output's name, and that lost it in the swap.

    An attempt that is cut off just after the two have swapped their names has not looked at what it got. The temp
    files of the job are to go after this.
    """
    for path, temp, inode, replaces in ledger.outputs.find_displaced(job_id):
        try:
            with open_directory(os.path.dirname(temp)) as folder:
                status = folder.lstat(os.path.basename(temp))
                if status is not None and status.st_ino != inode and version_of(status) != replaces:
                    restore_name(folder, os.path.basename(temp), os.path.basename(path))
        except OSError:  # its folder is away: the temp file can't be removed either, and stays known
            continue
