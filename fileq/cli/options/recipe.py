"""The options that choose a recipe, change one, or make one that has no name: those of add, run and watch."""

from typing import Annotated, Any

import typer

from fileq.cli.options import Recipes
from fileq.cli.options.group import OptionGroup

_PANEL = "Make a recipe here, or change the one of -r"


def _changing(*names: str, metavar: str | None = None, help: str) -> Any:  # noqa: A002  # Typer's word
    """Return an option that changes a recipe."""
    return typer.Option(
        *names, metavar=metavar, help=help, show_envvar=False, show_default=False, rich_help_panel=_PANEL
    )


class RecipeOptions(OptionGroup, frozen=True, kw_only=True):
    """What is made of files, and where it goes."""

    recipe: Recipes = None
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="DIR", show_envvar=False, show_default=False,
            help="Where outputs go. A folder that is added keeps its tree there; recipes whose outputs"
            " have the same names get a folder each.",
        ),
    ] = None  # fmt: skip
    resize: Annotated[
        list[str] | None,
        _changing(
            "--resize",
            metavar="SIZE",
            help="The largest size that fits: 1200x, x800, 1600x1600 or 50%. Several make a file each.",
        ),
    ] = None
    fill: Annotated[
        list[str] | None,
        _changing("--fill", metavar="SIZE", help="Exactly this size; the rest is cut off: 300x300."),
    ] = None
    crop: Annotated[
        str | None,
        _changing("--crop", metavar="SPEC", help="Proportions (16:9), a box (left,top,right,bottom), or trim."),
    ] = None
    format: Annotated[
        list[str] | None,
        _changing(
            "--format",
            metavar="F",
            help="jpeg, png, webp, avif, gif, tiff, pdf, jxl; same is the source's. Of several, avif,webp,jpeg, the"
            " smallest file wins that looks as good.",
        ),
    ] = None
    quality: Annotated[int | None, _changing("--quality", metavar="N", help="From 1 to 100.")] = None
    colors: Annotated[
        int | None, _changing("--colors", metavar="N", help="Of PNG and GIF, from 2 to 256: fewer bytes by a palette.")
    ] = None
    still: Annotated[bool, _changing("--still", help="Of an animation, the first frame alone.")] = False
    lossless: Annotated[bool, _changing("--lossless", help="Lose nothing: every pixel stays as it is.")] = False
    max_bytes: Annotated[
        str | None, _changing("--max-bytes", metavar="SIZE", help="The best quality that fits: 200KB.")
    ] = None
    metadata: Annotated[
        str | None,
        _changing("--metadata", metavar="WHAT", help="Which metadata stays: all, private, copyright (usual), or none."),
    ] = None
    strip: Annotated[bool, _changing("--strip", help="The same as --metadata none.")] = False
    keep_metadata: Annotated[bool, _changing("--keep-metadata", help="The same as --metadata all.")] = False
    hdr: Annotated[
        str | None,
        _changing(
            "--hdr",
            metavar="WHAT",
            help="What HDR screens show: keep gain maps (usual), drop them, or keep them and tonemap PQ and HLG.",
        ),
    ] = None
    watermark: Annotated[
        str | None, _changing("--watermark", metavar="TEXT-OR-FILE", help="Lay a text or a picture over each picture.")
    ] = None
    op: Annotated[
        list[str] | None,
        _changing(
            "--op",
            metavar="STEP",
            help="Any operation: 'sharpen amount=0.5'. May be given several times. See fileq operations.",
        ),
    ] = None
    exec: Annotated[
        str | None,
        _changing(
            "--exec",
            metavar="COMMAND",
            help="Run a program on each file, of any type: 'ffmpeg -i {source} {output}'. No shell takes part.",
        ),
    ] = None
    name: Annotated[
        str | None, _changing("--name", metavar="TEMPLATE", help="The outputs' names: '{stem}-small.{ext}'.")
    ] = None
    on_conflict: Annotated[
        str | None,
        _changing(
            "--on-conflict",
            metavar="HOW",
            help="What to do where a file is in the way: fail (usual), skip, overwrite, rename.",
        ),
    ] = None
    overwrite: Annotated[bool, _changing("--overwrite", help="The same as --on-conflict overwrite.")] = False
    replace: Annotated[bool, _changing("--replace", help="Put outputs in the place of the originals.")] = False
    save_as: Annotated[
        str | None, _changing("--save-as", metavar="NAME", help="Keep these options as a recipe in fileq.toml.")
    ] = None  # fmt: skip

    @property
    def changes_recipes(self) -> bool:
        """Whether there is more in it than recipes' names and the folder of the outputs."""
        return self != RecipeOptions(recipe=self.recipe, out=self.out)
