"""Every source that can't be made into outputs says why, in the right kind."""

from __future__ import annotations

import errno
import os
import resource
import struct
import zlib

import pytest
from PIL import Image, ImageCms, UnidentifiedImageError

from fileq.errors import ErrorKind, JobError
from fileq.files.directory import Directory
from fileq.files.directory import open_directory as opened_folder
from fileq.files.temp_file import TempFile, new_temp_file
from fileq.images.errors import translate_decode_errors, translate_encode_errors
from fileq.images.pipeline import open_run
from fileq.images.protocol import Reservation
from fileq.operations.base import Operation
from fileq.operations.builtin.resize import Resize
from fileq.recipes.recipe import Output
from fileq.units import ByteSize, Dimensions
from tests.support.images import failure, make, photo, pipeline_request, quarters, recipe


def test_a_source_that_is_gone_is_missing(tmp_path):
    assert failure(tmp_path / "x.jpg", recipe(), tmp_path / "out")[0] == ErrorKind.MISSING


def test_a_folder_is_unreadable(tmp_path):
    (tmp_path / "x.jpg").mkdir()
    kind, message = failure(tmp_path / "x.jpg", recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNREADABLE
    assert "not a regular file" in message


def test_a_pipe_is_unreadable_and_nobody_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "x.jpg")
    assert failure(tmp_path / "x.jpg", recipe(), tmp_path / "out")[0] == ErrorKind.UNREADABLE


def test_an_empty_file_is_unreadable(tmp_path):
    (tmp_path / "x.jpg").touch()
    kind, message = failure(tmp_path / "x.jpg", recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNREADABLE
    assert "is empty" in message


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "gif", "bmp", "avif", "jp2", "tga", "ppm"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_picture_that_is_cut_off_is_unreadable(tmp_path, ending, share):
    whole = tmp_path / f"whole.{ending}"
    photo((400, 300)).save(whole)
    source = tmp_path / f"x.{ending}"
    source.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    assert failure(source, recipe(Output(name="o.png")), tmp_path / "out")[0] == ErrorKind.UNREADABLE


def test_a_truncated_jpeg_is_said_to_be_cut_off_also_when_it_is_reduced(tmp_path):
    photo((1600, 1200)).save(tmp_path / "whole.jpg")
    source = tmp_path / "x.jpg"
    source.write_bytes((tmp_path / "whole.jpg").read_bytes()[:-5000])
    small = Resize(fit=Dimensions(100, 100))
    kind, message = failure(source, recipe(steps=(small,)), tmp_path / "out")
    assert kind == ErrorKind.UNREADABLE
    assert "cut off" in message


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "gif", "tif", "avif"])
def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path, ending):
    quarters((200, 100)).save(tmp_path / f"x.{ending}")
    kind, message = failure(tmp_path / f"x.{ending}", recipe(), tmp_path / "out", max_pixels=19_999)
    assert kind == ErrorKind.TOO_LARGE
    assert "max_pixels" in message


def test_as_many_pixels_as_allowed_are_taken(tmp_path):
    quarters((200, 100)).save(tmp_path / "x.png")
    with pytest.raises(AssertionError, match="it went well"):
        failure(tmp_path / "x.png", recipe(), tmp_path / "out", max_pixels=20_000)


@pytest.mark.parametrize("changes", [{"size": 7}, {"mtime_ns": 7}])
def test_a_source_that_changed_since_it_was_added_is_not_processed(tmp_path, changes):
    quarters().save(tmp_path / "x.png")
    kind, message = failure(tmp_path / "x.png", recipe(), tmp_path / "out", **changes)
    assert kind == ErrorKind.CHANGED
    assert "has changed" in message


def test_more_than_a_format_has_room_for_is_unsupported(tmp_path):
    Image.new("L", (17000, 2)).save(tmp_path / "x.png")
    kind, message = failure(tmp_path / "x.png", recipe(Output(name="o.webp")), tmp_path / "out")
    assert kind == ErrorKind.UNSUPPORTED
    assert "16383" in message


@pytest.mark.parametrize("name", ["o.png", "o.jpg"])
def test_bytes_that_no_quality_meets_are_unsupported(tmp_path, name):
    photo((300, 200)).save(tmp_path / "x.png")
    output = Output(name=name, max_bytes=ByteSize(500))
    kind, message = failure(tmp_path / "x.png", recipe(output), tmp_path / "out")
    assert kind == ErrorKind.UNSUPPORTED
    assert "max_bytes" in message


