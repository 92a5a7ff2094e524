"""Requests about one photo that go through a sandbox, and what becomes of them."""

import threading
import time
from contextlib import contextmanager

import psutil
import pytest
from mischief import Doze

from fileq.errors import JobError
from fileq.images.protocol import EncodeResult, PipelineRequest, Reservation
from fileq.job import OutputInfo, Token
from fileq.operations.builtin.resize import Resize
from fileq.process.sandbox import AttemptStopped, ChildLost, Sandbox
from fileq.recipes.recipe import Output, Recipe
from fileq.units import Dimensions

TOKEN = Token(1, 1)
MEMORY = 256 * 2**20


@contextmanager
def sandbox(timeout=60.0, memory=MEMORY):
    box = Sandbox(timeout, memory)
    try:
        yield box
    finally:
        box.close()


class Bench:
    """Sends requests about one photo through a sandbox."""

    def __init__(self, photo, folder):
        self.photo = photo
        self.folder = folder

    def request(self, *steps):
        output = Output(name="small.png", format="png")
        recipe = Recipe(name="test", steps=(*steps, Resize(fit=Dimensions(16, 16))), outputs=(output,))
        return PipelineRequest(
            source=str(self.photo),
            size=-1,
            mtime_ns=-1,
            recipe=recipe,
            folder=str(self.folder),
            relative="",
            max_pixels=10**8,
        )

    def do(self, box, *steps, token=TOKEN):
        """One attempt from its begin to its end; what an earlier one made goes."""
        (self.folder / ".small.tmp").unlink(missing_ok=True)
        with box.attempt(token):
            (planned,) = box.plan(self.request(*steps))
            assert isinstance(planned, OutputInfo)
            return box.encode([Reservation(path=str(self.folder / ".small.tmp"), temp=str(self.folder / ".small.tmp"))])

    def works(self, box):
        result = self.do(box, token=Token(2, 1))
        assert isinstance(result, EncodeResult)
        (output,) = result.outputs
        return output is not None and output.info.format == "png"


def pid_of(box):
    return box._process.pid


def failure(bench, box, *steps):
    with pytest.raises(JobError) as raised:
        bench.do(box, *steps)
    assert box.token is None
    return raised.value


@contextmanager
def during(bench, box, tmp_path, seconds=300):
    """A block in which an attempt dozes in another thread; then a list of how that ended."""
    mark, ended = tmp_path / "dozing", list[Exception]()

    def doze():
        try:
            bench.do(box, Doze(seconds=seconds, mark=str(mark)))
        except (JobError, AttemptStopped, ChildLost) as error:
            ended.append(error)

    thread = threading.Thread(target=doze)
    thread.start()
    while not mark.exists():
        time.sleep(0.01)
    try:
        yield ended
    finally:
        thread.join(60)
    assert box.token is None


def is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
