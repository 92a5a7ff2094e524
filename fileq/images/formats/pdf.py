"""PDF pages as pictures, drawn by PDFium at the size that is wanted: Pillow's plug-in for the extra `fileq[pdf]`."""

from __future__ import annotations

import importlib
import math
from typing import Any

from PIL import Image, ImageFile

PAGE_DPI = 300
"""Dots per inch of a page in full size: what print takes, and 2480x3508 pixels for A4."""

_HEADER_WITHIN = 1024  # bytes: readers allow something before it (PDF 1.7, appendix H)
_POINTS = 72  # to the inch
_ROUNDING = 0.01  # of a pixel: what a density that came through another format may be off
_PASSWORD = 4  # PDFium's number for "it takes a password" (FPDF_ERR_PASSWORD)


class PasswordError(ValueError):
    """The document can't be opened without a password."""


class PdfImageFile(ImageFile.ImageFile):
    """A document, its pages as frames. `draft` chooses the size that the next load draws the page at."""

    format = "PDF"
    format_description = "Pages of a PDF document"

    def _open(self) -> None:
        assert self.fp is not None
        if b"%PDF-" not in self.fp.read(_HEADER_WITHIN):
            raise SyntaxError("no PDF document")  # Pillow's word for: ask the next plug-in
        self.fp.seek(0)
        self._document = _open_document(self.fp)
        self.n_frames = len(self._document)
        self.is_animated = self.n_frames > 1
        self._mode = "RGB"
        self.info["dpi"] = (PAGE_DPI, PAGE_DPI)
        self.seek(0)

    def seek(self, frame: int) -> None:
        self._page = self._document[frame]
        self._size = _in_pixels(self._page.get_size())
        if self.width * self.height > 2 * (Image.MAX_IMAGE_PIXELS or math.inf):
            raise Image.DecompressionBombError(f"page {frame + 1} has {self.width}x{self.height} pixels")
        self._im = None

    def draft(self, mode: str | None, size: tuple[int, int] | None) -> tuple[str, tuple[int, int, float, float]] | None:
        """Have the page drawn in exactly `size` pixels, if that is smaller."""
        del mode
        if size is not None and size[0] <= self.width and size[1] <= self.height:
            self._size = size
        return None

    def load(self) -> Any:
        if self._im is None:
            _check_jpegs(self._page)
            self.im = _draw_page(self._page, self.size).im
        return Image.Image.load(self)

    def close(self) -> None:
        self._document.close()
        super().close()

    def __exit__(self, *args: object) -> None:
        self._document.close()
        super().__exit__(*args)


def register_pdf_plugin() -> None:
    """Let Pillow open PDF documents by PdfImageFile."""
    Image.register_open(PdfImageFile.format, PdfImageFile)


def _open_document(file: Any) -> Any:
    pdfium = importlib.import_module("pypdfium2")
    try:
        document = pdfium.PdfDocument(file)
        document.init_forms()
    except pdfium.PdfiumError as error:
        if error.err_code == _PASSWORD:
            raise PasswordError("it takes a password") from error
        raise
    return document


def _in_pixels(points: tuple[float, float]) -> tuple[int, int]:
    width, height = (max(1, math.ceil(side * PAGE_DPI / _POINTS - _ROUNDING)) for side in points)
    return width, height


def _check_jpegs(page: Any) -> None:
    """Raise ValueError where a JPEG on the page is damaged: PDFium draws what libjpeg makes of it, and says nothing."""
    from fileq.images.decode.jpeg import check_coded_pixels  # noqa: PLC0415  # it takes 0.1 s

    raw = importlib.import_module("pypdfium2").raw
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        if picture.get_filters(skip_simple=True) == ["DCTDecode"]:
            check_coded_pixels(bytes(picture.get_data(decode_simple=True)))


def _draw_page(page: Any, size: tuple[int, int]) -> Image.Image:
    """Return the page on white paper in `size` pixels, with its annotations and what was written into its forms."""
    pdfium = importlib.import_module("pypdfium2")
    raw = pdfium.raw
    bitmap = pdfium.PdfBitmap.new_native(*size, raw.FPDFBitmap_BGR, rev_byteorder=True)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
    place = (bitmap, page, 0, 0, *size, 0, raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER)
    raw.FPDF_RenderPageBitmap(*place)
    if page.formenv:
        raw.FPDF_FFLDraw(page.formenv, *place)
    drawn: Image.Image = bitmap.to_pil()
    return drawn.copy()  # the bitmap's own memory goes with it
