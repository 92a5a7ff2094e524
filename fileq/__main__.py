"""The program's entry. It imports next to nothing: children of a worker import this module once more."""

import sys


def main() -> None:
    if {"run", "worker", "--work"} & set(sys.argv):
        # Their children need as long to get ready as we do (0.1 s), so both do it at once. Should the word be a
        # file's name and not the command, the server of children ends with us, unused.
        from fileq.worker.nursery import prepare  # noqa: PLC0415

        prepare()
    from fileq.cli import run  # noqa: PLC0415

    sys.exit(run())


if __name__ == "__main__":
    main()
