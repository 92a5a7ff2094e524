"""Files that fileq doesn't read, under a picture's name: each is told for what it is, and never for damaged."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any, NamedTuple

import imagecodecs
import numpy as np
import pytest
import tifffile

from fileq.errors import ErrorKind, JobError
from fileq.recipes.recipe import Output
from tests.support.images import failure, make, quarters, recipe
from tests.support.judges import convert, needs_imagemagick


class Refusal(NamedTuple):
    kind: ErrorKind
    message: str
    hint: str


def refusal(tmp_path, content: bytes, ending: str = "jpg", **keys) -> Refusal:
    """What is said of a file with this content, in words fit for a person."""
    source = tmp_path / f"x.{ending}"
    source.write_bytes(content)
    with pytest.raises(JobError) as caught:
        make(source, recipe(Output(name="o.png")), tmp_path / "out", **keys)
    error = caught.value
    assert error.message.startswith(f"{source} ")
    assert error.message.endswith(".")
    assert error.hint.endswith(".")
    assert "damaged" not in error.message
    return Refusal(error.kind, error.message, error.hint)


BY_IMAGEMAGICK = {
    "pcx": "PCX",
    "dcx": "DCX",
    "sgi": "SGI",
    "dds": "DDS",
    "xpm": "XPM",
    "xbm": "XBM",
    "sun": "Sun raster",
    "miff": "ImageMagick",
    "pam": "PAM",
    "pfm": "PFM",
    "hdr": "Radiance",
    "dpx": "DPX",
    "cin": "Cineon",
    "fits": "FITS",
    "mng": "MNG",
    "jng": "JNG",
    "pict": "PICT",
    "viff": "VIFF",
    "wbmp": "WBMP",
    "palm": "Palm",
    "jbig": "JBIG",
    "xwd": "X11",
    "avs": "AVS",
    "aai": "AAI",
    "mtv": "MTV",
    "otb": "OTB",
    "art": "First Publisher",
    "rgf": "Lego",
    "hrz": "HRZ",
    "pgx": "PGX",
    "pcl": "PCL",
    "sixel": "sixel",
    "cals": "CALS",
    "ipl": "IPLab",
    "pdb": "PDB",
    "cip": "Cisco",
}


@needs_imagemagick
@pytest.mark.parametrize("format_", BY_IMAGEMAGICK)
def test_a_picture_in_a_format_that_is_not_read_is_named(tmp_path, format_):
    quarters((40, 30)).save(tmp_path / "plain.png")
    convert(tmp_path / "plain.png", to=tmp_path / f"made.{format_}")
    said = refusal(tmp_path, (tmp_path / f"made.{format_}").read_bytes())
    assert said.kind == ErrorKind.UNSUPPORTED
    assert BY_IMAGEMAGICK[format_] in said.message
    assert "PNG" in said.hint


def pixels(dtype: str = "uint8", bands: int = 3) -> Any:
    values = np.asarray(quarters((40, 30))).astype(dtype)
    return np.ascontiguousarray(values if bands == 3 else values[..., 0])


BY_IMAGECODECS = {
    "JPEG XR": lambda: imagecodecs.jpegxr_encode(pixels()),
    "JPEG-LS": lambda: imagecodecs.jpegls_encode(pixels(bands=1)),
    "a JPEG with 12 bits a channel": lambda: imagecodecs.jpeg8_encode(pixels("uint16", 1) * 16, bitspersample=12),
    "a lossless JPEG with 12 bits a channel": lambda: imagecodecs.ljpeg_encode(
        pixels("uint16", 1) * 16, bitspersample=12
    ),
}


@pytest.mark.parametrize("name", BY_IMAGECODECS)
def test_a_relative_of_jpeg_that_no_decoder_takes_is_named(tmp_path, name):
    said = refusal(tmp_path, bytes(BY_IMAGECODECS[name]()))
    assert said.kind == ErrorKind.UNSUPPORTED
    assert name in said.message


def test_a_macos_icon_is_named(tmp_path):
    content = io.BytesIO()
    quarters((64, 64)).save(content, "ICNS")
    assert "ICNS" in refusal(tmp_path, content.getvalue()).message


PICTURES = {
    "CUR": b"\0\0\2\0\1\0\x20\x20" + bytes(60),
    "farbfeld": b"farbfeld" + bytes(16),
    "FLIF": b"FLIF31" + bytes(60),
    "BPG": b"BPG\xfb" + bytes(60),
    "Fujifilm RAF": b"FUJIFILMCCD-RAW 0201FF389501" + bytes(60),
    "Sigma X3F": b"FOVb" + bytes(60),
    "Canon CRW": b"II\x1a\0\0\0HEAPCCDR" + bytes(60),
    "Canon CR2": b"II*\0\x10\0\0\0CR\x02\0" + bytes(60),
    "Canon CR3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(60),
    "Minolta MRW": b"\0MRM" + bytes(60),
    "Panasonic RW2": b"IIU\0\x18\0\0\0" + bytes(60),
    "Olympus ORF": b"IIRO\x08\0\0\0" + bytes(60),
    "OpenEXR": b"\x76\x2f\x31\x01\x02\0\0\0" + bytes(60),
    "DICOM": bytes(128) + b"DICM" + bytes(60),
    "GIMP": b"gimp xcf v011\0" + bytes(60),
    "CorelDRAW": b"RIFF\x40\0\0\0CDRBvrsn" + bytes(60),
    "Affinity": b"\0\xffKA" + bytes(60),
    "EPS": b"\xc5\xd0\xd3\xc6" + bytes(60),
    "WMF": b"\xd7\xcd\xc6\x9a" + bytes(60),
    "EMF": b"\1\0\0\0" + bytes(36) + b" EMF\0" + bytes(60),
    "SVG": b"<?xml version='1.0'?>\n<!-- drawn by hand -->\n<svg xmlns='http://www.w3.org/2000/svg'/>",
    "SVG drawing": "\ufeff<svg xmlns='http://www.w3.org/2000/svg'/>".encode(),
}


@pytest.mark.parametrize("ending", ["jpg", "tga"])
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_other_programs_show_is_unsupported_and_named(tmp_path, name, ending):
    said = refusal(tmp_path, PICTURES[name], ending)
    assert said.kind == ErrorKind.UNSUPPORTED
    assert name in said.message
    assert "xport it as" in said.hint or "Save it as" in said.hint


def packed(name: str, content: str = "") -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(name, content)
    return archive.getvalue()


NO_PICTURES = {
    "a film (QuickTime)": b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(60),
    "a film (MP4)": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(60),
    "a film (MKV or WebM)": b"\x1a\x45\xdf\xa3" + bytes(60),
    "a film (AVI)": b"RIFF\x40\0\0\0AVI LIST" + bytes(60),
    "a sound": b"ID3\4" + bytes(60),
    "a ZIP archive": packed("IMG_0001.txt", "hello"),
    "an Office document": packed("[Content_Types].xml"),
    "an OpenDocument file": packed("mimetype", "application/vnd.oasis.opendocument.text"),
    "an old Office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60),
    "a web page": b"\r\n<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head><svg/></html>",
    "a JSON text": b'{"error": "not found"}',
    "an XML file": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "a picture written as text": b"data:image/png;base64,iVBORw0KGgoAAAANSUhEUg",
    "a text": "Liebes Tagebuch, heute schönes Wetter.".encode(),
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    "a program": b"\x7fELF\2\1\1" + bytes(60),
}


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_unreadable_and_named(tmp_path, name):
    said = refusal(tmp_path, NO_PICTURES[name])
    assert said.kind == ErrorKind.UNREADABLE
    assert name in said.message
    assert "viewer" not in said.hint


def test_what_nobody_knows_says_so(tmp_path):
    (tmp_path / "x.jpg").write_bytes(bytes(range(1, 200)))
    kind, message = failure(tmp_path / "x.jpg", recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNREADABLE
    assert "not a picture of a known format" in message


def test_a_file_of_nothing_but_zeros_says_so(tmp_path):
    said = refusal(tmp_path, bytes(9000))
    assert said.kind == ErrorKind.UNREADABLE
    assert "nothing but zeros" in said.message


@pytest.mark.parametrize(("width", "height"), [(40_000, 5), (18_000, 16_000)])
def test_an_avif_beyond_its_decoders_limit_says_both_numbers(tmp_path, width, height):
    content = io.BytesIO()
    quarters((64, 48)).save(content, "AVIF")
    patched = content.getvalue().replace(extent(64, 48), extent(width, height))
    said = refusal(tmp_path, patched, "avif", max_pixels=300_000_000)
    assert said.kind == ErrorKind.UNSUPPORTED
    assert f"{width * height:,} pixels ({width}x{height})" in said.message
    assert "268,435,456" in said.message


def extent(width: int, height: int) -> bytes:
    """The property of an item that names its size (ISO/IEC 23008-12, 6.5.3)."""
    return b"ispe\0\0\0\0" + width.to_bytes(4, "big") + height.to_bytes(4, "big")


@pytest.mark.parametrize("channels", [33, 60_000])
def test_a_tiff_of_very_many_channels_says_how_many_are_read(tmp_path, channels):
    content = io.BytesIO()
    tifffile.imwrite(content, np.zeros((4, 5, 33), "uint8"), photometric="minisblack", planarconfig="contig")
    tag = (277).to_bytes(2, "little") + b"\3\0\1\0\0\0"
    said = refusal(tmp_path, content.getvalue().replace(tag + b"\x21\0", tag + channels.to_bytes(2, "little")), "tif")
    assert said.kind == ErrorKind.UNSUPPORTED
    assert f"{channels:,} channels" in said.message


@pytest.mark.parametrize(
    ("version", "mode", "depth", "words"),
    [
        (2, 3, 8, "PSB"),
        (1, 3, 16, "RGB with 16 bits"),
        (1, 1, 32, "gray with 32 bits"),
        (1, 9, 16, "Lab"),
        (1, 0, 1, "bitmap with 1 bit"),
        (1, 7, 8, "multichannel with 8 bits"),
    ],
)
def test_a_photoshop_document_of_a_rare_kind_says_which(tmp_path, version, mode, depth, words):
    header = b"8BPS" + version.to_bytes(2, "big") + bytes(6) + struct.pack(">HIIHH", 3, 9, 9, depth, mode)
    said = refusal(tmp_path, header + bytes(14), "psd")
    assert said.kind == ErrorKind.UNSUPPORTED
    assert words in said.message