PILLOW_RAISES = [
    SyntaxError("broken PNG file"),
    EOFError("no more frames"),
    ValueError("unknown mode"),
    IndexError("out of range"),
    KeyError("unrecognized"),
    TypeError("an integer is required"),
    AttributeError("tile"),
    AssertionError(),
    OverflowError("too large"),
    RuntimeError("decoder gave up"),
    ZeroDivisionError("division by zero"),
    struct.error("unpack requires a buffer of 4 bytes"),
    zlib.error("incorrect header check"),
    ImageCms.PyCMSError("cannot build transform"),
    UnidentifiedImageError("cannot identify image file"),
    OSError("image file is truncated (4 bytes not processed)"),
    OSError("broken data stream when reading image file"),
    OSError("unrecognized data stream contents when reading image file"),
]


@pytest.mark.parametrize(
    "error",
    [
        NotImplementedError("Pixel format has not been implemented"),
        OSError("Unsupported BMP pixel depth (7)"),
        ValueError("subsampling not supported"),
    ],
)
def test_what_a_decoder_has_no_way_to_read_is_not_called_damaged(error):
    with pytest.raises(JobError) as read, translate_decode_errors("/photos/x.jpg"):
        raise error
    assert read.value.kind == ErrorKind.UNSUPPORTED
    assert "damaged" not in read.value.message


@pytest.mark.parametrize("error", PILLOW_RAISES, ids=lambda error: f"{type(error).__name__}")
def test_whatever_pillow_raises_on_a_source_is_unreadable_and_on_an_output_unsupported(tmp_path, error):
    with pytest.raises(JobError) as read, translate_decode_errors("/photos/x.jpg"):
        raise error
    assert read.value.kind == ErrorKind.UNREADABLE
    assert "/photos/x.jpg" in read.value.message
    with (
        opened_folder(str(tmp_path)) as folder,
        new_temp_file(folder, "x.tmp", 0o600) as temp,
        pytest.raises(JobError) as written,
        translate_encode_errors(temp),
    ):
        raise error
    assert written.value.kind == ErrorKind.UNSUPPORTED


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MemoryError(), ErrorKind.MEMORY),
        (OSError("out of memory when reading image file"), ErrorKind.MEMORY),
        (OSError(errno.ENOSPC, "No space left on device"), ErrorKind.NO_SPACE),
        (OSError(errno.EFBIG, "File too large"), ErrorKind.NO_SPACE),
        (PermissionError(errno.EACCES, "Permission denied"), ErrorKind.PERMISSION),
    ],
)
def test_memory_space_and_permission_keep_their_kind_on_both_sides(error, kind):
    for mapped in (translate_decode_errors("/out/x.tmp"), translate_encode_errors(TempFile("/out/x.tmp", -1))):
        with pytest.raises(JobError) as caught, mapped:
            raise error
        assert caught.value.kind == kind


def test_too_many_pixels_in_a_later_frame_are_too_large():
    with pytest.raises(JobError) as caught, translate_decode_errors("/photos/x.gif"):
        raise Image.DecompressionBombError("Image size exceeds limit")
    assert caught.value.kind == ErrorKind.TOO_LARGE


def test_all_that_pillow_defines_itself_is_mapped():
    """A new kind of error in a new Pillow is to be noticed here."""
    from PIL import BlpImagePlugin, PdfParser

    own = {
        error
        for module in (Image, ImageCms, BlpImagePlugin, PdfParser, __import__("PIL"))
        for error in vars(module).values()
        if isinstance(error, type) and issubclass(error, Exception) and error.__module__.startswith("PIL")
    }
    assert {error.__name__ for error in own} == {
        "UnidentifiedImageError", "DecompressionBombError", "DecompressionBombWarning", "PyCMSError",
        "BLPFormatError", "PdfFormatError",
    }  # fmt: skip
    for error in own - {Image.DecompressionBombWarning}:
        with pytest.raises(JobError), translate_decode_errors("x"):
            raise error("no good")


