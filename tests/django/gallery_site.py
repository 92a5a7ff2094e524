"""The example project as it runs: a server and workers in processes of their own, asked by HTTP."""

import http.client
import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

from fileq.safe_path import environment_without_safe_path
from tests.acceptance.program import PATIENCE, kill_group, wait_until
from tests.support.mail_server import free_port
from tests.support.multipart import multipart_form

PROJECT = Path(__file__).parent / "project"
ROOT = Path(__file__).parents[2]


def environment_of_others():
    """This process's environment without what makes fileq, Django or Python itself find other things."""
    kept = environment_without_safe_path(os.environ)
    return {name: value for name, value in kept.items() if not name.startswith(("FILEQ_", "XDG_", "DJANGO_"))}


class GallerySite:
    def __init__(self, folder, **variables):
        self.folder = folder
        self.port = free_port()
        self.environment = environment_of_others() | {
            "GALLERY_STATE": str(folder), "PYTHONPATH": str(ROOT), "HOME": str(folder), "NO_COLOR": "1",
            "PYTHONWARNINGS": "default", **variables,
        }  # fmt: skip
        self.manage("migrate", "--verbosity", "0")

    def manage(self, *arguments, expect=0, **options):
        """What a command of manage.py says, on both streams."""
        command = [sys.executable, PROJECT / "manage.py", *arguments]
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, **options,
        )  # fmt: skip
        try:
            said, _ = process.communicate(timeout=PATIENCE * 2)
        finally:
            kill_group(process)
        assert process.returncode == expect, said
        return said

    def shell(self, code, expect=0):
        return self.manage("shell", "--verbosity", "0", "--command", code, expect=expect)

    def rows(self, model="gallery.models.Photo"):
        """What the rows of a model say of their versions, the oldest first."""
        module, _, name = model.rpartition(".")
        code = (
            f"import json; from {module} import {name}; "
            f"print(json.dumps([row.versions.record for row in {name}.objects.order_by('pk')]))"
        )
        return json.loads(self.shell(code).splitlines()[-1])

    def ask_ledger(self, query):
        """Straight from the queue's database."""
        with closing(sqlite3.connect(self.folder / "fileq.db", timeout=30)) as connection:
            return connection.execute(query).fetchall()

    @contextmanager
    def worker(self, *options):
        command = [sys.executable, PROJECT / "manage.py", "fileq", "worker", *options]
        log = (self.folder / "worker.log").open("ab")
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            kill_group(process)
            log.close()

    @contextmanager
    def server(self):
        command = [
            sys.executable, "-m", "uvicorn", "--app-dir", str(PROJECT), "--port", str(self.port), "--log-level",
            "warning", "--lifespan", "off", "asgi:application",
        ]  # fmt: skip
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment, start_new_session=True)
        try:
            wait_until(self._answers)
            yield process
        finally:
            kill_group(process)

    def _answers(self):
        try:
            return self.ask("/")[0] == 200
        except OSError:
            return False

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}/"

    def ask(self, path, method="GET", body=None, **headers):
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def upload(self, title, name, content, expect=302):
        """Upload a file as a browser does; return how many milliseconds the server has taken, and of these a CPU."""
        _, headers, page = self.ask("/")
        token = re.findall(rb'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
        cookie = re.findall(r"csrftoken=\w+", headers["Set-Cookie"])[0]
        body, kind = multipart_form({"csrfmiddlewaretoken": token.decode(), "title": title}, "image", name, content)
        status, headers, page = self.ask("/", "POST", body, Cookie=cookie, Content_Type=kind)
        assert status == expect, page
        return [float(figure) for figure in re.findall(r"dur=([\d.]+)", headers["Server-Timing"])]

    def states(self, *photos):
        asked = "&".join(f"photo={photo}" for photo in photos)
        return json.loads(self.ask(f"/state?{asked}")[2])
