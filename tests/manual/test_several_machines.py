"""The page on several machines: what it says is done, in its order, with a server, a shared folder and two hosts."""

import shutil

import psycopg
import pytest

from tests.manual.pages import blocks_of, page_of
from tests.manual.sandbox import Sandbox
from tests.support.postgres import own_server

ADDRESS = "postgresql://fileq:${DATABASE_PASSWORD}@db.example/fileq"
SAFE_ADDRESS = ADDRESS.replace(":${DATABASE_PASSWORD}", "")


@pytest.fixture
def server():
    with own_server() as server:
        yield server


@pytest.fixture
def hosts(tmp_path, server):
    """Two hosts that the page's words are true of: each has the shared folder at a place of its own."""
    made = []
    for name in ("mill", "barn"):
        host = Sandbox(tmp_path / name)
        host.fill()
        host.environment |= {"DATABASE_PASSWORD": "secret"}
        del host.environment["FILEQ_DATABASE"]
        made.append(host)
    shutil.copytree(made[0].folder / "photos", tmp_path / "share" / "photos")
    for host in made:
        (host.folder / "nas").symlink_to(tmp_path / "share")
    return made


def as_here(text, host, server):
    address = server.address_of("fileq", "fileq")
    return (
        text.replace(ADDRESS, address.replace("fileq@", "fileq:${DATABASE_PASSWORD}@"))
        .replace(SAFE_ADDRESS, address)
        .replace("/mnt/nas", str(host.folder / "nas"))
    )


def prepare(server, text):
    for line in text.splitlines():
        statement = line.removeprefix('psql --command "').removesuffix('"')
        with psycopg.connect(server.address, autocommit=True) as connection:
            connection.execute(statement.encode())


def test_each_step_of_the_page_works_as_it_stands_there(hosts, server):
    blocks = [block for block in blocks_of(page_of("several-machines")) if block.mark.startswith("on the server")]
    assert len(blocks) == 6
    first = hosts[0]
    assert first.run("fileq --database fileq.db add photos -r thumbnail")[0] == 0
    for block in blocks:
        if "from a file" in block.mark:
            with psycopg.connect(server.address_of("fileq", "fileq"), autocommit=True) as connection:
                connection.execute("drop schema fileq cascade")
        if block.text.startswith("psql"):
            prepare(server, block.text)
        elif block.language == "toml":
            for host in hosts if "root" in block.text else ():
                host.config(as_here(block.text, host, server))
        else:
            code, said = first.run(as_here(block.text, first, server))
            assert code in (0, 1 if "fileq doctor" in block.text else 0), said
            assert "secret" not in said
    assert len([path for path in (first.folder / "nas" / "web").rglob("*") if path.is_file()]) == 4
    code, said = hosts[1].run("fileq worker --drain && fileq list --json")
    assert code == 0, said
    assert said.count('"done"') == 4, "the other host has done what the copied ledger had queued"
