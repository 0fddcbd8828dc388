"""X-HTTP-Method-Override of tus 1.0: the method of a request that came through a proxy which passes few methods."""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from ingest.http.problems import on_refusal
from ingest.refusals import HeaderInvalid

HEADER = "x-http-method-override"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class MethodOverride:
    """Middleware: the header's method counts, and not the actual one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        asked = Headers(scope=scope).get(HEADER, "").strip().upper() if scope["type"] == "http" else ""
        if asked and not may_replace(scope["method"], asked):
            refusal = HeaderInvalid("X-HTTP-Method-Override makes no change of a method that is safe; use POST.")
            response = await on_refusal(Request(scope), refusal)
            await response(scope, receive, send)
        else:
            await self._app(dict(scope, method=asked) if asked else scope, receive, send)


def may_replace(actual: str, asked: str) -> bool:
    """Whether a request may count as one of method `asked`: one that caches and crawlers repeat must change nothing."""
    return asked in SAFE or actual not in SAFE
