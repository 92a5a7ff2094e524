"""A dashboard in a process of its own, over a ledger with six pictures that are done and one that failed."""

import http.client
import re
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

import pytest

from tests.acceptance.program import kill_group
from tests.support.photos import write
from tests.support.programs import program_where_asked


def find(pattern, text):
    """The first group of what a pattern finds in a text."""
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def form_key(self):
        return find(r'name="form_key" value="([^"]+)"', self.text)


class Site:
    """What is asked of a dashboard, and what it answers."""

    def __init__(self, process, address):
        self.process = process
        self.address = address
        self.port = int(find(r":(\d+)/", address))

    @property
    def token(self):
        return find(r"token=(.*)", self.address)

    def ask(self, path, method="GET", body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read().decode("utf-8", "replace"))
        finally:
            connection.close()

    def look(self, path):
        """See a page as somebody who has come in."""
        return self.ask(path, Authorization=f"Bearer {self.token}") if "token=" in self.address else self.ask(path)

    def press(self, path, key, then="/", **headers):
        """Send a form as a browser does from a page of this dashboard."""
        given = {
            "Origin": f"http://127.0.0.1:{self.port}", "Sec_Fetch_Site": "same-origin",
            "Content_Type": "application/x-www-form-urlencoded", "Authorization": f"Bearer {self.token}",
        }  # fmt: skip
        sent = {name: value for name, value in (given | headers).items() if value is not None}
        return self.ask(path, "POST", urlencode({"form_key": key, "then": then}), **sent)


@pytest.fixture(scope="module")
def fileq(tmp_path_factory, request):
    """Six pictures that are done, and one that failed."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "photos").mkdir()
    write(folder / "photos", 6, (640, 480))
    (folder / "photos" / "broken<b>.jpg").write_text("no picture")
    with program_where_asked(folder, request) as program:
        program.run("run", "photos", "-r", "web", expect=1)
        yield program


@contextmanager
def dashboard_of(program, *options):
    """A dashboard with these options, while the block runs."""
    process = program.start("dashboard", "--port", "0", *options)
    try:
        said = process.stderr.readline().decode()
        found = re.search(r"http://\S+", said)
        assert found, said + process.stderr.read().decode()
        yield Site(process, found[0])
    finally:
        kill_group(process)


@pytest.fixture(scope="module")
def serving(fileq):
    """Start a dashboard with these options."""
    return partial(dashboard_of, fileq)


@pytest.fixture(scope="module")
def site(serving):
    """One that only shows."""
    with serving() as site:
        yield site


@pytest.fixture(scope="module")
def desk(serving):
    """One with buttons."""
    with serving("--allow-actions") as site:
        yield site


@pytest.fixture(scope="module")
def failed(fileq):
    """A job that failed, and is left as it is."""
    return fileq.json("list", "--state", "failed")[-1]["id"]


@pytest.fixture
def failing(fileq, tmp_path):
    """A job that failed just now, with its batch."""
    (tmp_path / "broken.jpg").write_text("no picture")
    batch = fileq.json("run", tmp_path / "broken.jpg", "-r", "web", expect=1)["batch"]
    (job,) = fileq.json("list", "--batch", str(batch))
    return job


def events_of(reply, count):
    """The first events of a stream: their names and their data."""
    found: list[tuple[str, str]] = []
    data: list[str] = []
    name = ""
    while len(found) < count:
        line = reply.readline().decode().rstrip("\n")
        assert line or not reply.isclosed()
        if line.startswith("event: "):
            name, data = line[7:], []
        elif line.startswith("data: "):
            data.append(line[6:])
        elif not line and name:
            found.append((name, "\n".join(data)))
            name = ""
    return found


@contextmanager
def streaming(site, path):
    """Have a stream of a page's changing part."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=60)
    try:
        connection.request("GET", path)
        yield connection.getresponse()
    finally:
        connection.close()


def state_of(fileq, job_id):
    return fileq.json("show", str(job_id))["state"]
