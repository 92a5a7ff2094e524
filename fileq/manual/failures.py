"""The list of the kinds of failure."""

from fileq.errors import ErrorKind

EXPLANATIONS = {
    ErrorKind.UNREADABLE: (
        "The file is no picture, or it is damaged.",
        "Open it in a viewer. Put a good copy in its place and run the same command again.",
    ),
    ErrorKind.UNSUPPORTED: (
        "The recipe can't take this format, or this kind of picture.",
        "Choose another recipe, or convert the file first.",
    ),
    ErrorKind.TOO_LARGE: (
        "The picture has more pixels than `max_pixels`.",
        "Raise `max_pixels` in `[worker]`, where you trust the file.",
    ),
    ErrorKind.MISSING: ("The source is gone.", "Put it back and retry, or cancel the job."),
    ErrorKind.CHANGED: (
        "The source changed after it was added, or while it was read.",
        "Run the same command again: it takes the file as it is now.",
    ),
    ErrorKind.CONFLICT: (
        "A file that fileq did not make from this source has the output's name.",
        "Move that file, choose another folder with `-o`, or say `--on-conflict rename` or `--overwrite`.",
    ),
    ErrorKind.NO_SPACE: ("The disk is full.", "Make room, then run `fileq retry --failed --cause no_space`."),
    ErrorKind.PERMISSION: (
        "The system does not allow it.",
        "Change the permissions, then run `fileq retry --failed --cause permission`.",
    ),
    ErrorKind.TIMEOUT: (
        "The job took longer than `timeout`.",
        "Raise `timeout` in `[worker]`, or give the machine less to do.",
    ),
    ErrorKind.MEMORY: ("The job needed more than `memory`.", "Raise `memory` in `[worker]`, or use fewer workers."),
    ErrorKind.CRASHED: (
        "The job's process died.",
        "Retry it. If it dies again, the file makes a library crash: report it with the file.",
    ),
    ErrorKind.COMMAND: (
        "A program that the recipe runs has failed.",
        "Read what it said (`fileq show`), and try it by hand on the file.",
    ),
    ErrorKind.INTERNAL: (
        "The fault is in fileq, or the system reports one that has no name.",
        "Retry it. If it stays, run it with `--debug` and report what you see.",
    ),
}
"""The cause and the remedy of each kind of failure, in sentences."""


def failures() -> str:
    """Return a list of the kinds in Markdown: cause, remedy, and whether the job is tried again by itself."""
    return "\n".join(_describe(kind) for kind in ErrorKind)


def _describe(kind: ErrorKind) -> str:
    cause, remedy = EXPLANATIONS[kind]
    again = "fileq has tried it again by itself before. " if kind.is_transient else ""
    return f"- `{kind}`: {cause} {again}{remedy}"
