"""The programs that a dead worker has left are ended, and nobody else's."""

import os
import subprocess

import pytest

from fileq.operations.programs.runner import OUTPUT_VARIABLE
from fileq.process.orphaned_processes import kill_programs


@pytest.mark.parametrize(
    ("output", "is_ended"),
    [("/out/.a.tmp.jpg", True), ("/out/.a.tmp/file", True), ("/out/.a.tmp2.jpg", False), ("/out/.b.tmp.jpg", False)],
)
def test_a_program_is_ended_that_writes_what_is_about_to_be_removed(output, is_ended):
    environment = os.environ | {OUTPUT_VARIABLE: output}
    with subprocess.Popen(["sleep", "60"], env=environment) as program:
        kill_programs(["/out/.a.tmp"])
        assert (program.poll() is not None) == is_ended
        program.kill()
