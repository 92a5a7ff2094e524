"""Whose end it is that ends the children: their parent's, and no other's."""

import subprocess
import sys
import textwrap

import psutil
import pytest
from PIL import Image

_RUN_AND_FORK = textwrap.dedent("""
    import os, signal, sys, time
    import fileq

    def fork_and_die(progress):
        ours = [process.pid for process in psutil.Process().children(recursive=True)]
        if len(ours) < 3:
            return  # the server of children, and Python's tracker: no child yet
        child = os.fork()
        if child == 0:
            time.sleep(600)
            os._exit(0)
        print(child, *ours, flush=True)
        sys.stdin.readline()
        os.kill(os.getpid(), signal.SIGKILL)

    if __name__ == "__main__":
        import psutil
        with fileq.connect(sys.argv[1]) as queue:
            queue.run(["a.jpg"], "avif", workers=1, progress=fork_and_die)
""")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_job_processes_end_with_their_parent_though_another_child_of_it_lives_on(tmp_path):
    """Such as a web server's worker, forked by a process that has done jobs before."""
    Image.new("RGB", (8000, 6000), "teal").save(tmp_path / "a.jpg")
    (tmp_path / "script.py").write_text(_RUN_AND_FORK)
    command = [sys.executable, "script.py", str(tmp_path / "fileq.db")]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        sleeper, *workers = [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]
        workers = [process for process in workers if not any("resource_tracker" in word for word in process.cmdline())]
        assert len(workers) >= 2, "the server of children, and a child"
        process.stdin.close()
        process.wait(60)
    try:
        _, alive = psutil.wait_procs(workers, timeout=60)
        assert alive == []
        assert sleeper.is_running()
    finally:
        sleeper.kill()
