"""Hosts on one machine: network namespaces with a cable each, host names and machine ids of their own. Takes root."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

LACKING = (
    ""
    if os.name == "posix" and os.getuid() == 0 and all(map(shutil.which, ("ip", "unshare")))
    else ("hosts of their own take root, ip and unshare")
)
"""Why there can be no such hosts here; "" where there can."""


FORWARDER = Path(__file__).with_name("forwarder.py")


class Host:
    """A host. `server` is the address by which it reaches this machine, `wrapper` what a command is begun with."""

    def __init__(self, folder: Path, number: int) -> None:
        self.name = f"host{number}"
        self._space = f"fq{os.getpid() % 10_000}-{number}"
        self._cable = f"fq{os.getpid() % 10_000}v{number}"
        net = f"10.{200 + os.getpid() % 50}.{number}"
        self.server, self.address = f"{net}.1", f"{net}.2"
        machine = folder / f"{self.name}.machine-id"
        machine.write_text(secrets.token_hex(16) + "\n")
        script = f'hostname {self.name}; mount --bind {machine} /etc/machine-id 2>/dev/null || true; exec "$@"'
        self.wrapper = ["ip", "netns", "exec", self._space, "unshare", "--uts", "--mount", "sh", "-c", script, "sh"]

    def begin(self) -> None:
        far = f"{self._cable}b"
        for command in (
            f"netns add {self._space}",
            f"link add {self._cable} type veth peer name {far}",
            f"link set {far} netns {self._space}",
            f"addr add {self.server}/30 dev {self._cable}",
            f"link set {self._cable} up",
            f"-n {self._space} addr add {self.address}/30 dev {far}",
            f"-n {self._space} link set {far} up",
            f"-n {self._space} link set lo up",
        ):
            _ip(command)

    def cut_off(self) -> None:
        _ip(f"link set {self._cable} down")

    def join(self) -> None:
        _ip(f"link set {self._cable} up")

    def end(self) -> None:
        with suppress(subprocess.CalledProcessError):
            _ip(f"link del {self._cable}")
        with suppress(subprocess.CalledProcessError):
            _ip(f"netns del {self._space}")


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True, capture_output=True)


@contextmanager
def hosts(folder: Path, count: int) -> Iterator[list[Host]]:
    """Have so many hosts while the block runs."""
    with ExitStack() as stack:
        made = [Host(folder, number) for number in range(1, count + 1)]
        for host in made:
            stack.callback(host.end)
            host.begin()
        yield made


@contextmanager
def listening(socket: str, *certificate: Path) -> Iterator[int]:
    """Let what comes to a port of all our addresses go to a server's socket while the block runs; give the port.

    With a `certificate`, its key, and perhaps that of who has to have signed the other's, it speaks TLS.
    """
    with subprocess.Popen(
        [sys.executable, FORWARDER, socket, *certificate], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


def freeze(process: subprocess.Popen[bytes], *, frozen: bool) -> None:
    """Stop a command with all that it has started, or let it go on."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGSTOP if frozen else signal.SIGCONT)
