"""Whatever stands in the queue, no code is run, no worker is lost, and the jobs are done."""

from __future__ import annotations

import json
import pickle
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import Program, files

PROCESS = "fileq.worker.tasks.process"
PHOTOS = 4


class Trap:
    """What would leave a mark if it were unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (str(self.mark), "w")


@pytest.fixture
def fileq(tmp_path: Path) -> Program:
    folder = tmp_path / "home"
    folder.mkdir()
    return Program(folder)


@pytest.fixture
def mark(fileq: Program) -> Path:
    return fileq.folder / "mark"


@pytest.fixture
def queued(fileq: Program) -> Program:
    """A ledger with a few jobs, none done."""
    from tests.support.photos import write

    photos = fileq.folder / "photos"
    photos.mkdir()
    write(photos, PHOTOS, (64, 48))
    fileq.run("add", "photos", "-r", "thumbnail", "-o", "out")
    return fileq


def message(*args: object, **parts: object) -> bytes:
    return json.dumps({"id": "x", "name": PROCESS, "args": args, "priority": 0} | parts).encode()


def messages(mark: Path) -> list[object]:
    """What is no message, in all the ways that come to mind."""
    parts = {"id": "x", "name": PROCESS, "args": [1], "priority": 0}
    return [
        b"", b"\0", b"{", b"null", b"[]", b"{}", b"1", b'"x"', b"NaN", b"\xff\xfe", "text, and no bytes", 7, 1.5,
        pickle.dumps(Trap(mark)), pickle.dumps({"id": "x", "name": PROCESS, "args": (1,)}),
        b"[" * 100_000, b'{"args":' * 50_000, b'{"id": "x", "name": "' + b"x" * 2_000_000 + b'"}',
        *(json.dumps({**parts, key: value}).encode() for key in parts for value in STRANGE),
        *(json.dumps({name: value for name, value in parts.items() if name != key}).encode() for key in parts),
        *(message(value) for value in STRANGE), message(*range(-500, 500)), message(*[1] * 20_000),
        message(name="os.system"), message(name="fileq.worker.tasks.nosuch"), message(name="upkeep"),
        message(name="huey.api.upkeep"), message(unknown="field", kwargs={"x": 1}, retries=10**9, eta="yesterday"),
    ]  # fmt: skip


STRANGE: list[object] = [
    None, True, "1", "../../etc/passwd", "1; drop table jobs", "\0", "\ud800", 1.5, -1, 0, 2**31, 2**63, 2**64, 10**400,
    1e308, float("inf"), float("nan"), [], [1], [[[1]]], {}, {"id": 1}, "x" * 100_000,
]  # fmt: skip
"""Values that nobody would write there."""


def insert(fileq: Program, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(fileq.database, timeout=30)) as connection:
        connection.execute("pragma synchronous = off")
        connection.executemany(statement, rows)
        connection.commit()


def answers(fileq: Program) -> Iterator[tuple[str, int]]:
    """What each command that only looks ends with: it answers, whatever it finds, and shows no traceback."""
    for command in (["status"], ["list"], ["report"], ["doctor"], ["show", "1"], ["schedule"]):
        for json_too in ([], ["--json"]):
            process = fileq.start(*command, *json_too)
            stdout, stderr = process.communicate(timeout=120)
            said = (stdout + stderr).decode(errors="replace")
            assert "Traceback" not in said, (command, said[-3000:])
            assert "went wrong inside" not in said, (command, said[-3000:])
            yield " ".join([*command, *json_too]), process.returncode


def check_all_done(fileq: Program) -> None:
    fileq.run("worker", "--drain", "--workers", "2")
    assert fileq.states() == {"done": PHOTOS}
    assert len(files(fileq.folder / "out")) == PHOTOS
    assert {code for _, code in answers(fileq)} <= {0, 1}


@pytest.mark.parametrize("first", [True, False], ids=["before the jobs", "after the jobs"])
def test_no_message_stops_a_worker_or_runs_code(queued: Program, mark: Path, *, first: bool) -> None:
    rows = [("fileq", data, 5.0 if first else -5.0) for data in messages(mark)]
    insert(queued, "insert into task (queue, data, priority) values (?, ?, ?)", rows)
    check_all_done(queued)
    assert not mark.exists()
    with queued.worker() as worker:
        queued.wait_until(lambda: queued.ask("select count(*) from task") == [(0,)])
        assert worker.poll() is None


def test_no_message_in_the_schedule_does_either(queued: Program, mark: Path) -> None:
    rows = [("fileq", data, 0.0) for data in messages(mark)]
    insert(queued, "insert into schedule (queue, data, timestamp) values (?, ?, ?)", rows)
    check_all_done(queued)
    assert not mark.exists()


def test_a_job_that_is_named_ten_thousand_times_is_done_once(queued: Program) -> None:
    rows = [("fileq", message(*range(1, PHOTOS + 1)), 5.0)] * 10_000
    insert(queued, "insert into task (queue, data, priority) values (?, ?, ?)", rows)
    check_all_done(queued)
    assert queued.ask("select count(*) from attempts") == [(PHOTOS,)]


JSON: list[object] = [
    "", "{", "null", "[]", "7", '"x"', "[" * 100_000, '{"unknown": 1}', "\0", 7, 1.5, '{"x": NaN}',
]  # fmt: skip
"""What a column of JSON can hold that fileq never wrote."""


def strange(*keys: str) -> list[object]:
    """Documents of which one key has a value of another kind."""
    return [*JSON, *(json.dumps({key: value}) for key in keys for value in STRANGE)]


RECIPE = strange("name", "steps", "outputs", "match", "keep")
STATUS = strange("state", "problem", "queued", "waiting", "longest", "missed", "last_scan_at", "folders", "left_alone")
PENDING = strange("inode", "format", "width", "bytes", "note", "replaces")
HOLDER = [*strange("host", "pid", "started"), '{"host": "x", "pid": -1, "started": ""}']


@pytest.mark.timeout(300)
def test_a_job_whose_rows_hold_anything_ends_and_keeps_no_other_from_being_done(queued: Program) -> None:
    """Recipes, files half published, leases, and notices: of each row one job, and no worker that can't begin."""
    (queued.folder / "more").mkdir()
    count = max(len(RECIPE), len(PENDING), len(HOLDER))
    for number in range(count):
        (queued.folder / "more" / f"{number}.jpg").write_bytes((queued.folder / "photos" / "IMG_0001.jpg").read_bytes())
    queued.run("add", "more", "-r", "webp", "-o", "bad", expect=0)
    bad = [job for (job,) in queued.ask("select id from jobs where id > ?", PHOTOS)]
    out = str(queued.folder / "bad")
    recipes = list(dict.fromkeys(map(str, RECIPE)))
    for job, body, told, holder in zip(bad, cycle(recipes), cycle(PENDING), cycle(HOLDER), strict=False):
        insert(
            queued, "insert or ignore into recipes (fingerprint, name, recipe_json) values ('f', 'webp', ?)", [(body,)]
        )
        insert(
            queued, "insert into outputs (path, job_id, temp_path, pending_version, pending_json)"
            " values (?, ?, ?, '1-1', ?)",
            [(f"{out}/{job}.webp", job, f"{out}/.fileq-{job}.tmp", told)],
        )  # fmt: skip
        insert(
            queued, "insert into dispositions (id, source, version, inode, done_to, holder_json, held_until, token)"
            " values (?, ?, '1-1', 1, '', ?, ?, 1)",
            [(job, f"{out}/{job}.jpg", holder, 1e12 if job % 2 else 1.0)],
        )  # fmt: skip
        change = "update jobs set disposition_id = jobs.id, recipe_id = recipes.id from recipes"
        insert(queued, f"{change} where recipe_json = ? and jobs.id = ?", [(body, job)])
    queued.run("worker", "--drain", "--workers", "2")
    ended = dict(queued.ask("select state, count(*) from jobs where id <= ? group by state", PHOTOS))
    assert ended == {"done": PHOTOS}
    states = {state for (state,) in queued.ask("select state from jobs where id > ?", PHOTOS)}
    assert states <= {"done", "failed", "cancelled"}
    assert {code for _, code in answers(queued)} <= {0, 1}


