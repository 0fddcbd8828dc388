"""What the handlers work with, and who is asking."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

import asyncpg
from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from api.access import Caller, Scope, check, hash_secret, split
from api.events.hub import Hub
from api.http.limiter import Limiter
from api.live_crops import LiveCrops
from api.problems import Problem
from api.settings import ApiSettings
from api.store import Connection, Sites, keys
from api.store.wall import Wall
from chassis.clock import Clock
from chassis.links import LinkSigner
from chassis.metrics import Metrics
from chassis.objects import ObjectStore

COOKIE = "tablewatch_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="tablewatch"'}

# Declared for the OpenAPI document; the reading is done in `caller`
_bearer = HTTPBearer(auto_error=False, description="An API key, twk_...")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="Set by POST /v1/session")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that a request may need; made once, in `__main__`."""

    settings: ApiSettings
    wall: Wall
    objects: ObjectStore
    signer: LinkSigner
    hub: Hub
    clock: Clock
    metrics: Metrics
    live_crops: LiveCrops | None = None

    @property
    def pool(self) -> asyncpg.Pool:
        """The owner's, before a caller is known. What is done for a caller is done `inside` the wall."""
        return self.wall.pool

    def inside(self, sites: Sites) -> AbstractAsyncContextManager[Connection]:
        """A transaction that Postgres holds to these sites."""
        return self.wall.inside(sites)

    def now(self) -> datetime:
        """The time, cut to the millisecond that documents show."""
        now = self.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    async def link(self, key: str | None) -> str | None:
        """A link to an object that expires; None for no object."""
        return None if key is None else await self.objects.link(key, self.settings.api_link_ttl_s)

    def link_to_part(self, key: str, offset: int, length: int) -> str:
        """A link of our own to bytes of an object: a presigned one of S3 would open all of it."""
        until = int(self.clock.now().timestamp()) + self.settings.api_link_ttl_s
        return self.signer.sign(key, until, part=f"{offset}-{length}")


def parts(request: Request) -> Parts:
    """The parts of this app."""
    found: Parts = request.app.state.parts
    return found


Has = Annotated[Parts, Depends(parts)]


async def caller(request: Request, has: Has) -> Caller:
    """Who asks, by bearer key or session cookie. Raises Problem key_missing, key_invalid, key_expired, rate_limited."""
    who = await _identified(request, has)
    if not hasattr(request.state, "rate"):  # asked for twice where a request carries an Idempotency-Key
        limiter: Limiter = request.app.state.limiter
        request.state.rate = await limiter.take(who.key_id)
    return who


async def _identified(request: Request, has: Parts) -> Caller:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme:
        return await _by_key(has, text.strip() if scheme.lower() == "bearer" else "")
    token = request.cookies.get(COOKIE)
    if token is None:
        raise Problem("key_missing", "Send Authorization: Bearer <key>, or sign in at /v1/session.", headers=_CHALLENGE)
    if request.method not in SAFE:
        check_origin(request)
    return await _by_cookie(has, token)


async def authenticate(has: Parts, text: str) -> asyncpg.Record:
    """The row of a key that opens. Raises Problem key_invalid or key_expired."""
    try:
        prefix, secret = split(text)
    except ValueError as error:
        raise Problem("key_invalid", "That is not a key.", headers=_CHALLENGE) from error
    async with has.pool.acquire() as conn:
        row = await keys.by_prefix(conn, prefix)
        if row is None:
            hash_secret(secret)  # the same work whether the prefix exists or not
            raise Problem("key_invalid", "The key is unknown or was revoked.", headers=_CHALLENGE)
        check(secret, row["secret_hash"], row["revoked_at"], row["expires_at"], has.clock.now())
        await _note_use(has, conn, row)
    return row


def check_origin(request: Request) -> None:
    """A cookie goes along with requests that another page makes us: refuse them. Raises Problem origin_refused."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    foreign = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or site in ("cross-site", "same-site"):
        raise Problem("origin_refused", "With a cookie, only the page itself may change things; use a key instead.")


async def _by_key(has: Parts, text: str) -> Caller:
    row = await authenticate(has, text)
    return _caller(row, by_cookie=False)


async def _by_cookie(has: Parts, token: str) -> Caller:
    now = has.clock.now()
    async with has.pool.acquire() as conn:
        row = await keys.by_session(conn, token, now)
        if row is None or row["revoked_at"] is not None:
            raise Problem("key_invalid", "The session has ended; sign in again.", headers=_CHALLENGE)
        if row["expires_at"] is not None and row["expires_at"] <= now:
            raise Problem("key_expired", "The key has expired; sign in with another.", headers=_CHALLENGE)
        await _note_use(has, conn, row)
    return _caller(row, by_cookie=True)


async def _note_use(has: Parts, conn: Connection, row: asyncpg.Record) -> None:
    if row["last_used_at"] is None or has.clock.now() - row["last_used_at"] > keys.USED_EVERY:
        await keys.used(conn, row["key_id"], has.clock.now())


def _caller(row: asyncpg.Record, *, by_cookie: bool) -> Caller:
    sites = None if row["site_ids"] is None else frozenset(row["site_ids"])
    return Caller(row["key_id"], frozenset(row["scopes"]), sites, by_cookie)


def _needs(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    async def needed(
        who: Annotated[Caller, Depends(caller)], _bearer: Annotated[object, Depends(_bearer)],
        _cookie: Annotated[object, Depends(_cookie)],
    ) -> Caller:  # fmt: skip
        who.require(scope)
        return who

    return needed


Anyone = Annotated[Caller, Depends(caller)]
Collector = Annotated[Caller, Depends(_needs("asset"))]
Reader = Annotated[Caller, Depends(_needs("read"))]
Writer = Annotated[Caller, Depends(_needs("write"))]
Uploader = Annotated[Caller, Depends(_needs("upload"))]
Admin = Annotated[Caller, Depends(_needs("admin"))]
