"""Outputs that get old: for tests of what retention makes of them."""

import os
import time

from fileq.config.settings import RetentionSettings, Settings
from fileq.publish import publish_jobs
from fileq.retention import clean
from fileq.units import ByteSize, KeepDuration
from tests.support.publication import claim, make, reserved, written

DAY = 86400.0


def later(days=100):
    """A moment so long after the outputs of this test were published."""
    return time.time() + days * DAY


def retention_settings(outputs="30d", *, max_total=None, history="forever", **recipes):
    """Settings; `recipes` are those of the config, by name."""
    retention = RetentionSettings(
        outputs=KeepDuration.parse(outputs),
        max_total=None if max_total is None else ByteSize(max_total),
        history=KeepDuration.parse(history),
    )
    return Settings(retention=retention, recipes=recipes)


def output(ledger, path, *, age=None, source=None, content="ours", **keys):
    """A published output, of a source of its own; `age` in days before now. `keys` go into its recipe. Its job's id."""
    job = make(ledger, path, source=source or f"/photos/{path}", content=content, **keys)
    if age is not None:
        moment = time.time() - age * DAY
        with ledger.transaction():
            ledger.database.connection.execute(
                "update outputs set published_at = ? where job_id = ?", (moment, job)
            )  # fmt: skip
            ledger.database.connection.execute("update jobs set finished_at = ? where id = ?", (moment, job))
    return job


def publish_outputs(ledger, paths, content="ours"):
    """One output of a job of its own at each path, all in one go."""
    finished = []
    for path in paths:
        claimed = claim(ledger, f"/photos/{path}-{time.time_ns()}")
        finished.append(written(claimed, reserved(ledger, claimed, path), content))
    assert publish_jobs(ledger, finished) == {}


def run_cleanup(ledger, settings=None, now=None, **options):
    return clean(ledger, settings or retention_settings(), later() if now is None else now, **options)


def one(ledger, query, *values):
    """One row, straight from the database."""
    return ledger.database.connection.execute(query, values).fetchone()


def files_below(folder):
    """The paths of all files below a folder, seen from it, hidden ones too."""
    return sorted(
        os.path.relpath(os.path.join(where, name), folder) for where, _, names in os.walk(folder) for name in names
    )
