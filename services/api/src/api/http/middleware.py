"""What happens with every request: a limit on its body, security headers, metrics."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.bodies import too_large
from api.http.errors import InvalidHeader, InvalidRequest
from api.http.problems import problem_response
from api.metrics import HTTP_REQUESTS, HTTP_SECONDS
from chassis import trace
from chassis.clock import Clock
from chassis.metrics import Metrics
from ratelimit.limit import RateStatus
from ratelimit.limit import headers as rate_headers
from tablewatch_schemas.foreign import read_number
from webserver.forwarded import client_location

Headers = MutableMapping[str, str]
_SECURITY_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    # The page records videos with the device's camera, without sound
    b"permissions-policy": b"camera=(self), display-capture=(), geolocation=(), microphone=()",
}


class TooLarge(HTTPException):
    """The body is larger than the limit. An HTTPException, because FastAPI answers 400 to any other while it reads."""

    def __init__(self) -> None:
        super().__init__(413)


class RequestMiddleware:
    """ASGI middleware. Not a BaseHTTPMiddleware, which would buffer the event stream."""

    def __init__(
        self, app: ASGIApp, *, max_body: int, policy: str, public_url: str, clock: Clock, metrics: Metrics
    ) -> None:
        self._app, self._max_body, self._clock, self._metrics = app, max_body, clock, metrics
        self._public_url = public_url
        self._headers = [*_SECURITY_HEADERS.items(), (b"content-security-policy", policy.encode())]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace.child(_header(scope, b"traceparent"))
        started, status = self._clock.monotonic(), [0]
        try:
            await self._handle(scope, receive, self._with_headers(scope, send, status))
        finally:
            self._count(scope, status[0], self._clock.monotonic() - started)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if b"%00" in scope["query_string"] or "\x00" in scope["path"]:
            # Valid in a URL, but Postgres refuses it as text, whatever parameter it is in
            await problem_response(InvalidRequest("Zero bytes are not text."))(scope, receive, send)
            return
        try:
            length = read_number(_header(scope, b"content-length") or "0")
        except ValueError as error:
            await problem_response(InvalidHeader(f"Content-Length: {error}."))(scope, receive, send)
            return
        if length > self._max_body:
            await self._refuse_body(scope, receive, send)
            return
        try:
            await self._app(scope, limited(receive, self._max_body), send)
        except TooLarge:
            await self._refuse_body(scope, receive, send)

    def _with_headers(self, scope: Scope, send: Send, status: list[int]) -> Callable[[Message], Awaitable[None]]:
        """`send` that adds our headers, except those that the response has, and puts its status into `status`."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
                present = {name for name, _ in message["headers"]}
                ours = [*self._headers, *_rate_headers(scope)]
                theirs = [(name, self._located(scope, name, value)) for name, value in message["headers"]]
                message["headers"] = [*theirs, *(pair for pair in ours if pair[0] not in present)]
            await send(message)

        return with_headers

    def _located(self, scope: Scope, name: bytes, value: bytes) -> bytes:
        """A header of a response; Location names what the client has to ask for, also behind a proxy."""
        if name != b"location":
            return value
        headers = {key.decode("latin-1"): text.decode("latin-1") for key, text in scope["headers"]}
        return client_location(value.decode("latin-1"), self._public_url, headers, scope["path"]).encode("latin-1")

    async def _refuse_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        await problem_response(too_large(self._max_body))(scope, receive, send)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route: Any = scope.get("route")
        path = getattr(route, "path", "none")
        self._metrics.count(HTTP_REQUESTS, route=path, method=_method(scope), status=str(status))
        self._metrics.observe(HTTP_SECONDS, seconds, route=path)


def limited(receive: Receive, most: int) -> Receive:
    """`receive` that raises TooLarge past `most` bytes, also of a body without a Content-Length."""
    left = most

    async def receive_limited() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLarge
        return message

    return receive_limited


def _rate_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """What the caller's key and site have left; nothing while the caller is not known."""
    statuses: list[RateStatus] = scope.get("state", {}).get("rate", [])
    return [(name.lower().encode(), value.encode()) for name, value in rate_headers(statuses).items()]


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def _method(scope: Scope) -> str:
    """The method; an unknown one is `other`, so that clients cannot add label values to the metrics."""
    known = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return str(scope["method"]) if scope["method"] in known else "other"
