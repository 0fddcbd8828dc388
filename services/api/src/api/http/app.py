"""The HTTP application: routers, middleware, headers."""

from collections import Counter
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Scope

from api.http import (
    cameras,
    discoveries,
    dry_runs,
    events,
    frames,
    hazards,
    health,
    job_history,
    keys,
    layout_checks,
    layout_exchange,
    layout_proposals,
    layout_sources,
    layouts,
    links,
    objects,
    pages,
    plans,
    probes,
    scores,
    sections,
    session,
    sites,
    state_history,
    states,
    storage,
    suggestions,
    tables,
    video_commands,
    videos,
    views,
)
from api.http.address_guard import AddressGuard
from api.http.conditional import declare_conditions
from api.http.dependencies import HttpDependencies
from api.http.middleware import RequestMiddleware
from api.http.openapi_links import add_links
from api.http.openapi_words import WORDS
from api.http.problems import add_handlers, codes_by_status
from api.http.rate_limit import RequestLimiter
from api.settings import ApiSettings
from webserver.bodies import BodyBudget
from webserver.openapi import Document, declare_errors, name_objects, name_words, tidy

log = structlog.get_logger("api.http")
ROUTERS = (
    sites,
    storage,
    sections,
    plans,
    cameras,
    probes,
    discoveries,
    views,
    scores,
    layouts,
    layout_checks,
    layout_exchange,
    layout_sources,
    layout_proposals,
    suggestions,
    dry_runs,
    videos,
    video_commands,
    job_history,
    state_history,
    states,
    tables,
    frames,
    hazards,
    events,
    keys,
    session,
    objects,
    links,
    health,
)
# Request and response headers for pages of other origins (CORS)
ALLOWED_HEADERS = (
    "Idempotency-Key", "If-Match", "If-None-Match", "If-Modified-Since", "If-Range", "If-Unmodified-Since",
    "Last-Event-ID", "Range", "traceparent",
)  # fmt: skip
EXPOSED_HEADERS = (
    "ETag", "Location", "Retry-After", "RateLimit", "RateLimit-Policy", "Idempotent-Replayed", "Content-Range",
    "Accept-Ranges",
)  # fmt: skip


def create_app(deps: HttpDependencies) -> FastAPI:
    """The application."""
    app = FastAPI(
        title="tablewatch",
        version="1",
        description="Table states and hazards out of restaurant cameras and videos.",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,  # create_video, not create_video_v1_videos_post
        openapi_url=None,  # pages.mount adds it: to make the document takes a quarter of a second
    )
    app.state.dependencies = deps
    app.state.open_streams = Counter[str]()
    app.state.address_guard = AddressGuard(deps, log)
    app.state.body_budget = BodyBudget(deps.settings.http_body_budget_bytes)
    limits = (deps.settings.api_rate_limit, deps.settings.api_site_rate_limit)
    app.state.limiter = RequestLimiter(*limits, deps.pool, deps.clock, deps.metrics, log)
    for each in ROUTERS:
        app.include_router(each.router)
    _complete_openapi(app)
    pages.mount(app, deps.settings)
    routes = [route for each in ROUTERS for route in each.router.routes]
    add_handlers(app, [route for route in routes if isinstance(route, APIRoute)])
    if deps.settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=deps.settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", *ALLOWED_HEADERS],
            expose_headers=EXPOSED_HEADERS,
            allow_credentials=False,  # pages of other origins send a key, never the cookie
        )
    app.add_middleware(
        RequestMiddleware,
        max_body=deps.settings.api_max_body_bytes,
        policy=content_policy(deps.settings),
        public_url=deps.settings.public_url,
        clock=deps.clock,
        metrics=deps.metrics,
    )
    return app


async def warm_up(app: FastAPI) -> None:
    """Let the app handle a request for nothing: FastAPI makes its routes at the first, which takes 0.1 s.

    Before the process is ready, nobody waits for that.
    """
    scope: Scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "method": "GET",
        "path": "/v1/nothing", "raw_path": b"/v1/nothing", "root_path": "", "query_string": b"", "headers": [],
        "server": None, "client": None,
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        return

    await app(scope, receive, send)


def _complete_openapi(app: FastAPI) -> None:
    """Make the OpenAPI document one that generators understand, with Link Objects, when it is made."""
    of_fastapi = app.openapi
    app.openapi = lambda: (  # type: ignore[method-assign]
        app.openapi_schema
        or tidy(_named(declare_errors(declare_conditions(add_links(of_fastapi())), codes_by_status())))
    )


def _named(document: Document) -> Document:
    return name_words(name_objects(document), WORDS)


def content_policy(settings: ApiSettings) -> str:
    """Content-Security-Policy: the page may load from its own origin, the object store, and ingest."""
    others = [_origin(settings.ingest_public_url), *([_origin(settings.s3_url)] if settings.s3_url else [])]
    also = " ".join(others)
    return (
        f"default-src 'self'; connect-src 'self' {also}; img-src 'self' data: blob: {also};"
        f" media-src 'self' blob: {also}; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self';"
        " frame-ancestors 'none'; form-action 'self'"
    )


def _origin(url: str) -> str:
    found = urlsplit(url)
    return f"{found.scheme}://{found.netloc}"
