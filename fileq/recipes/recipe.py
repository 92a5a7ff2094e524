"""The recipe: what it matches, its steps, its outputs. This is what a config can say, key by key."""

import fnmatch
import functools
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from fileq.braces import expand_braces
from fileq.cron import Cron
from fileq.errors import UsageError
from fileq.operations import Step
from fileq.recipes.formats import FORMATS_WITH_PALETTE, format_of_name
from fileq.units import ByteSize, Dimensions, Duration, KeepDuration

Format = Literal["jpeg", "png", "webp", "avif", "gif", "tiff", "pdf", "jxl", "same"]
OnConflict = Literal["fail", "skip", "overwrite", "rename"]
MetadataPolicy = Literal["copyright", "private", "all", "none"]
HdrPolicy = Literal["keep", "drop", "tonemap"]
Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]

NAMELESS = "custom"
"""What a recipe is called that has no name: it takes the place of its own outputs, whatever they were made with."""

IMAGE_PATTERNS = (
    "*.jpg", "*.jpeg", "*.jpe", "*.jfif", "*.png", "*.apng", "*.gif", "*.webp", "*.avif", "*.tif", "*.tiff", "*.bmp",
    "*.jp2", "*.j2k", "*.jpx", "*.ico", "*.psd", "*.tga", "*.ppm", "*.pgm", "*.pbm", "*.pnm", "*.qoi",
    "*.heic", "*.heif", "*.hif", "*.mpo", "*.jxl",
)  # fmt: skip


