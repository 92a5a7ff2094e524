"""A source is deleted, for the outputs that were made of it."""

from fileq.disposition.copy import digest_of
from fileq.disposition.departing_file import DepartingFile
from fileq.job import JobState
from fileq.ledger import Ledger


def delete(ledger: Ledger, file: DepartingFile) -> None:
    """Delete the source where all that was made of it stands; else it keeps its name. Raises OSError, Fenced."""
    if file.name is None:
        return
    if not outputs_stand(ledger, file.disposition.id):
        file.come_back()
    elif file.hide():
        # Once more, now that nobody finds the source any more: an output may have gone in between.
        if outputs_stand(ledger, file.disposition.id) and _is_what_was_read(ledger, file):
            file.remove()
        else:
            file.come_back()


def _is_what_was_read(ledger: Ledger, file: DepartingFile) -> bool:
    """Whether it has the content that its jobs have read: some editors keep a file's size and time."""
    assert file.name is not None
    digests = ledger.dispositions.find_digests(file.disposition.id)
    return not digests or digests == {digest_of(file.directory, file.name, file.keep_alive)}


def outputs_stand(ledger: Ledger, disposition_id: int) -> bool:
    """Whether each job that is done has made something, and all of it is still what was published.

    A job may end well and leave all to a file that was there; that one is nobody's copy of the source.
    """
    jobs = (ledger.overview.job(job_id, forgotten=True) for job_id in ledger.dispositions.find_jobs(disposition_id))
    done = [job for job in jobs if job is not None and job.state is JobState.DONE]
    return bool(done) and all(job.outputs and ledger.outputs.are_unchanged(job.id) for job in done)
