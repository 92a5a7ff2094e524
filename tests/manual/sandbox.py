"""A folder in which the commands of documents are run: with pictures of all kinds, and stand-ins for programs."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from PIL import Image

from tests.acceptance.program import PATIENCE, kill_group
from tests.support.photos import write

HEIC = Path(__file__).parents[1] / "images" / "quarters.heic"

_PROGRAM = f'#!/bin/sh\nexec "{sys.executable}" -m fileq "$@"\n'
_STAND_INS = {
    # Copies what follows -i to the last argument.
    "ffmpeg": '#!/bin/sh\nfor last; do :; done\nwhile [ "$1" != -i ]; do shift; done\ncp "$2" "$last"\n',
    "exiftool": "#!/bin/sh\nexit 0\n",
    "oxipng": '#!/bin/sh\nwhile [ $# -gt 2 ]; do case "$1" in */*) in="$1" ;; esac; shift; done\ncp "$in" "$2"\n',
}


class Sandbox:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        programs = folder / ".bin"
        programs.mkdir(parents=True)
        for name, text in {"fileq": _PROGRAM, **_STAND_INS}.items():
            if name == "fileq" or shutil.which(name) is None:
                (programs / name).write_text(text)
                (programs / name).chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FILEQ_", "XDG_"))}
        self.environment = kept | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HOME": str(folder / ".home"),
            "FILEQ_DATABASE": str(folder / ".state.db"),
            "NO_COLOR": "1",
        }

    def fill(self) -> None:
        """Put photos, pictures of a phone, scans, a logo and a file that takes the part of a video there."""
        write(self.folder / "photos", 4, (320, 240))
        for name in ("phone", "scans", "videos", "inbox", ".home"):
            (self.folder / name).mkdir()
        shutil.copy(HEIC, self.folder / "phone" / "IMG_0007.HEIC")
        page = Image.linear_gradient("L")
        page.save(self.folder / "scans" / "letter.tif", save_all=True, append_images=[page])
        (self.folder / "videos" / "holiday.mov").write_bytes(b"a film" * 99)
        Image.new("RGBA", (60, 20), (255, 0, 0, 128)).save(self.folder / "logo.png")

    def config(self, text: str) -> None:
        """Add tables to the config of the folder, and trust it."""
        path = self.folder / "fileq.toml"
        known = path.read_text("utf-8") if path.exists() else ""
        if text not in known:
            path.write_text(f"{known}\n{text}", "utf-8")
        assert self.run("fileq trust")[0] == 0

    def run(self, script: str) -> tuple[int, str]:
        """Run lines as a shell does, up to the first that fails. Returns its exit code, and all that was said."""
        process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                kill_group(process)
        return process.returncode, said.decode("utf-8", "replace")
