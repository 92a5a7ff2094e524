"""The settings of the example. Where it keeps things, and which servers it has, the environment says."""

import json
import os
from pathlib import Path

STATE = Path(os.environ["GALLERY_STATE"])
SECRET_KEY = "an example has no secrets"
DEBUG = "GALLERY_DEBUG" in os.environ
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
ROOT_URLCONF = "gallery.urls"
USE_TZ = True
INSTALLED_APPS = ["fileq.django", "gallery", "trials"]
MIDDLEWARE = ["gallery.timing.server_timing", "django.middleware.csrf.CsrfViewMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": STATE / "gallery.db",
        "TEST": {"NAME": STATE / "test.db"},
        "OPTIONS": {"timeout": 20},
    }
}
if "GALLERY_POSTGRES" in os.environ:
    DATABASES["default"] = {"ENGINE": "django.db.backends.postgresql", **json.loads(os.environ["GALLERY_POSTGRES"])}
DATABASES["default"]["ATOMIC_REQUESTS"] = "GALLERY_ATOMIC" in os.environ

MEDIA_ROOT = STATE / "media"
MEDIA_URL = "/media/"

EMAIL_HOST = "127.0.0.1"
EMAIL_PORT = int(os.environ.get("GALLERY_SMTP", "25"))
EMAIL_TIMEOUT = 10

FILEQ = {
    "DATABASE": os.environ.get("GALLERY_QUEUE", STATE / "fileq.db"),
    "CONFIG": Path(__file__).parent / "fileq.toml",
}
