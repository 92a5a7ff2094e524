"""The program's entry. It imports next to nothing: children of a worker import this module once more."""

import sys


def main() -> None:
    from fileq.cli import run  # noqa: PLC0415  # see above

    sys.exit(run())


if __name__ == "__main__":
    main()
