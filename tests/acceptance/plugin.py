"""Operations that misbehave, installed as a plug-in is: a module, and a dist-info that names it."""

from pathlib import Path

MODULE = '''
import ctypes, time
from fileq.operations import Operation

class Crash(Operation):
    """Dies of a segmentation fault."""
    def apply(self, image):
        ctypes.string_at(0)

class Hang(Operation):
    """Sleeps for ever inside one C call that keeps the interpreter."""
    def apply(self, image):
        ctypes.PyDLL(None).sleep(1000)

class Gorge(Operation):
    """Eats memory."""
    def apply(self, image):
        eaten = []
        while True:
            eaten.append(b"x" * 2**24)
'''


def install(folder: Path) -> Path:
    """A folder for PYTHONPATH."""
    site = folder / "site"
    metadata = site / "misbehave-1.0.dist-info"
    metadata.mkdir(parents=True)
    (site / "misbehave.py").write_text(MODULE)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: misbehave\nVersion: 1.0\n")
    points = "".join(f"{name.lower()} = misbehave:{name}\n" for name in ("Crash", "Hang", "Gorge"))
    (metadata / "entry_points.txt").write_text(f"[fileq.operations]\n{points}")
    return site
