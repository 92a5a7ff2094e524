import errno
import os
import pickle
import subprocess
import sys

import pytest

from fileq.errors import (
    ConfigError,
    EnvironmentFailure,
    ErrorKind,
    ExitCode,
    FileqError,
    JobError,
    LedgerError,
    NotFoundError,
    Shortage,
    UsageError,
    find_shortage,
    translate_os_error,
    translate_os_errors,
)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, ErrorKind.NO_SPACE),
        (errno.EDQUOT, ErrorKind.NO_SPACE),
        (errno.EFBIG, ErrorKind.NO_SPACE),
        (errno.EACCES, ErrorKind.PERMISSION),
        (errno.EPERM, ErrorKind.PERMISSION),
        (errno.EROFS, ErrorKind.PERMISSION),
        (errno.ENOENT, ErrorKind.MISSING),
        (errno.ENOTDIR, ErrorKind.MISSING),
        (errno.EISDIR, ErrorKind.UNREADABLE),
        (errno.ENXIO, ErrorKind.UNREADABLE),
        (errno.ENAMETOOLONG, ErrorKind.UNSUPPORTED),
        (errno.EIO, ErrorKind.INTERNAL),
    ],
)
def test_what_the_system_says_has_a_kind(number, kind):
    failure = translate_os_error(OSError(number, os.strerror(number)), "/photos/a.jpg")
    assert failure.kind is kind
    assert "/photos" in failure.message
    assert failure.hint


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EMFILE, "x"),
        OSError(errno.ENFILE, "x"),
        BlockingIOError(errno.EAGAIN, "x"),
        OSError(errno.ENOMEM, "x"),
        MemoryError(),
        RuntimeError("can't start new thread"),
        ImportError("libjpeg.so: failed to map segment from shared object"),
        Shortage("This is one.", "Wait."),
    ],
)
def test_what_the_process_lacks_is_a_shortage_and_no_fault_of_a_job(error):
    lack = find_shortage(error)
    assert lack is not None
    assert lack.exit_code == ExitCode.ENVIRONMENT
    assert lack.message
    assert lack.hint
    if isinstance(error, OSError):
        assert isinstance(translate_os_error(error, "/photos/a.jpg"), Shortage)


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOENT, "x"), RuntimeError("x"), ImportError("no module"), ValueError()]
)
def test_what_is_none_is_no_shortage(error):
    assert find_shortage(error) is None


def test_a_shortage_crosses_to_another_process_whole():
    here = find_shortage(MemoryError())
    assert here is not None
    lack = pickle.loads(pickle.dumps(here))
    assert (type(lack), lack.of_memory, lack.hint) == (Shortage, True, here.hint)


def test_an_error_of_the_system_without_a_number_is_told_in_its_own_words():
    assert "broken" in translate_os_error(OSError("broken"), "/photos/a.jpg").message


def test_what_the_system_says_in_a_block_becomes_a_job_error_with_its_cause(tmp_path):
    gone = str(tmp_path / "gone.jpg")
    with pytest.raises(JobError, match=r"gone\.jpg is gone") as raised, translate_os_errors(gone), open(gone):
        pass
    assert isinstance(raised.value.__cause__, FileNotFoundError)


def test_a_job_error_crosses_to_another_process_whole():
    error = JobError(ErrorKind.CONFLICT, "It exists.", "Move it.")
    again = pickle.loads(pickle.dumps(error))
    assert (again.kind, again.message, again.hint, str(again)) == (
        ErrorKind.CONFLICT,
        "It exists.",
        "Move it.",
        str(error),
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (JobError(ErrorKind.INTERNAL, "x"), ExitCode.FAILED),
        (UsageError("x"), ExitCode.USAGE),
        (ConfigError("x"), ExitCode.USAGE),
        (NotFoundError("x"), ExitCode.USAGE),
        (EnvironmentFailure("x"), ExitCode.ENVIRONMENT),
        (LedgerError("x"), ExitCode.ENVIRONMENT),
    ],
)
def test_every_error_has_the_exit_code_of_its_branch(error, code):
    assert isinstance(error, FileqError)
    assert error.exit_code == code


def test_faults_of_the_file_itself_are_not_tried_again():
    passing = {kind for kind in ErrorKind if kind.is_transient}
    assert passing == {"no_space", "timeout", "memory", "crashed", "internal"}


@pytest.mark.skipif(sys.platform != "linux", reason="limits of other systems are others")
@pytest.mark.parametrize(("spare", "is_short"), [(4, True), (256, False)])
def test_a_lack_of_memory_is_known_whatever_error_it_has_led_to(spare, is_short):
    program = f"""
import resource
from fileq.errors import find_lack_of_memory
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {spare} * 2**20,) * 2)
lack = find_lack_of_memory()
print(lack is not None and lack.of_memory)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.strip() == str(is_short)
