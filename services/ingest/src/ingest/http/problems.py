"""Refusals as application/problem+json (RFC 9457) with a stable `code`."""

import errno

import asyncpg
import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from ingest.refusals import REFUSALS, Refusal, Refused

log = structlog.get_logger(__name__)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def problem(refusal: Refusal, detail: str | None = None, headers: dict[str, str] | None = None) -> Response:
    """The answer of a refusal."""
    body = {
        "type": f"urn:tablewatch:error:{refusal.code}",
        "title": refusal.sentence,
        "status": refusal.status,
        "code": refusal.code,
        "detail": detail or refusal.sentence,
        "retryable": refusal.retryable,
    }
    extra = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store", **(headers or {})}
    if refusal.status == 413:
        extra["Connection"] = "close"  # rather than read to its end what is not wanted
    return Response(orjson.dumps(body), refusal.status, extra, "application/problem+json")


async def on_refused(_request: Request, error: Exception) -> Response:
    """Handler of Refused."""
    if not isinstance(error, Refused):
        raise error
    return problem(error.refusal, error.reason, error.headers)


async def on_unavailable(_request: Request, error: Exception) -> Response:
    """Handler of what a lost database or disk raises: the client may try again."""
    full = isinstance(error, OSError) and error.errno in _FULL
    code = "disk_full" if full else "not_available"
    log.warning("request failed", code=code, error=type(error).__name__, reason=str(error))
    return problem(REFUSALS[code], headers={"Retry-After": "2"})


UNAVAILABLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
