"""The first bytes of files that fileq doesn't read, and whose they are.

A table of its own, where libmagic and its like have thousands of rows: they answer in words for programmers ("data",
"ISO Media"), take drawings for text, and don't say what to do. What lies under a picture's name is in here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fileq.images.recognition.families import Family, FileType

if TYPE_CHECKING:
    from collections.abc import Iterator


class Signature(NamedTuple):
    """Bytes at one place of a file."""

    content: bytes
    at: int = 0


_Signatures = dict[str, tuple[bytes | Signature, ...]]
"""By what they are the signature of; those that are bytes alone stand at the beginning of the file."""

_PICTURES: _Signatures = {
    "a DDS texture": (b"DDS ",),
    "a KTX texture": (b"\xabKTX 11", b"\xabKTX 20"),
    "a PowerVR texture": (b"PVR\x03",),
    "an ASTC texture": (b"\x13\xab\xa1\x5c",),
    "a Valve texture (VTF)": (b"VTF\0",),
    "a Blizzard texture (BLP)": (b"BLP1", b"BLP2"),
    "a Silicon Graphics picture (SGI)": tuple(bytes((1, 0xDA, packed, depth)) for packed in (0, 1) for depth in (1, 2)),
    "a macOS icon (ICNS)": (b"icns",),
    "a Windows cursor (CUR)": tuple(b"\0\0\2\0" + bytes((count, 0)) for count in range(1, 32)),
    "a PCX picture": tuple(bytes((10, version, packed)) for version in (0, 2, 3, 4, 5) for packed in (0, 1)),
    "a PCX picture of several pages (DCX)": (b"\xb1\x68\xde\x3a",),
    "a PAM picture of Netpbm": (b"P7\nWIDTH", b"P7\nHEIGHT", b"P7\nDEPTH", b"P7\nMAXVAL", b"P7\nTUPLTYPE", b"P7\n#"),
    "a small XV picture": (b"P7 332",),
    "a farbfeld picture": (b"farbfeld",),
    "a FLIF picture": (b"FLIF",),
    "a BPG picture": (b"BPG\xfb",),
    "a JPEG XR picture": (b"II\xbc\x01", b"II\xbc\0"),
    "an MNG animation": (b"\x8aMNG",),
    "a JNG picture": (b"\x8bJNG",),
    "a Sun raster picture": (b"\x59\xa6\x6a\x95",),
    "a MIFF picture of ImageMagick": (b"id=ImageMagick",),
    "a GD picture": (b"gd2\0",),
    "an Amiga picture (ILBM)": tuple(
        Signature(name, 8) for name in (b"ILBM", b"PBM ", b"ACBM", b"RGB8", b"RGBN", b"DEEP", b"ANIM")
    ),
    "a PICT of an old Macintosh": (Signature(b"\0\x11\x02\xff\x0c\0", 522),),
    "a DjVu document": (b"AT&TFORM",),
    "a Photo CD picture": (Signature(b"PCD_IPI", 2048),),
    "an X pixmap (XPM)": (b"/* XPM", b"! XPM2"),
    "a FLIC animation": (Signature(b"\x11\xaf", 4), Signature(b"\x12\xaf", 4)),
    "a Softimage picture": (b"\x53\x80\xf6\x34",),
    "a Utah RLE picture": (b"\x52\xcc",),
    "a VIFF picture of Khoros": (b"\xab\x01",),
    "a PGX channel of JPEG 2000": (b"PG ML", b"PG LM"),
    "a page for printers (PCL)": (b"\x1bE\x1b", b"\x1b*", b"\x1b&l"),
    "a sixel picture of terminals": (b"\x1bP",),
    "a CALS raster": (b"srcdocid:", b"rorient:"),
    "an IPLab picture": (b"iiii\x04\0\0\0", b"mmmm\0\0\0\x04"),
    "a picture of Palm's databases (PDB)": (Signature(b"vIMGView", 60),),
    "a pixel cache of ImageMagick (MPC)": (b"id=MagickPixelCache", b"id=MagickCache"),
    "a picture for Cisco's phones (CIP)": (b"<CiscoIPPhoneImage",),
    "a JBIG2 picture": (b"\x97JB2",),
    "a Microsoft Paint picture (MSP)": (b"DanM", b"LinS"),
    "a MrSID picture": (b"msid",),
    "a NITF picture": (b"NITF", b"NSIF"),
    "an animated Windows cursor (ANI)": (Signature(b"ACON", 8),),
    "a KRO picture": (b"KRO\x01",),
    "a Pictor picture": (b"\x34\x12",),
    "an Interleaf picture": (b"\x89OPS",),
    "a QuickTime picture": (Signature(b"idsc", 4), Signature(b"idat", 4)),
    "a picture of libvips": (b"\x08\xf2\xa6\xb6", b"\xb6\xa6\xf2\x08"),
    "a VICAR picture": (b"LBLSIZE=",),
    "a brush of GIMP": (Signature(b"GIMP", 20),),
    "a pattern of GIMP": (Signature(b"GPAT", 20),),
    "a Motion JPEG 2000 film": (Signature(b"ftypmjp2", 16),),
    "a compound document in JPEG 2000 (JPM)": (Signature(b"ftypjpm ", 16),),
}

_HIGH_RANGES: _Signatures = {
    "an OpenEXR picture": (b"\x76\x2f\x31\x01",),
    "a Radiance picture (HDR)": (b"#?RADIANCE", b"#?RGBE"),
    "a portable float map (PFM) in color": (b"PF\n", b"PF ", b"PF\r"),
    "a DPX film frame": (b"SDPX", b"XPDS"),
    "a Cineon film frame": (b"\x80\x2a\x5f\xd7", b"\xd7\x5f\x2a\x80"),
}

_RAWS: _Signatures = {
    "Fujifilm RAF": (b"FUJIFILMCCD-RAW",),
    "Sigma X3F": (b"FOVb",),
    "Canon CRW": (Signature(b"HEAPCCDR", 6),),
    "Canon CR2": (Signature(b"CR\x02", 8),),
    "Minolta MRW": (b"\0MRM",),
    "Panasonic RW2": (b"IIU\0",),
    "Olympus ORF": (b"IIRO", b"IIRS", b"MMOR"),
    "Phase One IIQ": (Signature(b"IIIITwaR", 8), Signature(b"MMMMRawT", 8)),
    "ARRIRAW": (b"ARRI\x12\x34\x56\x78",),
}

_DRAWINGS: _Signatures = {
    "an EPS drawing": (b"\xc5\xd0\xd3\xc6",),
    "a Windows metafile (WMF)": (b"\xd7\xcd\xc6\x9a", b"\x01\0\x09\0\0\x03", b"\x02\0\x09\0\0\x03"),
    "a Windows metafile (EMF)": (Signature(b" EMF\0", 40),),
    "a WordPerfect drawing (WPG)": (b"\xffWPC",),
    "an Xfig drawing": (b"#FIG ",),
    "an AutoCAD drawing (DWG)": (b"AC10",),
}

_PROJECTS: _Signatures = {
    "a GIMP project (XCF)": (b"gimp xcf",),
    "a CorelDRAW document (CDR)": (Signature(b"CDR", 8),),
    "an InDesign document": (b"\x06\x06\xed\xf5\xd8\x1d\x46\xe5",),
    "an Affinity document": (b"\0\xffKA",),
    "a Paint.NET picture": (b"PDN3",),
    "a PaintShop Pro picture": (b"Paint Shop Pro Image File",),
    "a Clip Studio picture": (b"CSFCHUNK",),
    "a Blender scene": (b"BLENDER",),
}

_SCIENCES: _Signatures = {
    "a DICOM file": (Signature(b"DICM", 128),),
    "a FITS file": (b"SIMPLE  =",),
    "an HDF5 file": (b"\x89HDF\r\n",),
    "a GRIB file": (b"GRIB",),
    "a NIfTI file": (Signature(b"n+1\0", 344), Signature(b"ni1\0", 344)),
    "a MATLAB file": (b"MATLAB 5.0",),
}

_FILMS: _Signatures = {
    "a film (QuickTime)": tuple(Signature(name, 4) for name in (b"moov", b"mdat", b"wide", b"pnot", b"skip")),
    "a film (MKV or WebM)": (b"\x1a\x45\xdf\xa3",),
    "a film (AVI)": (Signature(b"AVI ", 8),),
    "a film (MPEG)": (b"\0\0\x01\xba", b"\0\0\x01\xb3"),
    "a film (FLV)": (b"FLV\x01",),
    "a film (WMV)": (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",),
    "a Flash film": (b"FWS", b"CWS", b"ZWS"),
}

_ARCHIVES: _Signatures = {
    "a RAR archive": (b"Rar!\x1a\x07",),
    "a 7z archive": (b"7z\xbc\xaf\x27\x1c",),
    "a file packed by gzip": (b"\x1f\x8b\x08",),
    "a file packed by bzip2": (b"BZh",),
    "a file packed by xz": (b"\xfd7zXZ\0",),
    "a file packed by zstd": (b"\x28\xb5\x2f\xfd",),
    "a tar archive": (Signature(b"ustar", 257),),
}

_DOCUMENTS: _Signatures = {
    "an old Office document, or another of its kind": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
    "a Rich Text document": (b"{\\rtf",),
}

_OTHERS: _Signatures = {
    "a sound": (b"ID3", b"fLaC", Signature(b"WAVE", 8), Signature(b"AIFF", 8), b"\xff\xfb", b"\xff\xf3", b"#!AMR"),
    "a sound or film (Ogg)": (b"OggS",),
    "a program": (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"),
    "a font": (b"OTTO", b"wOFF", b"wOF2", b"\0\x01\0\0\0", b"true\0"),
    "a database": (b"SQLite format 3\0",),
    "a macOS file of attributes": (b"\0\x05\x16\x07",),
    "a property list of macOS": (b"bplist00",),
    "a Windows shortcut": (b"L\0\0\0\x01\x14\x02\0",),
    "the metadata of a picture (Exiv2)": (b"\xff\x01Exiv2",),
    "a color profile": (Signature(b"acsp", 36),),
    "a Photoshop file of brushes or colors": (b"8BGR", b"8BCB", b"8BIM"),
}

_FAMILIES: dict[Family, _Signatures] = {
    Family.PICTURE: _PICTURES,
    Family.HIGH_RANGE: _HIGH_RANGES,
    Family.RAW: _RAWS,
    Family.DRAWING: _DRAWINGS,
    Family.PROJECT: _PROJECTS,
    Family.SCIENCE: _SCIENCES,
    Family.FILM: _FILMS,
    Family.ARCHIVE: _ARCHIVES,
    Family.DOCUMENT: _DOCUMENTS,
    Family.OTHER: _OTHERS,
}


def _rows() -> Iterator[tuple[Signature, FileType]]:
    for family, names in _FAMILIES.items():
        for name, signatures in names.items():
            for signature in signatures:
                yield Signature(signature) if isinstance(signature, bytes) else signature, FileType(family, name)


_TABLE = tuple(_rows())
_CONTENTS = {
    place: tuple(signature.content for signature, _ in _TABLE if signature.at == place)
    for place in {signature.at for signature, _ in _TABLE}
}
"""All that may stand at a place of the file."""


def find_signature(start: bytes) -> FileType | None:
    """Return the type of a file that begins with `start` by its signature; None where it has none of these."""
    may_match = any(start.startswith(contents, place) for place, contents in _CONTENTS.items())
    if not may_match:  # as of all pictures: each file comes by here
        return None
    return next(file_type for signature, file_type in _TABLE if start.startswith(signature.content, signature.at))
