"""Refusals as application/problem+json (RFC 9457) with a stable `code`."""

import errno
from typing import Any

import asyncpg
import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from dependencies.database import database_error
from dependencies.errors import (
    DependencyError,
    StoreFull,
    UploadsFull,
    UploadsReadOnly,
    exhausted,
)
from ingest.refusals import (
    DiskFull,
    HeaderInvalid,
    Internal,
    InvalidRequest,
    MethodNotAllowed,
    NotAvailable,
    NotFound,
    Refusal,
)
from webserver.problems import MEDIA_TYPE, problem_document, unknown_parameters

log = structlog.get_logger(__name__)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_DISK = _FULL | {errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOENT, errno.ENOTDIR, errno.ESTALE}


def problem(refusal: Refusal, **members: Any) -> Response:
    """The response for a refusal; `members` are further facts, by name."""
    body = problem_document(
        refusal.code, refusal.sentence, refusal.status, refusal.reason, retryable=refusal.retryable, **members
    )
    headers = {"Tus-Resumable": "1.0.0", "Cache-Control": "no-store", **refusal.headers}
    if refusal.status == 413:
        headers["Connection"] = "close"  # rather than read an unwanted body to its end
    return Response(orjson.dumps(body), refusal.status, headers, MEDIA_TYPE)


async def on_refusal(_request: Request, error: Exception) -> Response:
    """Handler of every Refusal."""
    if not isinstance(error, Refusal):
        raise error
    return problem(error, **error.members)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Handler of what the framework refuses: a path or method that there is not."""
    if not isinstance(error, HTTPException) or error.status_code not in (404, 405):
        return await on_unexpected(request, error)
    allowed = _allowed_methods(request)
    return problem(MethodNotAllowed(headers={"Allow": ", ".join(allowed)}) if allowed else NotFound())


def _allowed_methods(request: Request) -> list[str]:
    """Methods of the routes with the path of the request; the framework names those of one route only."""
    matching = (each for each in request.app.state.routes if each.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in matching for method in route.methods or ()})


async def on_unexpected(request: Request, error: Exception) -> Response:
    """Handler of every other exception."""
    log.error("request_failed", path=request.url.path, exc_info=error)
    return problem(Internal())


async def refuse_query(request: Request) -> None:
    """Raises InvalidRequest: no operation of ingest has query parameters."""
    if faults := unknown_parameters(request.query_params):
        raise InvalidRequest(f"It is {faults[0]['parameter']!r}.", errors=faults)


async def on_unavailable(_request: Request, error: Exception) -> Response:
    """Handler of what a dependency raises that cannot be used now: the client may retry. Members name it and why."""
    if isinstance(error, ValueError):  # asyncpg's error for a value that does not fit its column: no retry helps
        return problem(HeaderInvalid("A number is out of range."))
    away = _dependency_error(error)
    kind = DiskFull if isinstance(away, (StoreFull, UploadsFull)) else NotAvailable
    log.warning(
        "request failed", code=kind.code, dependency=away.name, cause=away.code, error=type(error).__name__,
        reason=str(error),
    )  # fmt: skip
    refusal = kind("" if kind is DiskFull else away.excuse, headers={"Retry-After": "2"})
    return problem(refusal, dependency=away.name, cause=away.code)


def _dependency_error(error: Exception) -> DependencyError:
    """The store's errors name themselves; those of a connection are the database's, and the others the disk's."""
    if isinstance(error, DependencyError):
        return error
    if (none_left := exhausted(error)) is not None:
        return none_left
    if isinstance(error, OSError) and error.errno in _DISK:
        return UploadsFull() if error.errno in _FULL else UploadsReadOnly()
    return database_error(error)


UNAVAILABLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
