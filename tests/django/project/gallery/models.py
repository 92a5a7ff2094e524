from django.db import models

import fileq
from fileq.django import VersionsField

CARD = fileq.Recipe(
    steps=[fileq.Resize(fill="640x480")], outputs=[fileq.Output(name="{stem}.jpg", format="jpeg", quality=80)]
)


class Photo(models.Model):
    title = models.CharField(max_length=100)
    image = models.FileField(upload_to="photos")
    versions = VersionsField(source="image", recipes={"web": "web", "card": CARD})

    def __str__(self):
        return self.title