def test_a_step_that_fails_is_to_blame_and_not_the_picture(tmp_path):
    class Broken(Operation, frozen=True, kw_only=True):
        def apply(self, image):
            raise ValueError("no such thing")

    quarters().save(tmp_path / "x.png")
    kind, message = failure(tmp_path / "x.png", recipe(steps=(Broken(),)), tmp_path / "out")
    assert kind == ErrorKind.INTERNAL
    assert message == "The step broken failed: no such thing."


def test_an_output_folder_without_permission_or_that_is_gone_is_said(tmp_path):
    quarters().save(tmp_path / "x.png")
    with open_run(pipeline_request(tmp_path / "x.png", recipe(), tmp_path)) as picture:
        with pytest.raises(JobError) as caught:
            picture.make([Reservation(path=str(tmp_path / "gone" / "x.tmp"), temp=str(tmp_path / "gone" / "x.tmp"))])
        assert caught.value.kind == ErrorKind.MISSING


def test_a_source_that_changes_while_it_is_read_makes_nothing(tmp_path):
    source = tmp_path / "x.png"
    quarters().save(source)
    with open_run(pipeline_request(source, recipe(), tmp_path)) as picture:
        os.utime(source, ns=(1, 1))
        with pytest.raises(JobError) as caught:
            picture.make([Reservation(path=str(tmp_path / "x.tmp"), temp=str(tmp_path / "x.tmp"))])
        assert caught.value.kind == ErrorKind.CHANGED


@pytest.mark.parametrize("most", [500, 3000, 5500])
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "gif", "tif", "pdf"])
def test_a_write_that_is_cut_short_is_no_space(tmp_path, ending, most):
    photo((600, 450)).save(tmp_path / "x.png")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_run(pipeline_request(tmp_path / "x.png", recipe(Output(name=f"o.{ending}")), tmp_path)) as picture:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
            with pytest.raises(JobError) as caught:
                picture.make([Reservation(path=str(tmp_path / "x.tmp"), temp=str(tmp_path / "x.tmp"))])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.kind == ErrorKind.NO_SPACE


def test_a_full_disk_is_no_space(tmp_path, monkeypatch):
    photo((400, 300)).save(tmp_path / "x.png")
    create = Directory.create
    monkeypatch.setattr(
        Directory,
        "create",
        lambda folder, name, mode: os.open("/dev/full", os.O_RDWR) if name == "full" else create(folder, name, mode),
    )
    wanted = recipe(Output(name="o.tif"), Output(name="o.jpg"))
    with open_run(pipeline_request(tmp_path / "x.png", wanted, tmp_path)) as picture:
        for names in (["full", "b"], ["a", "full"]):
            with pytest.raises(JobError) as caught:
                picture.make([Reservation(path=str(tmp_path / name), temp=str(tmp_path / name)) for name in names])
            assert caught.value.kind == ErrorKind.NO_SPACE


@pytest.mark.parametrize("zeros", [4096, 5000, 40_000])
def test_a_jpeg_whose_end_is_zeros_after_a_broken_copy_is_not_filled_with_gray(tmp_path, zeros):
    photo((900, 700)).save(tmp_path / "x.jpg", quality=95)
    content = (tmp_path / "x.jpg").read_bytes()
    assert len(content) > 50_000
    (tmp_path / "x.jpg").write_bytes(content[:-zeros] + bytes(zeros))
    kind, message = failure(tmp_path / "x.jpg", recipe(), tmp_path / "out")
    assert kind == ErrorKind.UNREADABLE
    assert "zeros" in message


def test_zeros_after_a_whole_jpeg_do_no_harm(tmp_path):
    photo((90, 70)).save(tmp_path / "x.jpg")
    content = (tmp_path / "x.jpg").read_bytes()
    (tmp_path / "x.jpg").write_bytes(content + bytes(9000))
    assert make(tmp_path / "x.jpg", recipe(), tmp_path / "out").image.size == (90, 70)


def test_an_output_of_too_many_pixels_is_refused_before_it_is_made(tmp_path):
    quarters((200, 100)).save(tmp_path / "x.png")
    larger = recipe(Output(name="o.png", steps=(Resize(scale=10),)))
    kind, message = failure(tmp_path / "x.png", larger, tmp_path / "out", max_pixels=1_999_999)
    assert kind == ErrorKind.TOO_LARGE
    assert "2000x1000" in message
    assert make(tmp_path / "x.png", larger, tmp_path / "out", max_pixels=2_000_000).encoded[0].width == 2000
