"""Running tests over a mutant, in a copy of the tree: those that come by its line."""

import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import coverage
import huey  # noqa: F401  # what isn't fileq's is imported once, and not for each mutant
import PIL.Image  # noqa: F401
import pytest
import watchdog.observers  # noqa: F401

from tests.mutation.mutants import Mutant

_ROOT = Path(__file__).parents[2]
_BACKSTOP = 300
_EACH_TEST = 30


class Trial(ExitStack):
    """A copy of the tree, and which line each of the tests comes by."""

    def __init__(self, tests: Sequence[str]) -> None:
        super().__init__()
        self._tests = tests
        self._copy = Path(self.enter_context(TemporaryDirectory(prefix="fileq-mutants-"))) / "copy"
        shutil.copytree(_ROOT, self._copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        if _in_a_process(_record, self._copy, tests) != 0:
            output = (self._copy / "output").read_text()
            sys.exit(f"The tests must pass before there is a mistake to notice.\n{output}")
        self._came_by = coverage.CoverageData(str(self._copy / "came-by"))
        self._came_by.read()

    def is_survived_by(self, mutant: Mutant) -> bool:
        """Whether none of the tests fails, or hangs."""
        path = self._copy / mutant.path.relative_to(_ROOT)
        tests = [test for test in self._came_by.contexts_by_lineno(str(path)).get(mutant.line, []) if test]
        _write_module(path, mutant.code)
        try:
            return _in_a_process(_run, self._copy, tests or self._tests) == 0
        finally:
            _write_module(path, mutant.tree.code)


def _write_module(path: Path, code: str) -> None:
    Path(cache_from_source(str(path))).unlink(missing_ok=True)  # it may be as old and as long as the code
    path.write_text(code, "utf-8")


def _in_a_process(function: Callable[[Path, Sequence[str]], None], copy: Path, tests: Sequence[str]) -> int | None:
    process = multiprocessing.get_context("fork").Process(target=function, args=(copy, tests))
    process.start()
    assert process.pid is not None
    process.join(_BACKSTOP)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # and whatever the tests have started
    process.join()
    return process.exitcode


def _record(copy: Path, tests: Sequence[str]) -> None:
    """Run the tests without a mistake, and write down which lines each comes by."""

    class Contexts:
        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_protocol(self, item):
            recorder.switch_context(item.nodeid)
            return (yield)

    recorder = coverage.Coverage(data_file=str(copy / "came-by"), include=[str(copy / "fileq" / "*")])
    recorder.start()
    try:
        _run(copy, tests, Contexts())
    finally:
        recorder.stop()
        recorder.save()


def _run(copy: Path, tests: Sequence[str], *plugins: object) -> None:
    os.setsid()
    os.chdir(copy)
    sys.dont_write_bytecode = not plugins  # the copy's own is written once
    sys.path[:] = [str(copy), *(path for path in sys.path if path not in ("", str(_ROOT)))]
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    sys.modules["__main__"] = ModuleType("__main__")  # else each process that the tests start would import ours
    os.environ["PYTHONPATH"] = str(copy)
    with open(copy / "output", "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    options = ["-x", "-q", "-p", "no:cacheprovider", "-o", f"timeout={_EACH_TEST}"]
    sys.exit(pytest.main([*options, *tests], list(plugins)))
