"""The list of all: what the config reads, what the manual says, and what plug-ins bring."""

import re
import subprocess
import sys
import textwrap
import tomllib
from typing import get_args

import msgspec
import pytest

from fileq import operations
from fileq.operations import ALL, BUILT_IN, Step, plugins
from fileq.operations.gravity import Gravity, gravity_offset


class Recipe(msgspec.Struct):
    steps: tuple[Step, ...]


def read(kind, value):
    return kind.parse(value)


def names(operation):
    return [field.encode_name for field in msgspec.structs.fields(operation)]


def test_every_operation_is_found_by_its_lower_case_name():
    assert [operation.__struct_config__.tag for operation in BUILT_IN] == [
        "resize", "crop", "pad", "border", "rotate", "flip", "grayscale", "sharpen", "adjust", "watermark", "command",
    ]  # fmt: skip


@pytest.mark.parametrize("operation", ALL)
def test_the_example_of_every_manual_is_read_and_written_the_same(operation):
    example = next(line for line in operation.__doc__.splitlines() if line.strip().startswith("{ op"))
    recipe = msgspec.convert(tomllib.loads(f"steps = [{example}]"), Recipe, dec_hook=read)
    assert isinstance(recipe.steps[0], operation)
    text = msgspec.json.encode(recipe, enc_hook=str)
    assert msgspec.json.decode(text, type=Recipe, dec_hook=read) == recipe


@pytest.mark.parametrize("operation", ALL)
def test_every_manual_begins_with_a_sentence_and_explains_every_parameter(operation):
    lines = [line.strip() for line in operation.__doc__.splitlines()]
    assert lines[0].endswith(".")
    assert [line.split(":")[0] for line in lines if line.split(":")[0] in names(operation)] == names(operation)


def test_an_unknown_operation_or_parameter_is_refused():
    with pytest.raises(msgspec.ValidationError, match="Invalid value 'resise'"):
        msgspec.convert({"steps": [{"op": "resise"}]}, Recipe, dec_hook=read)
    with pytest.raises(msgspec.ValidationError, match="unknown field `widht`"):
        msgspec.convert({"steps": [{"op": "border", "width": 1, "widht": 2}]}, Recipe, dec_hook=read)


def test_a_module_asked_for_what_it_does_not_have_says_so():
    with pytest.raises(AttributeError, match="has no attribute 'Stepp'"):
        _ = operations.Stepp  # type: ignore[attr-defined]  # that is the point


@pytest.mark.parametrize("gravity", get_args(Gravity))
def test_the_room_before_and_behind_adds_up(gravity):
    before = gravity_offset(gravity, (10, 20))
    assert before == (
        0 if "west" in gravity else 10 if "east" in gravity else 5,
        0 if "north" in gravity else 20 if "south" in gravity else 10,
    )


def test_reading_a_config_needs_neither_pillow_nor_the_metadata_of_packages():
    program = "import sys, fileq.recipes.recipe; print([m for m in ('PIL', 'importlib.metadata') if m in sys.modules])"
    assert run(program, []) == "[]"


def run(program, folders):
    """What a fresh Python with `folders` on its path says: its answer, or the last line of its error."""
    lines = f"import sys; sys.path[:0] = {[str(folder) for folder in folders]!r}\n{program}"
    ended = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=False)
    return (ended.stdout or ended.stderr).strip().splitlines()[-1]


def install(folder, module, target="Grain"):
    """A plug-in as pip would leave it."""
    info = folder / "grainy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: grainy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[fileq.operations]\ngrain = grainy:{target}\n")
    (folder / "grainy.py").write_text(module)


GRAIN = """
from fileq.operations.base import Operation

class Grain(Operation, frozen=True, kw_only=True):
    amount: int = 5
"""
READ = """
import msgspec
from fileq.operations import Step
print(msgspec.convert({"op": "grain", "amount": 7}, Step))
"""
POSTERIZE = """
import msgspec
from fileq.operations import Step
from PIL import Image
step = msgspec.convert({"op": "posterize"}, Step)
print(step.apply(Image.new("RGB", (1, 1), (150, 20, 100))).getpixel((0, 0)))
"""
FAIL = """
from fileq import errors, operations
try:
    operations.ALL
except errors.EnvironmentFailure as error:
    print(error)
"""


def test_the_example_of_the_manual_works(tmp_path):
    example = textwrap.dedent(plugins.__doc__.split("posterizing`\n")[1].split("and this")[0])
    install(tmp_path, example, "Posterize")
    assert run(POSTERIZE, [tmp_path]) == "(128, 0, 64)"


def test_an_installed_operation_can_be_used_in_a_recipe(tmp_path):
    install(tmp_path, GRAIN)
    assert run(READ, [tmp_path]) == "Grain(amount=7)"


def test_a_plug_in_can_be_imported_before_fileq(tmp_path):
    install(tmp_path, GRAIN)
    assert run("import grainy" + READ, [tmp_path]) == "Grain(amount=7)"


@pytest.mark.parametrize(
    ("module", "target", "reason"),
    [
        ("1 / 0", "Grain", "can't be loaded: division by zero"),
        (GRAIN, "Missing", "can't be loaded: .* has no attribute 'Missing'"),
        ("Grain = int", "Grain", "is no subclass of fileq.operations.base.Operation"),
        (GRAIN.replace("Grain", "Resize"), "Resize", 'has a name that is taken, "resize"'),
        (GRAIN.replace("int = 5", "int | set[str] | list[int] = 5"), "Grain", "can't be loaded: "),
    ],
)
def test_a_broken_plug_in_is_named(tmp_path, module, target, reason):
    install(tmp_path, module, target)
    said = run(FAIL, [tmp_path])
    assert re.match(f"The operation grain of the package grainy {reason}.*Fix or uninstall", said), said
