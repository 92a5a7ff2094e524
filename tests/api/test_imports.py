"""What `import fileq` brings in, and that it has all that it names."""

import subprocess
import sys

import pytest

import fileq
from fileq import errors
from fileq.operations import BUILT_IN

_HEAVY = {"PIL", "huey", "rich", "typer", "msgspec", "sqlite3", "psycopg", "asyncio", "multiprocessing", "typing"}


def modules_after(code):
    """The modules that a fresh Python has after these statements."""
    script = f"import sys; {code}; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {script}"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    return set(said.stdout.split())


def test_an_import_brings_in_nothing():
    assert not modules_after("import fileq") & _HEAVY
    assert {name for name in modules_after("import fileq") if name.startswith("fileq")} == {"fileq"}


def test_an_add_brings_in_what_it_needs_and_no_picture_library(folder, picture):
    path = str(picture())
    loaded = modules_after(f"import fileq; fileq.connect({str(folder / 'fileq.db')!r}).add({path!r})")
    assert not loaded & {"PIL", "huey", "rich", "typer", "psycopg", "asyncio", "multiprocessing", "psutil", "jinja2"}


def test_all_that_it_names_is_there():
    assert all(getattr(fileq, name) is not None for name in fileq.__all__)
    assert set(fileq.__all__) <= set(dir(fileq))
    assert {operation.__name__ for operation in BUILT_IN} <= set(fileq.__all__)
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        _ = fileq.conect


def test_all_errors_have_one_base():
    ours = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    assert {one for one in ours if not issubclass(one, errors.FileqError)} == {errors.ForeignLinkError}
