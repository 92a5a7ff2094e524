"""Pages that change by themselves: the server sends the part of a page that changes, whenever it is another one.

By server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): plain HTTP, and the browser
comes again by itself once a connection has ended.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from fileq.errors import FileqError

_EVERY = 1.0
"""Seconds between two looks at the ledger, for each page that somebody has open."""

_ALIVE = 15
"""Looks after which something is sent although nothing changed: else nobody would see that a reader has left."""


def stream_part(render: Callable[[], str], is_over: Callable[[], bool]) -> StreamingResponse:
    """Return an answer that goes on until its reader leaves, or `is_over`: what `render` returns, when it changes."""
    return StreamingResponse(_events(render, is_over), media_type="text/event-stream")


async def _events(render: Callable[[], str], is_over: Callable[[], bool]) -> AsyncIterator[str]:
    shown, quiet = "", 0
    while not is_over():
        try:
            part = await run_in_threadpool(render)
        except FileqError as error:  # the database is away: the page says so, until it is back
            yield _event("trouble", str(error))
            shown = ""
        else:
            if part != shown:
                yield _event("part", part)
                shown, quiet = part, 0
            elif (quiet := quiet + 1) % _ALIVE == 0:
                yield ": still here\n\n"
        await asyncio.sleep(_EVERY)


def _event(name: str, text: str) -> str:
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"
