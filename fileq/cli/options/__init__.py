"""The options and arguments that several commands share, each declared once: types for Typer, and groups of them."""

from typing import Annotated

import typer

from fileq.cli.options.group import OptionGroup

Json = Annotated[bool, typer.Option("--json", help="Answer with JSON on stdout.", show_envvar=False)]
Recipes = Annotated[
    list[str] | None,
    typer.Option(
        "--recipe", "-r", metavar="NAME", show_envvar=False, show_default=False,
        help="A recipe; may be given several times. Default: the config's `default`, else web.",
    ),
]  # fmt: skip
Recursive = Annotated[bool, typer.Option("--recursive/--no-recursive", help="Walk sub-folders too.", show_envvar=False)]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", "-w", metavar="N", min=1, show_envvar=False, show_default=False,
        help="How many jobs at a time. Default: as the config says, else one for each CPU.",
    ),
]  # fmt: skip
Jobs = Annotated[list[int] | None, typer.Argument(metavar="JOB", help="The jobs' numbers.", show_default=False)]
Batch = Annotated[
    int | None, typer.Option("--batch", "-b", metavar="N", help="A batch.", show_envvar=False, show_default=False)
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", "-n", metavar="N", min=0, show_envvar=False, show_default=False,
        help="At most so many. Default: 50 on a terminal, else all.",
    ),
]  # fmt: skip
OneBatch = Annotated[
    int | None, typer.Argument(metavar="BATCH", help="Only this batch. Default: everything.", show_default=False)
]


class SelectionOptions(OptionGroup, frozen=True, kw_only=True):
    """Which files are meant."""

    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Files, folders, or patterns like '*.jpg'.", show_default=False),
    ] = None
    include: Annotated[
        list[str] | None,
        typer.Option(
            "--include",
            metavar="GLOB",
            show_envvar=False,
            show_default=False,
            help="Only files that match, by the rules of .gitignore: '*.{jpg,png}', trips/.",
        ),
    ] = None
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            metavar="GLOB",
            show_envvar=False,
            show_default=False,
            help="No files that match, by the rules of .gitignore: private/, '*.png'.",
        ),
    ] = None
    recursive: Recursive = True
    files_from: Annotated[
        str | None,
        typer.Option(
            "--files-from",
            metavar="FILE",
            show_envvar=False,
            show_default=False,
            help="Read more paths from a file, one a line; - is stdin.",
        ),
    ] = None
    base: Annotated[
        str | None,
        typer.Option(
            "--base", metavar="DIR", show_envvar=False, show_default=False,
            help="The folder whose tree is kept below --out. Default: the one that all sources have in common.",
        ),
    ] = None  # fmt: skip
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Paths in that file end with a NUL byte.", show_envvar=False)
    ] = False  # fmt: skip


class QueueingOptions(OptionGroup, frozen=True, kw_only=True):
    """When and how jobs are queued."""

    priority: Annotated[int, typer.Option("--priority", metavar="N", help="Higher goes first.", show_envvar=False)] = 0
    at: Annotated[
        str | None,
        typer.Option(
            "--at", metavar="WHEN", show_envvar=False, show_default=False,
            help="Start no earlier: a delay (30m), a time of day (22:00), or a date and time (2026-05-17T22:00).",
        ),
    ] = None  # fmt: skip
    key: Annotated[
        str | None,
        typer.Option(
            "--key", metavar="TEXT", show_envvar=False, show_default=False,
            help="What you know the jobs by, such as order-17; it is told wherever they are.",
        ),
    ] = None  # fmt: skip
    force: Annotated[bool, typer.Option("--force", help="Process again what is up to date.", show_envvar=False)] = False
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show the plan: which file makes which outputs. Queue nothing.", show_envvar=False
        ),
    ] = False