def test_commands_answer_whatever_a_watcher_wrote_down(queued: Program) -> None:
    rows = [(f"/w/{at}", said) for at, said in enumerate(STATUS)]
    insert(
        queued, "insert into watches (path, host, pid, process_started, status_json, status_at)"
        " values (?, 'elsewhere', 1, 'x', ?, unixepoch())", rows,
    )  # fmt: skip
    assert {code for _, code in answers(queued)} <= {0, 1}
    inbox = queued.folder / "inbox"
    inbox.mkdir()
    insert(
        queued, "insert into watches (path, host, pid, process_started, status_json, status_at)"
        " values (?, 'elsewhere', 1, 'x', ?, 0)", [(str(inbox), "[")],
    )  # fmt: skip
    queued.run("watch", str(inbox), "--once")
    check_all_done(queued)


def test_a_notice_with_strange_targets_is_sent_still(queued: Program) -> None:
    config = queued.configure('[notify]\ncommand = ["sh", "-c", "echo {title} >> told"]\n')
    queued.environment["FILEQ_CONFIG"] = str(config)  # what is named is trusted
    targets = [*JSON, *(json.dumps(value) for value in STRANGE)]
    rows = [(f"n{at}", told) for at, told in enumerate(targets)]
    insert(
        queued, "insert into notifications (event, title, body, created_at, due_at, targets_json)"
        " values ('failed', ?, 'b', unixepoch(), 0, ?)", rows,
    )  # fmt: skip
    with queued.worker() as worker:
        queued.wait_until(lambda: queued.ask("select count(*) from notifications where event = 'failed'") == [(0,)])
        assert worker.poll() is None
    assert "n0" in (queued.folder / "told").read_text()
