"""What stands around every request: a limit on its body, headers of safety, and a count."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.limiter import Share
from api.problems import MEDIA_TYPE, Problem
from chassis import trace
from chassis.clock import Clock
from chassis.metrics import Metrics

Headers = MutableMapping[str, str]
_SAFETY = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
}


class TooLarge(HTTPException):
    """The body goes on past the limit. An HTTPException, because FastAPI makes a 400 of any other while it reads."""

    def __init__(self) -> None:
        super().__init__(413)


class Guards:
    """ASGI middleware. Written against ASGI and not as BaseHTTPMiddleware, which would buffer the event stream."""

    def __init__(self, app: ASGIApp, *, max_body: int, policy: str, clock: Clock, metrics: Metrics) -> None:
        self._app, self._max_body, self._clock, self._metrics = app, max_body, clock, metrics
        self._headers = [*_SAFETY.items(), (b"content-security-policy", policy.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace.child(_header(scope, b"traceparent"))
        started, status = self._clock.monotonic(), [0]
        try:
            await self._limited(scope, receive, self._dressed(scope, send, status))
        finally:
            self._note(scope, status[0], self._clock.monotonic() - started)

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        if b"%00" in scope["query_string"] or "\x00" in scope["path"]:
            # Valid in a URL and no text for Postgres, whichever parameter it would end up in
            await problem_response(Problem("invalid_request", "Zero bytes are not text."))(scope, receive, send)
            return
        announced = _header(scope, b"content-length") or ""
        if announced.isdecimal() and int(announced) > self._max_body:
            await self._refuse(scope, receive, send)
            return
        try:
            await self._app(scope, self._counted(receive), send)
        except TooLarge:
            await self._refuse(scope, receive, send)

    def _counted(self, receive: Receive) -> Receive:
        left = self._max_body

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise TooLarge
            return message

        return counted

    def _dressed(self, scope: Scope, send: Send, status: list[int]) -> Callable[[Message], Awaitable[None]]:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
                there = {name for name, _ in message["headers"]}
                ours = [*self._headers, *_rate(scope)]
                message["headers"] = [*message["headers"], *(pair for pair in ours if pair[0] not in there)]
            await send(message)

        return dressed

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = Problem("body_too_large", f"At most {self._max_body} bytes; videos go to ingest.")
        await problem_response(problem)(scope, receive, send)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route: Any = scope.get("route")
        path = getattr(route, "path", "none")
        self._metrics.count("http_requests_total", route=path, method=_method(scope), status=str(status))
        self._metrics.observe("http_seconds", seconds, route=path)


def problem_response(problem: Problem) -> JSONResponse:
    """A problem as RFC 9457 has it."""
    return JSONResponse(problem.document(), problem.status, problem.headers, MEDIA_TYPE)


def _rate(scope: Scope) -> list[tuple[bytes, bytes]]:
    """What the caller's key has left, once the caller is known."""
    share: Share | None = scope.get("state", {}).get("rate")
    headers = {} if share is None else share.headers()
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def _method(scope: Scope) -> str:
    """The method, with all that we do not know as one, so that nobody fills the metrics."""
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return str(scope["method"]) if scope["method"] in known else "other"
