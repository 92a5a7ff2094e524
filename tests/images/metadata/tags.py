"""Files full of tags, by exiftool; and what exiftool finds in others."""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from PIL import Image

from fileq.images.formats.optional_codecs import register_jpeg_xl
from tests.support.images import photo
from tests.support.judges import is_there

needs_exiftool = is_there(shutil.which("exiftool"), "libimage-exiftool-perl")

ENDINGS = ["jpg", "png", "webp", "avif", "tif", "jxl", "gif"]
_TAKEN = "2026:05:17 10:20:30"

CREDITS = {
    "XMP-dc:Creator": "Zoe", "XMP-dc:Rights": "CopyZoe", "XMP-xmpRights:UsageTerms": "TermsZoe",
    "XMP-xmpRights:WebStatement": "https://zoe.example/licence", "XMP-photoshop:Credit": "CreditZoe",
    "XMP-photoshop:Source": "SourceZoe", "XMP-cc:License": "https://cc.example", "XMP-plus:LicensorName": "LicensorZoe",
    "XMP-iptcCore:CreatorWorkEmail": "zoe@zoe.example", "XMP-iptcCore:CreatorWorkURL": "https://zoe.example",
}  # fmt: skip
CAMERA = {
    "EXIF:Make": "Acme", "EXIF:Model": "Cam 5", "EXIF:LensModel": "Lens 50", "EXIF:DateTimeOriginal": _TAKEN,
    "EXIF:FNumber": "2.8",
}  # fmt: skip
CAMERA_BY_XMP = {
    "XMP-tiff:Make": "Acme", "XMP-tiff:Model": "Cam 5", "XMP-aux:Lens": "Lens 50", "XMP-exif:DateTimeOriginal": _TAKEN,
    "XMP-exifEX:LensModel": "Lens 50", "XMP-xmp:CreateDate": _TAKEN, "XMP-photoshop:DateCreated": "2026:05:17",
}  # fmt: skip
_SECRETS = {
    "EXIF:SerialNumber": "", "EXIF:LensSerialNumber": "", "EXIF:OwnerName": "", "EXIF:UserComment": "",
    "EXIF:ImageDescription": "", "EXIF:HostComputer": "", "EXIF:ImageUniqueID": "00112233445566778899aabbccddeeff",
    "EXIF:XPComment": "", "EXIF:CameraSerialNumber": "", "EXIF:DocumentName": "", "EXIF:PageName": "",
    "EXIF:GPSLatitude": "48.85", "EXIF:GPSLatitudeRef": "N", "EXIF:GPSLongitude": "2.35", "EXIF:GPSLongitudeRef": "E",
    "EXIF:GPSAreaInformation": "",
    "IPTC:City": "", "IPTC:Keywords": "", "IPTC:Caption-Abstract": "", "IPTC:Sub-location": "",
    "XMP-exif:GPSLatitude": "48.85", "XMP-exif:GPSLongitude": "2.35", "XMP-exif:GPSAreaInformation": "",
    "XMP-photoshop:City": "", "XMP-photoshop:State": "", "XMP-photoshop:Country": "", "XMP-iptcCore:Location": "",
    "XMP-iptcExt:LocationShownCity": "", "XMP-iptcExt:LocationCreatedCity": "", "XMP-iptcExt:PersonInImage": "",
    "XMP-aux:SerialNumber": "", "XMP-aux:OwnerName": "", "XMP-aux:LensSerialNumber": "", "XMP-aux:ImageNumber": "4711",
    "XMP-exifEX:SerialNumber": "", "XMP-exifEX:CameraOwnerName": "", "XMP-exif:UserComment": "",
    "XMP-dc:Subject": "", "XMP-dc:Description": "", "XMP-dc:Title": "", "XMP-xmpMM:DocumentID": "",
    "XMP-mwg-rs:RegionName": "", "XMP-xmp:CreatorTool": "",
}  # fmt: skip
SECRET_GROUPS = ("GPS", "IFD1", "MakerNotes")


class ExifTool:
    """A process that is asked again and again: Perl and the tables take longer to load than a picture to read."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["exiftool", "-stay_open", "True", "-@", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, *arguments: str) -> str:
        """Return what it says to these arguments, none of which has a line break."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        end = "ended with "  # -q leaves out the usual mark
        order = [*arguments, "-echo3", end + "${status}", "-execute"]
        self._process.stdin.write("".join(f"{argument}\n" for argument in order))
        self._process.stdin.flush()
        said: list[str] = []
        for line in self._process.stdout:
            if line.startswith(end):
                assert line.strip() == f"{end}0", (arguments, said)
                return "".join(line for line in said if line != "{ready}\n")
            said.append(line)
        raise AssertionError(f"exiftool has ended: {said}")

    def close(self) -> None:
        self._process.communicate("-stay_open\nFalse\n")


@functools.cache
def exiftool() -> ExifTool:
    """Return this process's own."""
    made = ExifTool()
    atexit.register(made.close)
    return made


def secret_of(number: int) -> str:
    return f"sEcReT{number}x"


def full_of_tags(path: Path, credits_of: str = "XMP-") -> Path:
    """A picture with all tags that exiftool can write in its format, the credits in one kind of metadata."""
    register_jpeg_xl()
    picture = photo((120, 80))
    (picture.quantize(32) if path.suffix == ".gif" else picture).save(path)
    secrets = {tag: value or secret_of(number) for number, (tag, value) in enumerate(_SECRETS.items())}
    tags = {tag: value for tag, value in CREDITS.items() if tag.startswith(credits_of)}
    write_tags(path, tags | CAMERA | CAMERA_BY_XMP | secrets)
    if path.suffix == ".jpg":
        small = path.with_name("thumbnail.jpg")
        photo((40, 30)).save(small)
        exiftool().ask("-q", "-overwrite_original", f"-ThumbnailImage<={small}", str(path))
    return path


def write_tags(path: Path, tags: dict[str, str]) -> None:
    arguments = [f"-{tag}={value}" for tag, value in tags.items()]
    exiftool().ask("-q", "-q", "-m", "-overwrite_original", *arguments, str(path))


def tags_of(path: Path) -> dict[str, Any]:
    """Everything that exiftool finds in a file, also what it knows no name for."""
    found: dict[str, Any] = json.loads(exiftool().ask("-json", "-a", "-u", "-U", "-ee", "-G1", "-struct", str(path)))[0]
    return {tag: value for tag, value in found.items() if not tag.startswith(("System:", "File:", "ExifTool:"))}


def as_text(tags: dict[str, Any]) -> str:
    return json.dumps(tags)


def reopened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image
