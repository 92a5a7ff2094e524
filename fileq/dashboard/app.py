"""The dashboard's addresses, and what each answers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from fileq.dashboard import facts
from fileq.dashboard.actions import act
from fileq.dashboard.desk import Desk
from fileq.dashboard.guard import Guard
from fileq.dashboard.live import stream_part
from fileq.dashboard.pictures import MEDIA_TYPE, Pictures
from fileq.dashboard.rendering import read_static_file, render
from fileq.dashboard.report import render_report
from fileq.errors import ErrorKind, FileqError, NotFoundError
from fileq.job import JobState

_STATIC = {"dashboard.css": "text/css", "dashboard.js": "text/javascript"}

_ID_DIGITS = 19
"""Ids of jobs have fewer: 2**63 has so many."""


def create_app(desk: Desk, pictures: Pictures, is_over: Callable[[], bool]) -> Starlette:
    """Return the application. Once `is_over`, no answer goes on."""
    pages = _Pages(desk, pictures, is_over)
    return Starlette(
        routes=[
            Route("/", pages.overview),
            Route("/batches/{batch}", pages.batch),
            Route("/jobs", pages.jobs),
            Route("/jobs/{job}", pages.job),
            Route("/jobs/{job}/source", pages.source),
            Route("/jobs/{job}/outputs/{output}", pages.output),
            Route("/failures", pages.failures),
            Route("/report", pages.report),
            Route("/metrics", pages.metrics),
            Route("/live/overview", pages.live_overview),
            Route("/live/batches/{batch}", pages.live_batch),
            Route("/live/jobs/{job}", pages.live_job),
            Route("/static/{name}", pages.static),
            Route("/jobs/{job}/{action}", pages.act, methods=["POST"]),
            Route("/batches/{batch}/{action}", pages.act, methods=["POST"]),
            Route("/failures/{kind}/{action}", pages.act, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, desk=desk)],
        exception_handlers={FileqError: pages.trouble, HTTPException: pages.trouble},
    )


class _Pages:
    """The answers. Those that look at the ledger are plain functions, which Starlette runs in threads."""

    def __init__(self, desk: Desk, pictures: Pictures, is_over: Callable[[], bool]) -> None:
        self._desk = desk
        self._pictures = pictures
        self._is_over = is_over

    def _page(self, request: Request, template: str, told: dict[str, Any], live: str = "") -> Response:
        told |= {"live": live, "did": request.query_params.get("did", ""), "here": _path(request)}
        return HTMLResponse(render(template, self._desk, told))

    def overview(self, request: Request) -> Response:
        return self._page(request, "overview.html", facts.overview(self._desk), "/live/overview")

    def live_overview(self, request: Request) -> Response:
        del request
        return stream_part(lambda: render("overview_part.html", self._desk, facts.overview(self._desk)), self._is_over)

    def batch(self, request: Request) -> Response:
        number = _id(request, "batch")
        told = facts.batch(self._desk, number) | facts.job_list(self._desk, batch_id=number, **_filters(request))
        return self._page(request, "batch.html", told, f"/live/batches/{number}")

    def live_batch(self, request: Request) -> Response:
        number = _id(request, "batch")
        return stream_part(
            lambda: render("batch_part.html", self._desk, facts.batch(self._desk, number)), self._is_over
        )

    def jobs(self, request: Request) -> Response:
        return self._page(request, "jobs.html", facts.job_list(self._desk, **_filters(request)))

    def job(self, request: Request) -> Response:
        number = _id(request, "job")
        return self._page(request, "job.html", facts.job(self._desk, number), f"/live/jobs/{number}")

    def live_job(self, request: Request) -> Response:
        number = _id(request, "job")
        return stream_part(lambda: render("job_part.html", self._desk, facts.job(self._desk, number)), self._is_over)

    def source(self, request: Request) -> Response:
        job = facts.find_job(self._desk, _id(request, "job"))
        return _picture(self._pictures.find_source(job, self._desk.ledger.overview.find_source_version(job.id)))

    def output(self, request: Request) -> Response:
        job = facts.find_job(self._desk, _id(request, "job"))
        return _picture(self._pictures.find_output(job, _id(request, "output")))

    def failures(self, request: Request) -> Response:
        return self._page(request, "failures.html", facts.failures(self._desk))

    def report(self, request: Request) -> Response:
        del request
        return HTMLResponse(*render_report(self._desk))

    def metrics(self, request: Request) -> Response:
        del request
        try:
            from fileq.metrics import CONTENT_TYPE, render_metrics  # noqa: PLC0415  # an extra of its own
        except ImportError as error:
            raise HTTPException(404, "Metrics need prometheus-client: pip install 'fileq[metrics]'") from error
        text = render_metrics(self._desk.ledger, self._desk.settings.worker.heartbeat)
        return Response(text, headers={"content-type": CONTENT_TYPE})

    def static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in _STATIC:
            raise HTTPException(404, "There is no such file.")
        return Response(read_static_file(name), media_type=_STATIC[name])

    async def act(self, request: Request) -> Response:
        if not self._desk.allows_actions:
            raise HTTPException(403, "This dashboard only shows. Start it with --allow-actions.")
        async with request.form(max_files=0, max_fields=8) as form:
            key, then = str(form.get("form_key", "")), str(form.get("then", "/"))
        self._desk.require_form_key(key)
        where = request.path_params
        done = await run_in_threadpool(
            act, self._desk, where["action"],
            job_id=_id(request, "job") if "job" in where else None,
            batch_id=_id(request, "batch") if "batch" in where else None,
            kind=_kind(where.get("kind", "")) or "",
        )  # fmt: skip
        return RedirectResponse(f"{_own_path(then)}?{urlencode({'did': done})}", 303)

    async def trouble(self, request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            status, message, hint = error.status_code, error.detail, ""
        else:
            assert isinstance(error, FileqError)
            status, message, hint = 404 if isinstance(error, NotFoundError) else 503, error.message, error.hint
        told = {"message": message, "hint": hint, "live": "", "did": "", "here": _path(request)}
        return HTMLResponse(render("trouble.html", self._desk, told), status)


def _id(request: Request, name: str) -> int:
    """Return a number of the address. Raises HTTPException where it is none, or beyond all ids."""
    text = request.path_params[name]
    if not _is_id(text):
        raise HTTPException(404, f"There is no such {name}.")
    return int(text)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < _ID_DIGITS


def _filters(request: Request) -> dict[str, Any]:
    """Return what a list is to show, as its address says. Raises HTTPException."""
    query = request.query_params
    state, before = query.get("state", ""), query.get("before", "")
    if state and state not in list(JobState):
        raise HTTPException(404, "There is no such state.")
    if before and not _is_id(before):
        raise HTTPException(404, "There is no such page.")
    return {
        "state": JobState(state) if state else None,
        "kind": _kind(query.get("kind", "")),
        "before": int(before) if before else None,
    }


def _kind(name: str) -> ErrorKind | None:
    if name and name not in list(ErrorKind):
        raise HTTPException(404, "There is no such kind of failure.")
    return ErrorKind(name) if name else None


def _path(request: Request) -> str:
    return str(request.scope["path"])


def _own_path(path: str) -> str:
    """Return a path of this dashboard, whatever a form says."""
    return (
        path if path.startswith("/") and path.isascii() and not set('\\?#"<>') & set(path) and "//" not in path else "/"
    )


def _picture(content: bytes) -> Response:
    return Response(content, media_type=MEDIA_TYPE, headers={"cache-control": "private, max-age=60"})
