import pytest

from fileq.images import codecs
from fileq.images.encoder import PILLOW_NAMES
from fileq.recipes import formats


@pytest.mark.parametrize("codec", ["jxl", "pdf", "heic", "avif", "webp"])
def test_what_is_installed_is_no_problem(codec):
    assert codecs.codec_problem(codec) is None


def test_only_what_can_be_written_is_asked_for():
    assert set(codecs.WRITE_CODECS) <= set(PILLOW_NAMES) == set(formats.EXTENSIONS)


def test_a_font_that_is_not_there_is_named(tmp_path):
    assert codecs.font_problem(str(tmp_path / "no.ttf")).startswith(f"the font {tmp_path}/no.ttf can't be opened")


def test_a_font_file_that_is_there_is_no_problem(tmp_path):
    from io import BytesIO

    from PIL import ImageFont

    own = ImageFont.load_default(12).path
    content = own.getvalue() if isinstance(own, BytesIO) else own.read()
    (tmp_path / "own.ttf").write_bytes(content)
    assert codecs.font_problem(str(tmp_path / "own.ttf")) is None
