"""`Idempotency-Key`: a POST that is sent again with the same key answers as the first time and does nothing again."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

import orjson
from fastapi import Depends, Header
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from api import seal
from api.http.parts import Parts, caller
from api.problems import Problem
from api.store import answers
from api.store.answers import Known, Slot

NAME = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 255
_KEPT_HEADERS = ("content-type", "location", "etag")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def _declared(
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=LONGEST,
            description="Any text of your own, new for each thing that you want done. Sent again within 24 h with the"
            " same body, the answer of the first time comes again and nothing is done.",
        ),
    ] = None,
) -> None:
    """For the OpenAPI document and its checks; `Idempotent` reads it."""


class Idempotent(APIRoute):
    """A route of a router; its POSTs take an Idempotency-Key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        there = list(more.get("dependencies") or ())
        # An app that includes a router makes its routes anew, with what this added the first time
        if "POST" in (more.get("methods") or ()) and not any(each.dependency is _declared for each in there):
            more["dependencies"] = [*there, Depends(_declared)]
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Handler:
        """The handler of FastAPI, and around it the slot of the key."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            name = request.headers.get(NAME)
            if request.method != "POST" or not name or len(name) > LONGEST:
                return await inner(request)
            return await _once(request, name, inner)

        return handle


async def _once(request: Request, name: str, inner: Callable[[Request], Awaitable[Response]]) -> Response:
    has: Parts = request.app.state.parts
    who = await caller(request, has)
    slot = Slot(key_id=who.key_id, route=request.url.path, name_hash=hashlib.sha256(name.encode()).digest())
    key = seal.derive(has.settings.link_secret.get_secret_value(), who.key_id, request.url.path, name)
    body_hash, attempt = hashlib.sha256(await request.body()).digest(), secrets.token_hex(8)
    async with has.pool.acquire() as conn:
        known = await answers.begin(conn, slot, body_hash, attempt, has.clock.now())
    if known is not None:
        return _again(known, body_hash, key)
    return await _first(has, slot, attempt, key, lambda: inner(request))


async def _first(has: Parts, slot: Slot, attempt: str, key: bytes, do: Callable[[], Awaitable[Response]]) -> Response:
    """Do it and keep the answer. What was refused or failed is not kept: it changed nothing and may be tried again."""
    response: Response | None = None
    try:
        response = await do()
    finally:
        async with has.pool.acquire() as conn:
            if response is not None and response.status_code < 300:
                await answers.keep(conn, slot, attempt, response.status_code, seal.seal(key, _packed(response)))
            else:
                await answers.let_go(conn, slot, attempt)
    return response


def _again(known: Known, body_hash: bytes, key: bytes) -> Response:
    if known.body_hash != body_hash:
        raise Problem("idempotency_key_reused", "This Idempotency-Key came with another body; use a new one for it.")
    if known.status is None or known.answer is None:
        raise Problem(
            "idempotency_in_flight", "The first request with this Idempotency-Key is not answered yet; send it again.",
            headers={"Retry-After": "1"},
        )  # fmt: skip
    headers, body = _unpacked(seal.unseal(key, known.answer))
    return Response(body, known.status, headers | {REPLAYED: "true"})


def _packed(response: Response) -> bytes:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return orjson.dumps({"headers": headers, "body": bytes(response.body).decode()})


def _unpacked(packed: bytes) -> tuple[dict[str, str], bytes]:
    said = orjson.loads(packed)
    return said["headers"], said["body"].encode()
