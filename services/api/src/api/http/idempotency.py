"""`Idempotency-Key`: a POST that is repeated with the same key gets the first response and does nothing else."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from api.http.authentication import caller_of
from api.http.dependencies import Deps
from api.http.errors import IdempotencyInFlight, IdempotencyKeyReused
from api.http.routes import Handler, Route
from api.model import seal
from api.store import idempotent_responses
from api.store.idempotent_responses import EarlierRequest, RequestKey

NAME = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
MAX_LENGTH = 255
_STORED_HEADERS = ("content-type", "location", "etag")


def _declared(
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=MAX_LENGTH,
            description="Any text, unique for each thing that you want done. A request that is repeated within 24 h"
            " with the same key and body gets the first response, and nothing else is done.",
        ),
    ] = None,
) -> None:
    """For the OpenAPI document and validation; IdempotentRoute reads the header."""


class IdempotentRoute(Route):
    """A route whose POST takes an Idempotency-Key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        dependencies = list(more.get("dependencies") or ())
        # include_router constructs each route a second time, with the dependencies of the first
        declared = any(each.dependency is _declared for each in dependencies)
        if "POST" in (more.get("methods") or ()) and not declared:
            more["dependencies"] = [*dependencies, Depends(_declared)]
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, called once for each Idempotency-Key."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            name = request.headers.get(NAME)
            if request.method != "POST" or not name or len(name) > MAX_LENGTH:
                return await inner(request)
            await self.authorize(request)
            with self.opened(request) as within_limits:
                return await _once(within_limits, name, inner)

        return handle


async def _once(request: Request, name: str, inner: Callable[[Request], Awaitable[Response]]) -> Response:
    deps: Deps = request.app.state.dependencies
    caller = await caller_of(request, deps)
    request_key = RequestKey(
        key_id=caller.key_id, route=request.url.path, name_hash=hashlib.sha256(name.encode()).digest()
    )
    sealing_key = seal.derive(deps.settings.link_secret.get_secret_value(), caller.key_id, request.url.path, name)
    body_hash, attempt = hashlib.sha256(await request.body()).digest(), secrets.token_hex(8)
    async with deps.pool.acquire() as conn:
        earlier = await idempotent_responses.begin(conn, request_key, body_hash, attempt, deps.clock.now())
    if earlier is not None:
        return _replayed(earlier, body_hash, sealing_key)
    return await _first(deps, request_key, attempt, sealing_key, lambda: inner(request))


async def _first(
    deps: Deps, request_key: RequestKey, attempt: str, sealing_key: bytes, do: Callable[[], Awaitable[Response]]
) -> Response:
    """Handle the request and store its response. An error is not stored: it changed nothing, and may be retried."""
    response: Response | None = None
    try:
        response = await do()
    finally:
        async with deps.pool.acquire() as conn:
            if response is not None and response.status_code < 300:
                sealed = seal.seal(sealing_key, _encode(response))
                await idempotent_responses.save(conn, request_key, attempt, response.status_code, sealed)
            else:
                await idempotent_responses.release(conn, request_key, attempt)
    return response


def _replayed(earlier: EarlierRequest, body_hash: bytes, sealing_key: bytes) -> Response:
    if earlier.body_hash != body_hash:
        raise IdempotencyKeyReused("This Idempotency-Key came with another body; use a new one for it.")
    if earlier.status is None or earlier.answer is None:
        detail = "The first request with this Idempotency-Key is not answered yet; send it again."
        raise IdempotencyInFlight(detail, headers={"Retry-After": "1"})
    headers, body = _decode(seal.unseal(sealing_key, earlier.answer))
    return Response(body, earlier.status, headers | {REPLAYED: "true"})


def _encode(response: Response) -> bytes:
    headers = {name: response.headers[name] for name in _STORED_HEADERS if name in response.headers}
    return orjson.dumps({"headers": headers, "body": bytes(response.body).decode()})


def _decode(stored: bytes) -> tuple[dict[str, str], bytes]:
    document = orjson.loads(stored)
    return document["headers"], document["body"].encode()
