"""Errors as problem documents (RFC 9457): the status of each, and the handlers that answer with them."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from api.http.bodies import BodyRefused
from api.http.errors import (
    BodyTooLarge,
    HttpError,
    Internal,
    InvalidJson,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Unavailable,
)
from api.model import errors
from api.model.errors import ApiError
from dependencies.database import database_error
from dependencies.errors import DependencyError
from webserver.problems import MEDIA_TYPE, problem_document

log = structlog.get_logger("api.http")

STATUS: dict[type[ApiError], int] = {
    errors.Invalid: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.UploadTooLarge: 413,
    errors.SiteStorageFull: 413,
    errors.RangeInvalid: 416,
}
"""Of errors that know nothing of HTTP: by class, or by its nearest base class here."""
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="tablewatch"'}
_BY_STATUS: dict[int, type[HttpError]] = {
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    503: Unavailable,
}
# Not every OSError: a missing file is one too
_UNREACHABLE = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidCachedStatementError,  # after a migration, once for each connection
)


def codes() -> list[type[ApiError]]:
    """Every error that the api answers with, those of HTTP first."""
    of_http = list(HttpError.each())
    return [*of_http, *(error for error in ApiError.each() if error not in of_http)]


def codes_by_status() -> dict[int, list[str]]:
    """Codes of each status."""
    found: dict[int, list[str]] = {}
    for error in codes():
        found.setdefault(status_of(error), []).append(error.code)
    return found


def status_of(error: type[ApiError]) -> int:
    """The HTTP status of an error."""
    if issubclass(error, HttpError):
        return error.status
    return next(STATUS[base] for base in error.__mro__ if base in STATUS)


def document(error: ApiError) -> dict[str, Any]:
    """The body, as RFC 9457 section 3 defines it."""
    status, members = status_of(type(error)), dict(error.members)
    if "pointer" in members:  # of a rule, into the body; `errors` names every kind of place in one way
        members["errors"] = [{"pointer": f"/body{members['pointer']}", "detail": error.detail}]
    return problem_document(error.code, error.sentence, status, error.detail, retryable=error.retryable, **members)


def problem_response(error: ApiError) -> JSONResponse:
    """The response to an error."""
    return JSONResponse(document(error), status_of(type(error)), _headers(error), MEDIA_TYPE)


def _headers(error: ApiError) -> dict[str, str]:
    if isinstance(error, errors.RangeInvalid):
        return {"Content-Range": f"bytes */{error.size}"}
    return _CHALLENGE if isinstance(error, errors.Unauthenticated) else error.headers


def add_handlers(app: FastAPI, routes: Sequence[APIRoute]) -> None:
    """Answer every exception with a problem document; `routes` are those of the API."""
    app.state.api_routes = routes
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(Exception, _unexpected)
    for error in (*_UNREACHABLE, asyncpg.InterfaceError, asyncpg.InternalClientError):
        app.add_exception_handler(error, _unreachable)


async def _api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return problem_response(error)


async def _validation_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return problem_response(InvalidJson("The body cannot be read as JSON."))
    return problem_response(refused_fields(error))


def refused_fields(error: RequestValidationError) -> InvalidRequest:
    """Every fault of a request, each with a pointer to its place; never the value, which may be a secret."""
    return faulty([_fault(tuple(each["loc"]), _words(each["type"], each["msg"])) for each in error.errors()])


def _words(kind: str, message: str) -> str:
    """What a fault of pydantic says to the caller, without the words of Python in it."""
    return "There is no such field" if kind == "extra_forbidden" else message.removeprefix("Value error, ")


def faulty(faults: Sequence[dict[str, str]]) -> InvalidRequest:
    """The problem of a request with these faults."""
    detail = "; ".join(f"{each['pointer']}: {each['detail']}" for each in faults[:3])
    return InvalidRequest(detail, errors=list(faults))


def _fault(place: tuple[int | str, ...], detail: str) -> dict[str, str]:
    """A fault: `pointer` begins with body, query, path or header; outside of bodies `parameter` is the name alone."""
    fault = {"pointer": "/" + "/".join(map(str, place)), "detail": detail}
    outside = place[0] != "body" and len(place) > 1
    return fault | {"parameter": str(place[1])} if outside else fault


async def _http_exception(request: Request, error: Exception) -> Response:
    if isinstance(error, BodyRefused):
        return problem_response(error.problem)
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    # The page's files are mounted behind every path, and answer 404 or 405 for paths of the API too
    if status in (404, 405) and (allowed := _allowed_methods(request)):
        status, headers["Allow"] = 405, ", ".join(allowed)
    elif status == 405 and request.url.path.startswith("/v1/"):
        status, headers = 404, {}
    kind = _BY_STATUS.get(status, InvalidRequest if status < 500 else Internal)
    return problem_response(kind("See /docs for what there is.", headers=headers))


def _allowed_methods(request: Request) -> list[str]:
    """Methods of the API's routes with the path of the request."""
    routes: Sequence[APIRoute] = request.app.state.api_routes
    documented = [each for each in routes if each.include_in_schema]
    matching = [each for each in documented if each.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in matching for method in route.methods or ()})


async def _unreachable(_request: Request, error: Exception) -> Response:
    if isinstance(error, ValueError):  # asyncpg's error for a value that does not fit its column
        return problem_response(InvalidRequest("A value is out of range."))
    away = error if isinstance(error, DependencyError) else database_error(error)  # the others have errors of their own
    log.warning("part_away", dependency=away.name, code=away.code, error=repr(error))
    return problem_response(unavailable(away))


def unavailable(away: DependencyError) -> Unavailable:
    """The problem of a dependency that cannot be used now: the members name it and the code of the cause."""
    return Unavailable(away.excuse, headers={"Retry-After": "1"}, dependency=away.name, cause=away.code)


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.url.path, exc_info=error)
    return problem_response(Internal("It is in our log, with the trace of your request."))
