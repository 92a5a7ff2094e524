"""The example of a web app with FastAPI, served by uvicorn, beside a worker in a process of its own."""

import http.client
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.program import PATIENCE, kill_group, wait_until
from tests.manual.pages import blocks_of, source_of
from tests.support.mail_server import free_port
from tests.support.multipart import multipart_form


class PhotoApp:
    def __init__(self, port):
        self.port = port

    def ask(self, path, method="GET", body=None, kind=""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def upload(self, name, content):
        status, answer = self.ask("/photos", "POST", *multipart_form({}, "photo", name, content))
        assert status == 200, answer
        return json.loads(answer)

    def answers(self):
        try:
            return self.ask("/openapi.json")[0] == 200
        except OSError:
            return False


@pytest.fixture
def app(database, folder):
    """The block of the page, in a module of its own."""
    (block,) = [block.text for block in blocks_of(source_of("from-python")) if "FastAPI" in block.text]
    (folder / "app.py").write_text(f"import fileq\n\nqueue = fileq.connect()\n{block}")
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--app-dir", folder, "--port", str(port), "--log-level", "warning"]
    environment = os.environ | {"FILEQ_DATABASE": database, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen([*command, "app:app"], cwd=folder, env=environment, start_new_session=True)
    try:
        served = PhotoApp(port)
        wait_until(served.answers)
        yield served
    finally:
        kill_group(process)


def test_an_upload_is_answered_at_once_and_the_picture_once_it_is_there(app, worker, picture):
    content = picture(size=(2000, 1000)).read_bytes()
    key = app.upload("sea.jpg", content)["photo"]  # nobody works yet
    broken = app.upload("broken.jpg", b"no picture")["photo"]
    with worker():
        status, answer = app.ask(f"/photos/{key}")
        assert (status, Image.open(io.BytesIO(answer)).size) == (200, (1600, 800))
        status, answer = app.ask(f"/photos/{broken}")
        assert status == 422
        assert json.loads(answer)["detail"] == "unreadable"


@pytest.mark.parametrize("name", ["sea", "sea.xyz", f"x.{300 * 'x'}", "../sea.png"])
def test_an_upload_is_what_its_content_says_whatever_its_name_is(app, worker, picture, name):
    key = app.upload(name, picture().read_bytes())["photo"]
    with worker():
        assert app.ask(f"/photos/{key}")[0] == 200


def test_what_is_not_there_is_not_found(app):
    assert app.ask("/photos/none")[0] == 404
