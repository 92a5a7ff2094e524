"""The moment that --at was understood as: in the answer, and in words."""

from typing import Any, cast

import msgspec

from fileq.cli.times import iso_or_none, local_time
from fileq.display import Answer, Text
from fileq.units import describe_seconds


def with_due_time(answer: Answer, due_at: float | None, now: float, *, in_words: bool = True) -> Answer:
    """Return the answer with the time before which nothing begins, in seconds since the epoch; as it is for None.

    `in_words` is whether people read it there too.
    """
    if due_at is None:
        return answer
    document = cast(dict[str, Any], answer.document) | {"due_at": iso_or_none(due_at)}
    words = [Text(describe_due(due_at, now))] if in_words else []
    return msgspec.structs.replace(answer, document=document, blocks=[*answer.blocks, *words])


def describe_due(due_at: float, now: float) -> str:
    """Return Not before 2026-05-17 22:00:00, in 9 h 12 min; or that this is past. Both in seconds since the epoch."""
    moment = local_time(due_at)
    if due_at <= now:
        return f"--at {moment} is past, so they are due at once."
    return f"Not before {moment}, in {describe_seconds(due_at - now)}."
