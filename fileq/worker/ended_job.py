"""What a worker tells of a job whose attempt has ended, for whoever shows that as it happens."""

import msgspec

from fileq.job import Failure, JobState


class EndedJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job that is done, has failed, was cancelled, or waits for another try, in `retry_after` seconds.

    `outputs` are the paths of what was made, of which so many are `pictures`; sizes are in bytes, of the source and of
    all outputs.
    """

    job_id: int
    source: str
    recipe_name: str
    state: JobState
    failure: Failure | None = None
    retry_after: float | None = None
    outputs: tuple[str, ...] = ()
    pictures: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    note: str = ""
