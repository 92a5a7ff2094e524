"""Finished temp files get their final names, and their jobs end as done; what an attempt that was cut off has left."""

import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress

import msgspec

from fileq.errors import ErrorKind, JobError, translate_os_errors
from fileq.files.directory import open_directory
from fileq.files.identity import is_same_file, version_of
from fileq.files.no_clobber import restore_name
from fileq.files.private_folder import remove_private_folder
from fileq.files.temp_file import TempIdentity, foreign_file_error
from fileq.images.protocol import EncodedOutput, Reservation
from fileq.job import Token
from fileq.ledger import Ledger
from fileq.ledger.tables.attempts import Fenced, FinishedAttempt
from fileq.ledger.tables.outputs import PublishedFile
from fileq.publish.fence import Fence
from fileq.publish.placement import OutputFolders, place_output


class EncodedJob(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt whose temp files are complete: each output, and the place that is reserved for it.

    `begun_at` is in seconds since the epoch, as the ledger counts them.
    """

    token: Token
    begun_at: float
    reservations: Sequence[Reservation]
    outputs: Sequence[EncodedOutput]
    note: str
    """What is to be said on the job."""


Refusal = JobError | Fenced
"""Why an attempt's outputs were not published."""


def publish_jobs(ledger: Ledger, finished: Sequence[EncodedJob]) -> dict[Token, Refusal]:
    """Give finished temp files their final names, and end their jobs as done; return why others could not.

    Several small jobs share two transactions and one look at each folder: on disk they cost as much as one.
    """
    refused: dict[Token, Refusal] = {}
    fence = Fence(ledger, [one.token for one in finished])
    with OutputFolders() as folders:
        announced: list[tuple[EncodedJob, list[PublishedFile]]] = []
        with ledger.transaction(durable=True):  # after a loss of power we must still know whose the files are
            fence.look()
            for one in finished:
                with _refusals(refused, one.token):
                    fence.check(one.token)
                    announced.append((one, _announce(ledger, folders, one)))
        placed = []
        for one, outputs in announced:
            with _refusals(refused, one.token):
                fence.check(one.token)  # a worker that slept since it announced may have been given up for dead
                _place_all(ledger, folders, one, outputs)
                placed.append((one, outputs))
        lasting = []
        for one, outputs in placed:
            with _refusals(refused, one.token):
                folders.sync({os.path.dirname(output.info.path) for output in outputs})
                lasting.append((one, outputs))
    void = _finish(ledger, [(one.token, one.begun_at, outputs, one.note) for one, outputs in lasting])
    return refused | {token: Fenced() for token in void}


def _finish(ledger: Ledger, ended: Sequence[tuple[Token, float, Sequence[PublishedFile], str]]) -> set[Token]:
    """Write down that these are attempts' outputs, and that their jobs are done; return the tokens that were void."""
    finished = [
        FinishedAttempt(
            token=token,
            begun_at=begun_at,
            outputs=len(outputs),
            bytes_out=sum(output.info.bytes for output in outputs),
            note=note,
        )
        for token, begun_at, outputs, note in ended
    ]
    if not finished:
        return set()
    now = ledger.now()
    with ledger.transaction():
        void = ledger.attempts.finish_attempts(finished, now)
        ledger.outputs.record_published({token.job_id: made for token, _, made, _ in ended if token not in void}, now)
    return void


@contextmanager
def _refusals(refused: dict[Token, Refusal], token: Token) -> Iterator[None]:
    try:
        yield
    except (JobError, Fenced) as reason:
        refused[token] = reason


def _announce(ledger: Ledger, folders: OutputFolders, one: EncodedJob) -> list[PublishedFile]:
    outputs = []
    for reserved, encoded in zip(one.reservations, one.outputs, strict=True):
        with translate_os_errors(reserved.temp):
            status = folders.status_of(reserved.temp)
        _refuse_another_file(status, reserved.temp, encoded.identity)
        outputs.append(PublishedFile(encoded.info, version_of(status), status.st_ino))
        replaces = reserved.version if reserved.replaces else None
        if not ledger.outputs.announce_output(one.token.job_id, outputs[-1], one.note, replaces=replaces):
            raise JobError(
                ErrorKind.CHANGED,
                f"A newer version of the source makes {reserved.path} now.",
                "There is nothing to do: the newer one is used.",
            )
        if reserved.kept is not None:
            ledger.replaced_files.insert_file(one.token.job_id, reserved.kept, outputs[-1], ledger.now())
    return outputs


def _refuse_another_file(status: os.stat_result, path: str, temp: TempIdentity) -> None:
    """Only what the child made may come out: who may write to the folder could have put anything there since."""
    if not stat.S_ISREG(status.st_mode) or TempIdentity.of(status) != temp or status.st_nlink > 1:
        raise foreign_file_error(path)


def _place_all(ledger: Ledger, folders: OutputFolders, one: EncodedJob, outputs: Sequence[PublishedFile]) -> None:
    """The one that takes the place of the source comes last: once that is done, all the others are there for good."""
    for reserved, output in sorted(zip(one.reservations, outputs, strict=True), key=lambda pair: pair[0].is_source):
        with translate_os_errors(reserved.path):
            if reserved.is_source:
                folders.sync({os.path.dirname(other.path) for other in one.reservations})
            try:
                place_output(folders.folder_of(reserved.path), reserved, output)
            except FileNotFoundError:
                ledger.attempts.check_token(one.token)  # recovery removes the temp files of those it thinks dead
                raise


def complete_attempt(ledger: Ledger, token: Token, *, announced_before: bool = False) -> bool:
    """End an attempt as done where all that it announced stands under its final name; return whether that is so.

    It was cut off after its outputs had got their names. Without this, a recipe that replaces its sources would find
    its own output under the source's name, and take it for a file that somebody changed. To be called in the
    transaction that ends the attempt else. Raises Fenced.

    `announced_before`: by an earlier attempt, whose disk failed before it could know that they last.
    """
    announced = ledger.outputs.find_announced_outputs(token.job_id, by_ended_attempt=announced_before)
    if announced is None:
        return False
    outputs, note = announced
    try:
        with OutputFolders() as folders:
            for output in outputs:
                if not is_same_file(folders.status_of(output.info.path), output.inode, output.version):
                    return False
            folders.sync({os.path.dirname(output.info.path) for output in outputs})
    except (OSError, JobError):  # a folder isn't there, or can't be read: the attempt is made once more
        return False
    if _finish(ledger, [(token, token.claimed_at, outputs, note)]):
        raise Fenced
    return True


def restore_displaced_files(ledger: Ledger, job_id: int) -> None:
    """Give a file its name back that somebody had saved under an output's name, and that lost it in the swap.

    An attempt that is cut off just after the two have swapped their names has not looked at what it got. Where they
    have not, as what was to be replaced has its name still, a strange temp file is an older one of ours: a loss of
    power can bring it back after the same name was given again. The temp files of the job are to go after this.
    """
    for path, temp, inode, replaces in ledger.outputs.find_displaced(job_id):
        try:
            with open_directory(os.path.dirname(temp)) as folder:
                status, standing = folder.lstat(os.path.basename(temp)), folder.lstat(os.path.basename(path))
                has_swapped = standing is None or version_of(standing) != replaces
                if has_swapped and status is not None and status.st_ino != inode and version_of(status) != replaces:
                    restore_name(folder, os.path.basename(temp), os.path.basename(path))
        except OSError:  # its folder is away: the temp file can't be removed either, and stays known
            continue


def discard_temps(temps: Iterable[str], *, of_programs: bool = True) -> list[str]:
    """Remove the temp files of an attempt that ended; many were never written. Return those that could not go.

    `of_programs`: also the folders in which external programs made them, which have an ending after the same name.
    What can't be removed stays: its folder may be away, or have become read-only, and the attempt is to end still.
    """
    left = []
    for temp in temps:
        siblings = glob.glob(f"{glob.escape(temp)}.*") if of_programs else []
        for path in (temp, *siblings):
            with suppress(OSError):
                _remove(path)
            if not _is_gone(path):
                left.append(path)
    return left


def _remove(path: str) -> None:
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        os.unlink(path)
        return
    with open_directory(os.path.dirname(path)) as folder:
        remove_private_folder(folder, os.path.basename(path))


def _is_gone(temp: str) -> bool:
    try:
        os.lstat(temp)
    except FileNotFoundError:
        return os.path.isdir(os.path.dirname(temp))  # else its drive may come back, with the file
    except NotADirectoryError:
        return True
    except OSError:  # the drive doesn't answer
        return False
    return False
