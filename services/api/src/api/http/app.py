"""The HTTP application: routers, and errors as problem documents."""

from typing import Any
from urllib.parse import urlsplit

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Match

from api.http import (
    cameras,
    documents,
    events,
    frames,
    hazards,
    job_history,
    keys,
    layouts,
    links,
    objects,
    page,
    sections,
    session,
    sites,
    states,
    tables,
    turns,
    video_commands,
    videos,
)
from api.http.follow import link
from api.http.guards import Guards, problem_response
from api.http.limiter import Limiter
from api.http.parts import Parts
from api.problems import MEDIA_TYPE, Code, Problem
from api.settings import ApiSettings

log = structlog.get_logger("api.http")

ROUTERS = (
    sites,
    sections,
    cameras,
    layouts,
    videos,
    video_commands,
    job_history,
    turns,
    states,
    tables,
    frames,
    hazards,
    events,
    keys,
    session,
    objects,
    links,
)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem (RFC 9457)",
        "model": documents.Problem,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
# Not every OSError, which a missing file is too
AWAY = (ConnectionError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.OperatorInterventionError)
# Headers of ours that another origin's page may send, and may read
SENT = ("Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", "Range", "traceparent")
SHOWN = (
    "ETag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed", "Content-Range",
    "Accept-Ranges",
)  # fmt: skip
_STATUS: dict[int, Code] = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large", 503: "unavailable"}


def create_app(parts: Parts) -> FastAPI:
    """The app over its parts."""
    app = FastAPI(
        title="tablewatch",
        version="1",
        description="Table states and hazards out of restaurant cameras and videos.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
    )
    app.state.parts = parts
    app.state.limiter = Limiter(parts.settings.api_rate_limit)
    for each in ROUTERS:
        app.include_router(each.router, responses=_ANSWERS)
    _link(app)
    page.mount(app, parts.settings.api_web_dist)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _internal)
    for fault in (*AWAY, asyncpg.InterfaceError, asyncpg.InternalClientError):
        app.add_exception_handler(fault, _unavailable)
    if parts.settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=parts.settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", *SENT],
            expose_headers=SHOWN,
            allow_credentials=False,  # the cookie is the page's own; others send a key
        )
    app.add_middleware(
        Guards,
        max_body=parts.settings.api_max_body_bytes,
        policy=content_policy(parts.settings),
        clock=parts.clock,
        metrics=parts.metrics,
    )
    return app


def _link(app: FastAPI) -> None:
    """Let the document say what can be done with what an answer names."""
    plain = app.openapi
    app.openapi = lambda: app.openapi_schema or link(plain())  # type: ignore[method-assign]


def content_policy(settings: ApiSettings) -> str:
    """What the page may load: itself, pictures of the object store, and ingest to upload to."""
    away = [_origin(settings.ingest_public_url), *([_origin(settings.s3_url)] if settings.s3_url else [])]
    also = " ".join(away)
    return (
        f"default-src 'self'; connect-src 'self' {also}; img-src 'self' data: blob: {also};"
        f" media-src 'self' blob: {also}; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none';"
        " frame-ancestors 'none'; form-action 'self'"
    )


def _origin(url: str) -> str:
    found = urlsplit(url)
    return f"{found.scheme}://{found.netloc}"


async def _problem(_request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return problem_response(error)


async def _invalid(_request: Request, error: Exception) -> Response:
    """Every fault of a request, each with a pointer to where it is; never the value, which may be a secret."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    if any(each["type"] == "json_invalid" for each in found):
        return problem_response(Problem("invalid_json", "The body cannot be read as JSON."))
    errors = [{"pointer": "/" + "/".join(map(str, each["loc"])), "detail": each["msg"]} for each in found]
    detail = "; ".join(f"{each['pointer']}: {each['detail']}" for each in errors[:3])
    return problem_response(Problem("invalid_request", detail, errors=errors))


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    # The page's files stand behind every path, and know nothing of the methods of ours
    if status in (404, 405) and (allowed := _allowed(request)):
        status, headers["Allow"] = 405, ", ".join(allowed)
    code = _STATUS.get(status, "invalid_request" if status < 500 else "internal")
    return problem_response(Problem(code, "See /docs for what there is.", headers=headers))


def _allowed(request: Request) -> list[str]:
    """Methods of all our routes of a path."""
    routes = [route for each in ROUTERS for route in each.router.routes if isinstance(route, APIRoute)]
    there = [route for route in routes if route.include_in_schema and route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in there for method in route.methods or ()})


async def _unavailable(_request: Request, error: Exception) -> Response:
    if isinstance(error, ValueError):  # so asyncpg calls a value that fits no column
        return problem_response(Problem("invalid_request", "A value is out of range."))
    log.warning("part_away", error=repr(error))
    said = "The database or the object store is away; try again."
    return problem_response(Problem("unavailable", said, headers={"Retry-After": "1"}))


async def _internal(request: Request, error: Exception) -> Response:
    log.error("request_failed", path=request.url.path, exc_info=error)
    return problem_response(Problem("internal", "It is in our log, with the trace of your request."))
