"""A URL is called as the standard has it, and whatever answers there, or doesn't, ends in time and is said."""

import base64
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from fileq.hooks.call_error import CallError
from fileq.hooks.webhook import check_url, post_event, sign
from tests.support.receiver import Receiver

PEM = Path(__file__).parents[1] / "fixtures" / "mail-server.pem"


@contextmanager
def server(serve, wrap=None):
    """What accepts one connection after another, and has `serve` do what it likes with each; yields the port."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def accept():
        while not over.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=quietly, args=(connection,), daemon=True).start()

    def quietly(connection):
        try:
            with wrap(connection) if wrap else connection as stream:
                serve(stream)
        except OSError:
            pass

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        listening.close()


def trickle(connection):
    """An answer that never comes to an end, a byte at a time."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
    for _ in range(600):
        connection.sendall(b"x")
        time.sleep(0.05)


def flood(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
    for _ in range(1000):
        connection.sendall(b"x" * 10**6)


def test_the_signature_is_that_of_openssl():
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    secret = b"\x01\x02 a secret of 24 bytes.\xff"
    body = '{"id": "ä"}'.encode()
    answer = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{secret.hex()}", "-binary"],
        input=b"msg_1.1614265330." + body, capture_output=True, check=True,
    )  # fmt: skip
    expected = f"v1,{base64.b64encode(answer.stdout).decode()}"
    assert sign(f"whsec_{base64.b64encode(secret).decode()}", "msg_1", 1614265330, body) == expected


def test_a_secret_of_no_prefix_is_taken_as_it_is():
    prefixed = f"whsec_{base64.b64encode(b'plain').decode()}"
    assert sign("plain", "1", 2, b"3") == sign(prefixed, "1", 2, b"3")


def test_a_secret_that_is_no_base64_is_refused_and_not_shown():
    with pytest.raises(CallError, match="not in Base64") as refused:
        sign("whsec_s3cr3t!", "1", 2, b"3")
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_an_answer_from_200_to_299_is_a_delivery(status):
    with Receiver(status) as receiver:
        post_event(receiver.url, b"{}", {"webhook-id": "1"}, 10)
    (received,) = receiver.received
    assert (received.body, received.headers["content-type"]) == (b"{}", "application/json")
    assert received.headers["user-agent"].startswith("fileq/")


@pytest.mark.parametrize("status", [300, 301, 302, 307, 400, 404, 410, 429, 500, 503, 599])
def test_another_answer_is_none_and_410_is_final(status):
    with Receiver(status) as receiver, pytest.raises(CallError, match=f"it answered {status}") as failed:
        post_event(receiver.url, b"{}", {}, 10)
    assert failed.value.is_final == (status == 410)


@pytest.mark.parametrize("serve", [trickle, lambda _: time.sleep(30)], ids=["trickle", "silence"])
def test_an_answer_that_does_not_end_is_not_waited_for(serve):
    begun = time.monotonic()
    with server(serve) as port, pytest.raises(CallError, match=r"within 0\.5 s"):
        post_event(f"http://127.0.0.1:{port}", b"{}", {}, 0.5)
    assert time.monotonic() - begun < 5


def test_nothing_is_sent_where_the_name_is_found_after_the_time(monkeypatch):
    find = socket.getaddrinfo

    def find_late(*arguments, **options):
        time.sleep(0.4)
        return find(*arguments, **options)

    with Receiver() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", find_late)
        with pytest.raises(CallError, match="within"):
            post_event(receiver.url, b"{}", {}, 0.2)
        assert receiver.received == []


def test_a_handshake_that_does_not_end_is_not_waited_for():
    def drip(connection):
        for byte in b"\x16\x03\x03\x40\x00" + bytes(600):
            connection.sendall(bytes((byte,)))
            time.sleep(0.05)

    begun = time.monotonic()
    with server(drip) as port, pytest.raises(CallError, match="within"):
        post_event(f"https://127.0.0.1:{port}/", b"{}", {}, 0.5)
    assert time.monotonic() - begun < 3


def test_of_a_long_answer_little_is_read():
    with server(flood) as port:
        begun = time.monotonic()
        post_event(f"http://127.0.0.1:{port}", b"{}", {}, 30)
    assert time.monotonic() - begun < 5


def test_what_is_no_web_server_is_said():
    def mumble(connection):
        connection.recv(65536)
        connection.sendall(b"220 mail.example ESMTP\r\n")

    with server(mumble) as port, pytest.raises(CallError, match="does not answer as a web server does"):
        post_event(f"http://127.0.0.1:{port}", b"{}", {}, 10)


def test_where_nobody_listens_it_is_said():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(CallError, match="can't be reached: Connection refused"):
        post_event(f"http://127.0.0.1:{port}", b"{}", {}, 10)


def test_a_certificate_that_nobody_vouches_for_is_refused():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(PEM)
    with (
        server(
            lambda stream: stream.recv(1), lambda connection: context.wrap_socket(connection, server_side=True)
        ) as port,
        pytest.raises(CallError, match="certificate is not trusted"),
    ):
        post_event(f"https://127.0.0.1:{port}", b"{}", {}, 10)


def test_a_user_and_a_password_are_sent_as_such():
    with Receiver() as receiver:
        post_event(receiver.url.replace("http://", "http://ada:p%40ss@"), b"{}", {}, 10)
    expected = base64.b64encode(b"ada:p@ss").decode()
    assert receiver.received[0].headers["authorization"] == f"Basic {expected}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "ftp://shop.example",
        "http://",
        "http://a:port/",
        "http://a:0/",
        "http://[::1",
        "http://a/\n",
    ],
)
def test_what_can_be_no_url_is_refused(url):
    with pytest.raises(CallError, match="https://"):
        check_url(url)
