"""Who gets in: the guard before all pages. A page elsewhere must neither read this one nor act by it.

- A request's `Host` must be this machine itself, where no token is asked for: else a name that somebody else's page
  has, and that is made to lead here, could read all (DNS rebinding).
- The token comes once in the address, and then as a cookie that no script reads; or as `Authorization: Bearer`, for
  programs. Another site's page can have the cookie sent by a link alone, and a link changes nothing.
- Nothing is changed but by POST, from a page of this origin, with the key of its form.
"""

import hmac
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import Headers, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fileq.dashboard import LOCAL_HOSTS
from fileq.dashboard.desk import Desk

_HEADERS = {
    b"content-security-policy": b"default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self';"
    b" connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"referrer-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}


class Guard:
    """Let those requests through to `app` that may get there, and have each answer say what a page may do."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._refusal(scope) or self._welcome(scope)
        await (answer or self._app)(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if self._desk.token is None and _host_name(headers.get("host", "")) not in LOCAL_HOSTS:
            return _refused("This dashboard answers to localhost alone.", 421)
        if scope["method"] not in ("GET", "HEAD") and not _is_same_origin(headers):
            return _refused("This comes from another page.", 403)
        return None

    def _welcome(self, scope: Scope) -> Response | None:
        """Return the answer to who knows the token and comes by it, or does not know it; None for who has come in."""
        if self._desk.token is None or self._knows(_token_of(scope)):
            return None
        query = QueryParams(scope["query_string"])
        if scope["method"] in ("GET", "HEAD") and self._knows(query.get("token", "")):
            rest = urlencode([(name, value) for name, value in query.multi_items() if name != "token"])
            answer = RedirectResponse(f"/{scope['path'].lstrip('/')}{rest and '?'}{rest}", 303)
            answer.set_cookie(_cookie_name(scope), self._desk.token, httponly=True, samesite="lax")
            return answer
        return _refused("This dashboard asks for a token: open the address that `fileq dashboard` printed.", 401)

    def _knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode("utf-8", "replace"), (self._desk.token or "").encode())


def _refused(why: str, status: int) -> Response:
    return PlainTextResponse(f"{why}\n", status)


def _host_name(host: str) -> str:
    """Return the name in a Host header, without its port; "" where it has none that can be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_same_origin(headers: Headers) -> bool:
    """Return whether a request comes from a page of this origin, as every browser says in one of two ways."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None or origin is None:  # no page can make its browser say that, and a proxy leaves it as it is
        return site == "same-origin"
    return origin.partition("://")[2] == headers.get("host", "")


def _cookie_name(scope: Scope) -> str:
    """Return the name of the cookie: browsers send one to all ports of a host, and each may have a dashboard."""
    server = scope.get("server")
    return f"fileq_token_{server[1] if server else 0}"


def _token_of(scope: Scope) -> str:
    headers = Headers(scope=scope)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return cookie_parser(headers.get("cookie", "")).get(_cookie_name(scope), "")


def _with_headers(send: Send) -> Send:
    async def send_all(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = dict(_HEADERS) | dict(message["headers"])
            headers.setdefault(b"cache-control", b"no-store")
            given = [pair for pair in message["headers"] if pair[0] == b"set-cookie"]
            plain = [(name, value) for name, value in headers.items() if name != b"set-cookie"]
            message = {**message, "headers": [*plain, *given]}
        await send(message)

    return send_all
