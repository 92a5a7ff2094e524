"""What fileq uses of the inside of other libraries. A new release may change it: then this says what, and who uses it.

pyproject.toml keeps such libraries below their next release, until this and all else has been seen to pass with it.
"""

import inspect
import tomllib
from pathlib import Path

import pytest
from huey.consumer import Consumer, Scheduler, ThreadEnvironment, Worker
from huey.storage import SqliteStorage
from typer import Typer
from typer.core import TyperOption
from typer.main import get_command
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter, InotifyWatchGroup
from watchdog.observers.inotify_c import InotifyFD
from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

HUEY = {
    Consumer: ("_create_worker", "_set_signal_handlers", "check_worker_health", "get_environment", "loop", "run"),
    ThreadEnvironment: ("create_process",),
    Worker: ("initialize", "loop", "shutdown", "sleep"),
    Scheduler: ("enqueue_periodic_tasks",),
    SqliteStorage: ("db", "dequeue", "read_schedule"),
}
WATCHDOG = {
    InotifyFD: ("_add_callback", "_get_or_create_watch", "_remove_callback", "handle_event", "run"),
    InotifyWatchGroup: ("_build_event_source_path", "_remove_callbacks", "on_event"),
    InotifyEmitter: ("get_event_mask_from_filter", "on_thread_start", "run"),
    InotifyMoveEventGrouper: ("delay",),
    BaseObserver: ("on_thread_stop",),
}


@pytest.mark.parametrize("library", ["huey", "typer", "watchdog"])
def test_a_library_whose_inside_is_used_is_kept_below_its_next_release(library):
    (requirement,) = [one for one in PROJECT["dependencies"] if one.startswith(library)]
    assert ",<" in requirement


@pytest.mark.parametrize(("kind", "names"), [*HUEY.items(), *WATCHDOG.items()])
def test_a_class_has_the_methods_that_fileq_overrides_or_calls(kind, names):
    missing = [name for name in names if not hasattr(kind, name)]
    assert not missing, f"{kind.__module__}.{kind.__name__} lacks {missing}: see who inherits from it in fileq"


@pytest.mark.parametrize(
    ("attribute", "source"),
    [
        ("_watch_for_wd", InotifyFD),
        ("_active_callbacks_by_path", InotifyWatchGroup),
        ("_inotify_fd", InotifyEmitter),
        ("worker_threads", Consumer),
        ("stop_flag", Consumer),
        ("default_delay", Consumer),
    ],
)
def test_an_object_keeps_what_fileq_reads_under_the_same_name(attribute, source):
    assert f"self.{attribute}" in inspect.getsource(source)


def test_typer_asks_each_parameter_for_what_converts_its_value():
    app = Typer()

    @app.command()
    def greet(times: int = 1) -> None: ...

    command = get_command(app)
    (parameter, *_) = command.get_params(command.make_context("greet", []))
    assert hasattr(parameter, "get_runtime_param"), "fileq.cli.typer_patch replaces it"
    assert isinstance(parameter, TyperOption)
    assert parameter.type_descriptor.annotation is int
    assert parameter.param_type_name == "option"
    assert parameter.multiple is False
    assert parameter.nargs == 1
