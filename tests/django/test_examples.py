"""What documents show of Django works as it stands there: in a project that Django itself has made."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.program import PATIENCE, kill_group, wait_until
from tests.django.gallery_site import environment_of_others
from tests.manual.pages import README, blocks_of, source_of

MARK = "django: "


class NewProject:
    def __init__(self, folder, smtp_port):
        self.folder = folder
        self.environment = environment_of_others() | {
            "PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(folder), "NO_COLOR": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }  # fmt: skip
        self.run("django-admin startproject config . && python manage.py startapp shop")
        self.write("config/settings.py", f"EMAIL_HOST, EMAIL_PORT = '127.0.0.1', {smtp_port}\n")

    def run(self, script, expect=0):
        said = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=self.folder, env=self.environment, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
        )  # fmt: skip
        assert said.returncode == expect, (script, said.stdout)
        assert "Traceback" not in said.stdout
        return said.stdout

    def write(self, name, text):
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}")

    def shell(self, code):
        (self.folder / "code.py").write_text(code)
        return self.run("python manage.py shell --verbosity 0 < code.py")

    @contextmanager
    def until_stopped(self, command):
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            yield
        finally:
            kill_group(process)


@pytest.fixture
def project(tmp_path, mails, jpeg):
    made = NewProject(tmp_path, mails.port)
    (tmp_path / "upload.jpg").write_bytes(jpeg())
    return made


def marked(document):
    return [(block.mark.removeprefix(MARK), block) for block in blocks_of(source_of(document)) if MARK in block.mark]


def test_the_page_works_as_it_stands_there(project, mails):
    said = []
    for mark, block in marked("with-django"):
        if mark.endswith(".py"):
            project.write(mark, block.text)
    project.write("shop/apps.py", "    def ready(self):\n        from shop import receivers\n")
    for mark, block in marked("with-django"):
        if mark == "commands":
            project.run(block.text)
        elif mark == "shell":
            said.append(project.shell(block.text).split())
        elif mark == "until stopped":
            worker = block.text
        if len(said) == 1 and mark == "shell":
            with project.until_stopped(worker):
                wait_until(lambda: mails.mails)
                wait_until(lambda: "True" in project.shell(_READY))
    assert said[0] == ["queued"]
    assert said[1] == ["done", "/media/photos/web/upload.jpg", "400"]
    assert said[2] == ["0"]
    assert said[3] == ["['thumbnail']"]
    assert mails.mails[0].get_content().strip() == "/media/photos/web/upload.jpg"


_READY = "from shop.models import Photo\nprint(Photo.objects.latest('pk').versions.are_ready)\n"


def test_the_readme_works_as_it_stands_there(project):
    ((name, block),) = marked(README.name)
    project.write(name, block.text)
    project.write("config/settings.py", _SETTINGS)
    project.run("python manage.py makemigrations shop && python manage.py migrate && python manage.py check")
    project.shell(
        "from django.core.files import File\nfrom shop.models import Photo\n"
        "Photo.objects.create(image=File(open('upload.jpg', 'rb'), name='upload.jpg'))\n"
    )
    project.run("python manage.py fileq worker --drain")
    url = "from shop.models import Photo\nprint(Photo.objects.get().versions.web.url)\n"
    assert project.shell(url).strip() == "/media/photos/web/upload.jpg"


_SETTINGS = """
INSTALLED_APPS += ["fileq.django", "shop"]
FILEQ = {"DATABASE": BASE_DIR / "fileq.db"}
MEDIA_ROOT = BASE_DIR / "media"
MEDIA_URL = "/media/"
"""
