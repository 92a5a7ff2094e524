"""A real terminal of a given size, in which a command runs: what it writes comes back as bytes."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import time


class Terminal:
    """A pseudo terminal of so many columns and 24 rows, for a process's stdout and stderr."""

    def __init__(self, columns=80):
        self._ours, self._theirs = pty.openpty()
        self.resize(columns)
        self.written = b""

    def resize(self, columns, rows=24):
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def start(self, arguments, **options):
        """Return the process that runs in the terminal."""
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=self._theirs, stderr=self._theirs, start_new_session=True,
            **options,
        )  # fmt: skip
        os.close(self._theirs)
        os.set_blocking(self._ours, False)
        return process

    def read(self):
        """Return all that was written up to now."""
        while True:
            try:
                part = os.read(self._ours, 65536)
            except BlockingIOError:
                return self.written.decode(errors="replace")
            except OSError:  # nobody has it open any more
                return self.written.decode(errors="replace")
            if not part:
                return self.written.decode(errors="replace")
            self.written += part

    def read_to_end(self, process, patience=120.0):
        """Return all that a process wrote until it ended."""
        deadline = time.monotonic() + patience
        while process.poll() is None:
            assert time.monotonic() < deadline, self.read()
            self.read()
            time.sleep(0.01)
        return self.read()

    def close(self):
        os.close(self._ours)
