"""A broker behind TLS: messages go through it where its certificate is to be trusted, and else it is said why not."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.support.hosts import listening
from tests.support.redis import RedisServer, own_redis

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made by openssl")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with who signs, signer.crt, and what that has signed: here.crt and elsewhere.crt, each with its key."""
    folder = tmp_path_factory.mktemp("certificates")
    openssl(folder, "req -x509 -newkey rsa:2048 -nodes -keyout signer.key -out signer.crt -subj /CN=signer")
    for name, host in (("here", "localhost"), ("elsewhere", "elsewhere.example")):
        openssl(folder, f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN={host}")
        (folder / "names").write_text(f"subjectAltName=DNS:{host}\n")
        signer = "-CA signer.crt -CAkey signer.key -CAcreateserial -extfile names"
        openssl(folder, f"x509 -req -in {name}.csr -out {name}.crt {signer}")
    return folder


def openssl(folder: Path, command: str) -> None:
    subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with own_redis() as server:
        yield server


def test_messages_go_through_tls(fileq: Program, photos: Path, server: RedisServer, certificates: Path) -> None:
    here = certificates / "here.crt", certificates / "here.key", certificates / "signer.crt"
    with listening(server.socket, *here) as port:
        own = f"ssl_certfile={here[0]}&ssl_keyfile={here[1]}"
        fileq.environment["FILEQ_BROKER"] = f"rediss://localhost:{port}/0?ssl_ca_certs={here[2]}&{own}"
        assert "8 files queued" in fileq.run("add", "photos").stdout
        assert server.ask("keys", "huey.redis.*")
        assert "answers, and takes messages" in fileq.run("doctor").stdout
        fileq.run("worker", "--drain")
    assert fileq.states() == {"done": 8}


@pytest.mark.parametrize(
    ("shown", "known", "said"),
    [
        ("here", "", "unable to get local issuer certificate"),
        ("elsewhere", "signer.crt", "Hostname mismatch, certificate is not valid for 'localhost'"),
    ],
)
def test_a_certificate_that_is_not_trusted_is_refused_in_one_sentence(
    fileq: Program, photos: Path, server: RedisServer, certificates: Path, shown: str, known: str, said: str
) -> None:
    with listening(server.socket, certificates / f"{shown}.crt", certificates / f"{shown}.key") as port:
        signer = f"?ssl_ca_certs={certificates / known}" if known else ""
        address = f"rediss://localhost:{port}/0{signer}"
        fileq.environment["FILEQ_BROKER"] = address
        assert "The jobs are queued" in fileq.run("add", "photos").stderr
        answer = fileq.run("worker", expect=3)
        assert f"The broker {address} shows a certificate that is not trusted: {said}." in answer.stderr
        assert said in fileq.run("doctor", expect=1).stdout
    assert fileq.states() == {"queued": 8}


def test_a_certificate_that_is_asked_for_and_not_named_is_said(
    fileq: Program, photos: Path, server: RedisServer, certificates: Path
) -> None:
    files = certificates / "here.crt", certificates / "here.key", certificates / "signer.crt"
    with listening(server.socket, *files) as port:
        fileq.environment["FILEQ_BROKER"] = f"rediss://localhost:{port}/0?ssl_ca_certs={files[2]}"
        fileq.run("add", photos)
        assert "The broker rediss://localhost" in fileq.run("doctor", expect=1).stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [("ssl_cert_reqs=nonsense", "is no address of a broker"), ("ssl_ca_certs=/nowhere.crt", "/nowhere.crt")],
)
def test_what_the_address_says_of_tls_is_looked_at_before_anything_is_queued(
    fileq: Program, photos: Path, options: str, said: str
) -> None:
    fileq.environment["FILEQ_BROKER"] = f"rediss://localhost:1/0?{options}"
    assert said in fileq.run("add", "photos", expect=2).stderr
    assert not fileq.states()
