"""The example project with databases and uploads of its own."""

import io

import pytest
from PIL import Image

from tests.django.gallery_site import GallerySite
from tests.support.mail_server import MailServer


@pytest.fixture
def mails():
    with MailServer() as server:
        yield server


@pytest.fixture
def site(tmp_path, mails):
    return GallerySite(tmp_path, GALLERY_SMTP=str(mails.port))


@pytest.fixture
def jpeg():
    """What makes the bytes of a JPEG."""

    def make(size=(800, 600), color="teal"):
        file = io.BytesIO()
        Image.new("RGB", size, color).save(file, "JPEG", quality=90)
        return file.getvalue()

    return make