class Output(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file to make of a source."""

    name: str = "{stem}.{ext}"
    format: Format | tuple[Format, ...] | None = None  # None: by the name's ending; "same": the source's; of many: one
    alpha_format: Format | None = None  # instead, for pictures with transparency
    animation_format: Format | None = None  # instead of both, for animations
    still: bool = False  # of an animation the first frame alone
    steps: tuple[Step, ...] = ()
    quality: int | None = None  # 1 to 100; None: the format's default
    lossless: bool = False
    colors: int | None = None  # 2 to 256, of PNG and GIF; None: all there are
    effort: int | None = None  # 0 (fast) to 10 (small); None: the format's default
    progressive: bool | None = None
    subsampling: Subsampling | None = None
    max_bytes: ByteSize | None = None  # the best quality that fits
    min_saving: float | None = None  # a share from 0 to 1: below it the source is kept as it is
    only_smaller: bool | None = None  # leave out what would be no smaller; None: where names differ by size alone

    if TYPE_CHECKING:  # what a program may give

        def __init__(
            self,
            *,
            name: str = "{stem}.{ext}",
            format: Format | Sequence[Format] | None = None,  # noqa: A002  # as the key is called
            alpha_format: Format | None = None,
            animation_format: Format | None = None,
            still: bool = False,
            steps: Sequence[Step] = (),
            quality: int | None = None,
            lossless: bool = False,
            colors: int | None = None,
            effort: int | None = None,
            progressive: bool | None = None,
            subsampling: Subsampling | None = None,
            max_bytes: ByteSize | int | str | None = None,
            min_saving: float | None = None,
            only_smaller: bool | None = None,
        ) -> None: ...

    @property
    def named_formats(self) -> tuple[Format, ...]:
        """What `format` says: several where the smallest file is to win, () where the name's ending says it."""
        if self.format is None:
            return ()
        return (self.format,) if isinstance(self.format, str) else tuple(dict.fromkeys(self.format))

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats to choose from, mostly one, by `format` or by the name's ending; "same" is the source's own."""
        return self.named_formats or (format_of_name(self.name) or "same",)

    @property
    def other_formats(self) -> tuple[Format, ...]:
        """The formats beside those of `format`, for pictures of some kinds."""
        return tuple(one for one in (self.alpha_format, self.animation_format) if one is not None)

    def settled_for(self, *, is_animation: bool) -> "Output":
        """Return the output as it is for an animation, or for all else: in the format that is for it."""
        plays = is_animation and not self.still and self.animation_format is not None
        settled = {"format": self.animation_format, "alpha_format": None} if plays else {}
        return msgspec.structs.replace(self, animation_format=None, **settled)

    def reduces_colors(self, format_: str) -> bool:
        """Return whether an output in this format has no more than `colors`."""
        return self.colors is not None and format_ in FORMATS_WITH_PALETTE

    @property
    def program(self) -> Step | None:
        """The step that runs a program on the encoded output: the last one, None where it works on pixels."""
        return self.steps[-1] if self.steps and self.steps[-1].works_on_files else None

    @property
    def pixel_steps(self) -> tuple[Step, ...]:
        """The steps before that; no program may stand among them."""
        return self.steps if self.program is None else self.steps[:-1]


class Conditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a source must be like; its picture is measured as it is seen, turned upright."""

    min_width: int | None = None
    max_width: int | None = None
    min_height: int | None = None
    max_height: int | None = None
    min_pixels: int | None = None
    max_pixels: int | None = None
    min_bytes: ByteSize | None = None
    max_bytes: ByteSize | None = None

    if TYPE_CHECKING:  # what a program may give

        def __init__(
            self,
            *,
            min_width: int | None = None,
            max_width: int | None = None,
            min_height: int | None = None,
            max_height: int | None = None,
            min_pixels: int | None = None,
            max_pixels: int | None = None,
            min_bytes: ByteSize | int | str | None = None,
            max_bytes: ByteSize | int | str | None = None,
        ) -> None: ...

    @property
    def about_pixels(self) -> bool:
        """Whether a picture's size must be known for them."""
        return self != Conditions(min_bytes=self.min_bytes, max_bytes=self.max_bytes)


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named way to process sources."""

    name: str = NAMELESS
    description: str = ""
    match: tuple[str, ...] = IMAGE_PATTERNS
    when: Conditions | None = None  # a source that is not like that fails as unsupported
    out: str = "{folder}/{recipe}"
    on_conflict: OnConflict = "fail"
    replace: bool = False  # an output may take the place of its source
    keep: KeepDuration | None = None  # None: as [retention] says
    steps: tuple[Step, ...] = ()
    outputs: tuple[Output, ...] = (Output(),)
    orient: bool = True
    profile: Literal["srgb", "keep"] = "srgb"
    enlarge: bool = False
    metadata: MetadataPolicy = "copyright"
    hdr: HdrPolicy = "keep"  # of gain maps; "tonemap" keeps them too, and makes ordinary pictures of PQ and HLG
    background: str = "white"  # where transparency has no place
    keep_times: bool = False

    if TYPE_CHECKING:  # what a program may give

        def __init__(
            self,
            *,
            name: str = NAMELESS,
            description: str = "",
            match: Sequence[str] = IMAGE_PATTERNS,
            when: Conditions | None = None,
            out: str = "{folder}/{recipe}",
            on_conflict: OnConflict = "fail",
            replace: bool = False,
            keep: KeepDuration | str | None = None,
            steps: Sequence[Step] = (),
            outputs: Sequence[Output] = (Output(),),
            orient: bool = True,
            profile: Literal["srgb", "keep"] = "srgb",
            enlarge: bool = False,
            metadata: MetadataPolicy = "copyright",
            hdr: HdrPolicy = "keep",
            background: str = "white",
            keep_times: bool = False,
        ) -> None: ...

    def matches(self, file_name: str) -> bool:
        """Return whether the recipe takes a file of this name, upper or lower case."""
        return _patterns(self.match)(file_name.lower()) is not None

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The recipe's own steps, and those of all outputs."""
        return (*self.steps, *(step for output in self.outputs for step in output.steps))

    @property
    def only_program(self) -> Step | None:
        """The step that makes all outputs of the source's file by a program, where it is the recipe's only step."""
        steps = self.all_steps
        return self.steps[0] if len(steps) == len(self.steps) == 1 and steps[0].works_on_files else None

    @property
    def runs_programs(self) -> bool:
        """Whether a step of the recipe, or of one of its outputs, runs a program."""
        return any(step.works_on_files for step in self.all_steps)

    @property
    def mark_name(self) -> str:
        """What the mark of its outputs stands for: its name. Two without one are two, where they replace sources."""
        return self.fingerprint if self.replace and self.name == NAMELESS else self.name

    def takes_places_of(self, older: "Recipe") -> bool:
        """Return whether this makes, of the same source and in the same folder, files of the names of the older's.

        What replaces its source makes something of what the older has made; what gets another name stands beside it.
        """
        if self.replace or older.replace or self.on_conflict == "rename":
            return False
        return _places(self) == _places(older)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change when, and only when, the outputs of a source may change. Raises UsageError."""
        try:
            return _fingerprint(self)
        except TypeError:  # a plug-in's step holds a list
            return _fingerprint.__wrapped__(self)


@functools.lru_cache(maxsize=256)  # 32 µs of each add
def _fingerprint(recipe: Recipe) -> str:
    try:
        return hashlib.sha256(msgspec.json.encode(_fingerprinted(recipe))).hexdigest()[:16]
    except UnicodeEncodeError as error:
        raise UsageError(
            f"The recipe {recipe.name} holds bytes that are no text in UTF-8.",
            "Write it in UTF-8; a program or a picture whose name is none can have a link to it.",
        ) from error


def _places(recipe: Recipe) -> frozenset[tuple[str, tuple[str, ...], str | None]]:
    return frozenset((output.name, output.formats, output.alpha_format) for output in recipe.outputs)


def _fingerprinted(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe without what doesn't change the outputs themselves.

    A key that came later is left out at its default: a new fileq is no reason to make all outputs anew.
    """
    wanted = msgspec.structs.replace(recipe, match=(), description="", keep=None, on_conflict="fail")
    recipe_json: dict[str, Any] = msgspec.to_builtins(wanted, enc_hook=encode_unit)
    if recipe_json["when"] is None:
        del recipe_json["when"]
    if recipe_json["hdr"] == "keep":
        del recipe_json["hdr"]
    for output in recipe_json["outputs"]:
        for key in ("only_smaller", "colors", "animation_format", "still"):
            if output[key] in (None, False):
                del output[key]
    return recipe_json


def fill_enlarge(recipe: Recipe) -> Recipe:
    """Return the recipe with its `enlarge` in all its steps that have one and don't say."""
    outputs = (msgspec.structs.replace(output, steps=_fill_enlarge(output.steps, recipe)) for output in recipe.outputs)
    return msgspec.structs.replace(recipe, steps=_fill_enlarge(recipe.steps, recipe), outputs=tuple(outputs))


def settle_lossless(recipe: Recipe) -> Recipe:
    """Return the recipe as outputs need it that are to lose nothing: colours stay in the profile that they have.

    In the source's own format, they are made of its file, as those of JPEG have to be.
    """
    if not any(output.lossless for output in recipe.outputs):
        return recipe
    outputs = (
        msgspec.structs.replace(output, min_saving=0.0)
        if output.lossless and output.formats == ("same",) and output.min_saving is None
        else output
        for output in recipe.outputs
    )
    return msgspec.structs.replace(recipe, profile="keep", outputs=tuple(outputs))


def _fill_enlarge(steps: tuple[Step, ...], recipe: Recipe) -> tuple[Step, ...]:
    return tuple(
        msgspec.structs.replace(step, enlarge=recipe.enlarge) if getattr(step, "enlarge", False) is None else step
        for step in steps
    )


def locate_steps(recipe: Recipe, folder: str) -> Recipe:
    """Return the recipe with the paths of its steps as seen from `folder`."""
    outputs = (msgspec.structs.replace(output, steps=_locate(output.steps, folder)) for output in recipe.outputs)
    return msgspec.structs.replace(recipe, steps=_locate(recipe.steps, folder), outputs=tuple(outputs))


def _locate(steps: tuple[Step, ...], folder: str) -> tuple[Step, ...]:
    return tuple(step.located(folder) for step in steps)


@functools.cache
def _patterns(patterns: tuple[str, ...]) -> Callable[[str], re.Match[str] | None]:
    expanded = (one for pattern in patterns for one in expand_braces(pattern.lower()))
    return re.compile("|".join(map(fnmatch.translate, expanded))).match


def decode_unit(kind: type[Any], value: object) -> Any:
    """Return a value of one of our own units, each from what people write: msgspec's `dec_hook`. Raises ValueError."""
    if kind in (ByteSize, Cron, Dimensions, Duration, KeepDuration):
        return kind.parse(value)
    raise NotImplementedError(f"no such type in a config: {kind}")


def encode_unit(value: object) -> str:
    """Return a value of our own units as text that is read back the same: msgspec's `enc_hook`."""
    return str(value)


def encode_recipe(recipe: Recipe) -> str:
    """Return the recipe as JSON: what the ledger keeps with a job."""
    return msgspec.json.encode(recipe, enc_hook=encode_unit).decode()


@functools.lru_cache(maxsize=64)
def decode_recipe(text: str) -> Recipe:
    """Return the recipe of such JSON. Raises msgspec.DecodeError; msgspec.ValidationError where it isn't one."""
    return msgspec.json.decode(text, type=Recipe, dec_hook=decode_unit)
