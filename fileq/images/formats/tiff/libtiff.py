"""What libtiff says while Pillow decodes by it: errors on stderr, and warnings, which Pillow has it not say at all.

Behind a warning of a fax, of PackBits or of JPEG are pixels that libtiff has made up. Pillow takes the handler of
warnings away as each decoding begins. Then libtiff opens the file and calls a hook for tags of one's own
(TIFFSetTagExtender), and that sets the handler anew: no pixel is decoded twice. Where libtiff is linked into Pillow,
as on Windows, its functions can't be called, and its errors alone are known.
"""

from __future__ import annotations

import ctypes
import functools
import re
from typing import TYPE_CHECKING, Any

from PIL import _imaging

from fileq.images.decode.decoder_messages import collect_messages
from fileq.images.errors import DamagedContentError
from fileq.images.formats.tiff import checksums

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_FAX_OPTIONS, _BAD_FAX_LINES, _CLEAN_FAX_DATA = (292, 293), 326, 327  # tags
_BAD = 2  # of CleanFaxData
_UNCOMPRESSED = 2  # the bit of faxes' options for lines that are not coded, which nobody writes
_LONGEST = 1024  # bytes of a warning
_MOST = 100  # of them
_DAMAGE = re.compile(
    r"Fax3?\w*: (Premature EO|Line length mismatch|Bad code word|Uncompressed data)"
    r"|PackBitsDecode: "
    r"|(JPEGLib|LibJpeg): .*(premature end|bad Huffman code|bad arithmetic code)",
    re.IGNORECASE,
)
"""What is said of pixels in doubt. Other warnings are of tags, of old ways to write, and of bytes that are skipped."""

_Handler = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
_Hook = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
"""What libtiff calls with a warning, and with a file that it has opened."""

_warnings: list[str] = []  # of the last decoding: a process has one at a time


def has_bad_lines(tags: Any) -> bool:
    """Return whether a fax says that lines of it came damaged over the telephone, and stay so (RFC 2306, 2.2.4)."""
    return bool(tags.get(_CLEAN_FAX_DATA, _BAD if tags.get(_BAD_FAX_LINES) else 0) == _BAD)


def load(image: ImageFile) -> None:
    """Decode an image that Pillow has opened, as it does; a TIFF at the page that it is at.

    Raises what Pillow raises; DamagedContentError where libtiff has found damage, and gone on with what it made up, or
    where it hasn't found it; ValueError for what else it calls an error.
    """
    tile = image.tile[0] if image.tile else None
    if tile is None or tile.codec_name != "libtiff":
        image.load()
        return
    file, raw_mode = image.fp, str(tile.args[0])  # type: ignore[index]  # libtiff's: a tuple
    _load(image)
    checksums.check(image, file, image.tag_v2, raw_mode)  # type: ignore[attr-defined, arg-type]  # a TIFF's


def _load(image: ImageFile) -> None:
    _hear_warnings()
    _warnings.clear()
    failure = None
    with collect_messages() as errors:
        try:
            image.load()
        except OSError as error:
            failure = error
    if failure is not None and (failure.errno is not None or not errors):
        raise failure
    tags = image.tag_v2  # type: ignore[attr-defined]  # a TIFF's
    is_known = failure is None and has_bad_lines(tags)
    lines = [line for line in (*errors, *_warnings) if not (is_known and line.startswith("Fax3"))]
    damage = None if _has_uncompressed_lines(tags) else next(filter(_DAMAGE.match, lines), None)
    if damage is not None:
        raise DamagedContentError(damage) from failure
    if errors and not is_known:
        raise ValueError(errors[0]) from failure


def _has_uncompressed_lines(tags: Any) -> bool:
    return any(tags.get(tag, 0) & _UNCOMPRESSED for tag in _FAX_OPTIONS)


@functools.cache
def _hear_warnings() -> tuple[Any, ...]:
    """Have libtiff's warnings collected from now on, where its functions can be called.

    Returns what libtiff keeps the addresses of: it must not be freed.
    """
    try:
        libtiff = ctypes.CDLL(_imaging.__file__)  # whose functions are those that Pillow calls
        set_handler, set_hook = libtiff.TIFFSetWarningHandler, libtiff.TIFFSetTagExtender
        handler = _Handler(functools.partial(_collect, ctypes.CDLL(None).vsnprintf))
        hook = _Hook(lambda _: set_handler(handler) and None)
    except (AttributeError, OSError, MemoryError):  # no such function; no memory where a callback may lie
        return ()
    set_hook(hook)
    return handler, hook


def _collect(write: Any, module: bytes | None, text: bytes, arguments: int | None) -> None:
    """Take a warning; `write` is C's vsnprintf, and `arguments` its last, the address of a va_list."""
    line = ctypes.create_string_buffer(_LONGEST)
    write(line, ctypes.c_size_t(_LONGEST), text, ctypes.c_void_p(arguments))
    if len(_warnings) < _MOST:
        _warnings.append(f"{(module or b'').decode(errors='replace')}: {line.value.decode(errors='replace')}")
