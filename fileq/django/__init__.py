"""fileq in a Django project: see `fileq help with-django`.

`add` queues a file after the transaction, a `VersionsField` keeps what was made of an upload, and `manage.py fileq` is
the command line. `fileq.django.signals.job_ended` is sent when a job has ended.
"""

from fileq.django.add import add
from fileq.django.connection import open_queue
from fileq.django.fields import VersionsField

__all__ = ["VersionsField", "add", "open_queue"]
