"""What trials share: a queue and a media folder for each, uploads, and a worker that knows nothing of Django."""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from django.core.files.base import ContentFile
from django.test import override_settings
from PIL import Image

from fileq.django import open_queue
from fileq.django.connection import close_queues
from fileq.django.missing import all_fields, queue_missing


class TrialMixin:
    """For each test a folder of its own."""

    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.media = self.folder / "media"
        self.database = self.folder / "fileq.db"
        self.enterContext(override_settings(FILEQ={"DATABASE": self.database}, MEDIA_ROOT=self.media))
        self.addCleanup(close_queues)

    def upload(self, name="a.jpg", size=(60, 40), content=None):
        if content is None:
            file = io.BytesIO()
            Image.new("RGB", size, "teal").save(file, "JPEG")
            content = file.getvalue()
        return ContentFile(content, name)

    def jobs(self, **selection):
        return list(open_queue().jobs(**selection))

    def work(self):
        """Have all jobs done by a worker, which tells nobody."""
        said = subprocess.run(
            [sys.executable, "-m", "fileq", "--database", self.database, "worker", "--drain"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.assertEqual(said.returncode, 0, said.stderr)

    def look(self, *, whole=True):
        """What a worker of the project does at its start."""
        return sum(queue_missing(field, whole=whole) for field in all_fields())

    def work_and_look(self):
        self.work()
        self.look()

    def reread(self, row):
        """The row as the database has it now."""
        return type(row).objects.get(pk=row.pk)
