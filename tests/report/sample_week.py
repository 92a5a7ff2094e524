"""A ledger as a week of real work leaves it: `python -m tests.report.sample_week FOLDER` makes one to look at.

The real program processes real files; only the times are spread over the week before `NOW` afterwards.
"""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from PIL import Image, ImageDraw

from tests.acceptance.program import Program
from tests.support import photos

WEEK = 7 * 86400.0
EVIL = '<img src=x onerror=alert(1)> & "quoted" \u202egpj.exe\n{{ 7*191 }}.jpg'
RAW = os.fsdecode(b"caf\xe9.jpg")
LONG = "日本語のとても長い名前の写真で、どこにも切れ目がないので折り返しが難しい" + "x" * 60 + ".png"

CONFIG = """
[recipes.shop]
out = "{folder}/shop"
steps = [ { op = "crop", aspect = "1:1" }, { op = "resize", fit = "800x800" } ]
[[recipes.shop.outputs]]
name = "{stem}.webp"
[[recipes.shop.outputs]]
name = "{stem}-small.jpg"
steps = [ { op = "resize", fit = "200x200" } ]
"""


def write_sample_week(folder: Path, now: float) -> Program:
    """Return a program whose database tells of the week before `now`."""
    folder.mkdir(exist_ok=True)
    program = Program(folder)
    program.configure(CONFIG)
    pictures(folder / "photos")
    inbox = folder / "inbox"
    photos.write(inbox, 5, (900, 600))
    broken(inbox)
    program.run("run", "photos", "-r", "web", "-r", "thumbnail", "-r", "shop")
    program.run("run", "photos", "-r", "avif", "--include", "IMG_000*")
    program.run("watch", inbox, "-r", "webp", "--once", "--work")
    troubled(program)
    spread(program.database, now)
    return program


def pictures(folder: Path) -> None:
    written = photos.write(folder, 16, (1500, 1000))
    for path, name in zip(written[-2:], (EVIL, RAW), strict=True):
        path.rename(folder / name)
    drawing = Image.new("RGBA", (700, 500))
    draw = ImageDraw.Draw(drawing)
    draw.ellipse((60, 60, 440, 440), fill=(220, 60, 40, 255))
    draw.ellipse((260, 60, 640, 440), fill=(30, 90, 200, 150))
    drawing.save(folder / LONG)
    tall = photos.photo((300, 2400), 7)
    tall.save(folder / "a tall one.png")


def broken(folder: Path) -> None:
    whole = (folder / "IMG_0001.jpg").read_bytes()
    for number in range(3):
        (folder / f"cut off {number}.jpg").write_bytes(whole[: len(whole) // (number + 2)])
    (folder / "a letter.jpg").write_text("Dear Ada, this is no picture.\n" * 9, encoding="utf-8")
    (folder / '<b onclick="x()">.jpg').write_bytes(b"%!PS-Adobe-3.0\n" * 9)


def troubled(program: Program) -> None:
    """Two sources that go before they are processed, and an output in whose place another file stands."""
    (gone,) = photos.write(program.folder / "gone", 1, (90, 60))
    (taken,) = photos.write(program.folder / "taken", 1, (90, 60))
    stands = program.folder / "taken" / "web" / taken.name
    stands.parent.mkdir()
    stands.write_text("mine", encoding="utf-8")
    program.run("add", gone, taken, "-r", "web", "-r", "thumbnail")
    gone.unlink()
    program.run("worker", "--drain")


def spread(database: Path, now: float) -> None:
    """Jobs end at uneven times in the week, none on the fifth day."""
    with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        jobs = connection.execute("select id, finished_at from jobs where finished_at is not null").fetchall()
        for number, (job, finished_at) in enumerate(jobs):
            share = (number * 61 % len(jobs)) / len(jobs)
            share = share**1.6 if not 4 / 7 <= share**1.6 < 5 / 7 else 0.9
            shift = now - WEEK + 3600 + share * (WEEK - 7200) - finished_at
            connection.execute(
                "update jobs set added_at = added_at + ?1, started_at = started_at + ?1, finished_at = finished_at + ?1"
                " where id = ?2",
                (shift, job),
            )
            connection.execute(
                "update attempts set started_at = started_at + ?1, finished_at = finished_at + ?1 where job_id = ?2",
                (shift, job),
            )
            connection.execute("update outputs set published_at = published_at + ? where job_id = ?", (shift, job))
        connection.executemany(
            "insert into cleanings (cleaned_at, outputs, bytes, kept_changed, jobs) values (?, ?, ?, ?, 0)",
            [(now - 86400, 41, 9_300_000, 1), (now - 3 * 86400, 12, 2_100_000, 0)],
        )
        connection.execute("update outputs set vanished_at = ? where path like '%IMG_0003-small.jpg'", (now - 9000,))


if __name__ == "__main__":
    import time

    where = Path(sys.argv[1])
    sys.stdout.write(f"{write_sample_week(where, time.time()).database}\n")
