"""How a dashboard begins and ends, and what it says where it can't."""

import shutil
import signal
import socket

import pytest

from tests.acceptance.program import Program
from tests.dashboard.conftest import dashboard_of, events_of, streaming
from tests.support.photos import write


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_though_somebody_looks(serving, number):
    with serving() as site, streaming(site, "/live/overview"):
        site.process.send_signal(number)
        assert site.process.wait(20) == 0
        assert site.process.stderr.read() == b""


def test_a_port_that_is_taken_is_named(fileq):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = fileq.run("dashboard", "--port", str(port), expect=3).stderr
    assert f"Port {port} of 127.0.0.1 is taken" in said


def test_a_port_that_there_is_not_is_refused(fileq):
    assert "it must be at most 65535" in fileq.run("dashboard", "--port", "80000", expect=2).stderr


@pytest.mark.parametrize(
    ("host", "said"), [("203.0.113.7", "no address of this machine"), ("nowhere.invalid", "no address")]
)
def test_an_address_of_another_machine_is_refused(fileq, host, said):
    assert said in fileq.run("dashboard", "--port", "0", "--host", host, expect=2).stderr


def test_others_than_this_machine_need_a_token(serving):
    with serving("--host", "0.0.0.0") as site:
        assert len(site.token) > 20
        assert site.ask("/").status == 401
        assert site.look("/").status == 200


def test_an_address_of_version_6_is_one_too(serving):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no IPv6: {error}")
    with serving("--host", "::1") as site:
        assert site.address.startswith("http://[::1]:")


@pytest.mark.parametrize("token", ["", " x", "ä", "a\nb"])
def test_a_token_that_no_browser_can_send_is_refused(fileq, token):
    assert "can't be used" in fileq.run("dashboard", "--port", "0", "--token", token, expect=2).stderr


def test_a_database_that_is_gone_is_said_on_every_page_and_to_a_monitoring_system(tmp_path):
    program = Program(tmp_path)
    program.run("status")
    with dashboard_of(program) as site:
        assert site.ask("/").status == 200
        program.database.rename(tmp_path / "gone.db")
        for path in ("/", "/jobs", "/failures", "/report", "/metrics"):
            reply = site.ask(path)
            assert reply.status == 503
            assert "was removed or moved while it was in use" in reply.text
        with streaming(site, "/live/overview") as reply:
            assert events_of(reply, 1)[0][0] == "trouble"
        (tmp_path / "gone.db").rename(program.database)
        assert site.ask("/").status == 200


def test_a_file_that_has_taken_the_place_of_a_source_is_not_shown(fileq, serving, tmp_path):
    write(tmp_path / "private", 1, (64, 48))
    source = tmp_path / "a.jpg"
    shutil.copy(next((tmp_path / "private").iterdir()), source)
    (job,) = fileq.json("list", "--batch", str(fileq.json("run", source, "-r", "web", "-o", tmp_path / "out")["batch"]))
    with serving() as site:
        assert site.ask(f"/jobs/{job['id']}/source").status == 200
        source.unlink()
        write(tmp_path / "other", 1, (640, 480))
        source.symlink_to(next((tmp_path / "other").iterdir()))
        assert site.ask(f"/jobs/{job['id']}/source").status == 404
