"""What a worker in this process has done, for its last words: where the outputs are, and what there is to know."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from fileq.cli.views.places import describe_places
from fileq.display import Text, Tone
from fileq.job import JobState
from fileq.ledger.queries.work import FolderTotal, NoteTotal
from fileq.units import describe_count

if TYPE_CHECKING:
    from fileq.worker.ended_job import EndedJob

_NUMBER = re.compile(r"\d+")
_BETWEEN_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z0-9])")
_NOTES_SHOWN = 5
_NOTES_KEPT = 1000
"""Notes may quote what is odd in a file, and a worker runs for months."""


class NoteKind(msgspec.Struct, frozen=True, kw_only=True):
    """A note, as one job has it; on how many jobs it stands with whatever numbers; and that one job."""

    note: str
    jobs: int
    job_id: int


class WorkSummary:
    """Sums over jobs that have ended, which stay small however many jobs there are."""

    def __init__(self) -> None:
        self._folders: Counter[str] = Counter()
        self._pictures = 0
        self._notes: dict[str, NoteKind] = {}

    def add(self, job: "EndedJob") -> None:
        """Count a job that has ended."""
        if job.state is JobState.DONE:
            self._folders.update(map(os.path.dirname, job.outputs))
            self._pictures += job.pictures
            if job.note and len(self._notes) < _NOTES_KEPT:
                _add_note(self._notes, NoteTotal(job.note, 1, job.job_id))

    def lines(self) -> list[Text]:
        """Return where the outputs are, and the notes on the jobs."""
        noun = "picture" if self._pictures == self._folders.total() else "file"
        return [*describe_places(self._folders, noun), *note_lines(_by_count(self._notes))]


def total_note_kinds(notes: Iterable[NoteTotal]) -> list[NoteKind]:
    """Return the sentences of notes, the most frequent first; those that differ in numbers alone are of one kind."""
    kinds: dict[str, NoteKind] = {}
    for total in notes:
        _add_note(kinds, total)
    return _by_count(kinds)


def _add_note(kinds: dict[str, NoteKind], total: NoteTotal) -> None:
    for sentence in _BETWEEN_SENTENCES.split(total.note):
        kind = _NUMBER.sub("0", sentence)
        known = kinds.get(kind, NoteKind(note=sentence, jobs=0, job_id=total.job_id))
        kinds[kind] = msgspec.structs.replace(known, jobs=known.jobs + total.jobs)


def _by_count(kinds: dict[str, NoteKind]) -> list[NoteKind]:
    return sorted(kinds.values(), key=lambda kind: (-kind.jobs, kind.job_id))


def note_lines(kinds: Sequence[NoteKind]) -> list[Text]:
    """Return a line for each kind of note, with how many jobs have it and one of them."""
    lines = [
        Text(f"{describe_count(kind.jobs, 'job')}: {kind.note} ({_examples(kind)})", Tone.WARNING)
        for kind in kinds[:_NOTES_SHOWN]
    ]
    more = len(kinds) - _NOTES_SHOWN
    return [*lines, *([Text(f"and {describe_count(more, 'other note')}; fileq show JOB has them")] if more > 0 else [])]


def _examples(kind: NoteKind) -> str:
    return f"job {kind.job_id}" if kind.jobs == 1 else f"such as job {kind.job_id}"


def describe_folders(totals: Sequence[FolderTotal]) -> list[Text]:
    """Return where outputs are: pictures where all of them are, else files."""
    noun = "picture" if all(total.pictures == total.outputs for total in totals) else "file"
    return describe_places({total.folder: total.outputs for total in totals}, noun)
