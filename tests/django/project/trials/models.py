"""Models of all kinds, for trials."""

import uuid
from pathlib import PurePath

from django.core.files.storage import FileSystemStorage
from django.db import models

from fileq.django import VersionsField


def by_year(instance, filename):
    return f"jahr 2026/ü {PurePath(filename).name}"


class OverwritingStorage(FileSystemStorage):
    """A new file takes the name of the one before."""

    def get_available_name(self, name, max_length=None):
        self.delete(name)
        return name


class Picture(models.Model):
    """What the others have in common. The versions stand before the upload, which must not matter."""

    title = models.CharField(max_length=50, default="")
    versions = VersionsField(source="file", recipes=["thumbnail"], out="versions/{recipe}")
    file = models.FileField(upload_to=by_year, blank=True)

    class Meta:
        abstract = True


class Plain(Picture):
    pass


class PlainProxy(Plain):
    class Meta:
        proxy = True


class Child(Plain):
    """A model with a table of its own beside its parent's."""

    note = models.CharField(max_length=50, default="")


class WithUuid(Picture):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)


class Overwriting(models.Model):
    file = models.FileField(upload_to="same", storage=OverwritingStorage())
    versions = VersionsField(source="file", recipes=["thumbnail"])


class Named(Picture):
    name = models.CharField(max_length=200, primary_key=True)
