"""The live view of watched folders."""

import io
from typing import Any

from rich.console import Console

from fileq.display import FolderView, Progress, WaitingFileView, WatchView
from fileq.display.rich_progress import render_watch_view


def drawn(view, columns=60):
    stream = io.StringIO()
    Console(file=stream, width=columns, force_terminal=False).print(render_watch_view(view, columns))
    return stream.getvalue().splitlines()


def folder(**keys):
    given: dict[str, Any] = {
        "path": "/home/ada/inbox",
        "state": "events",
        "problem": "",
        "queued": 1200,
        "waiting": 0,
        "waiting_files": (),
    }
    return FolderView(**(given | keys))


def test_a_folder_is_a_line_with_its_state_and_counts():
    assert drawn(WatchView([folder()])) == ["/home/ada/inbox  events  1,200 queued"]


def test_what_is_waited_for_is_told_with_the_reason():
    waiting_files = [WaitingFileView("/home/ada/inbox/long \x1b name.jpg", "a program is writing to it", 12.0)]
    lines = drawn(WatchView([folder(waiting=1, waiting_files=waiting_files, problem="it can't be read")]))
    assert lines[0].endswith("1,200 queued, 1 waiting")
    assert lines[1].strip() == "it can't be read"
    assert "long \\x1b name.jpg  a program is writing to it, 12 s" in lines[2]


def test_no_line_is_longer_than_the_terminal_and_only_some_files_are_shown():
    waiting_files = [
        WaitingFileView(f"/inbox/{'x' * 200}{number}.jpg", "its last bytes are not there yet", 5.0)
        for number in range(20)
    ]
    lines = drawn(WatchView([folder(path="/a/very/long" * 20, waiting_files=waiting_files)]), 50)
    assert max(map(len, lines)) <= 50
    assert len(lines) == 6


def test_the_work_is_shown_below_where_it_is_done_here_too():
    assert "3 of 4" in "\n".join(drawn(WatchView([folder()], Progress(ended=3, total=4))))
