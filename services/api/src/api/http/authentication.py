"""The caller of a request, by API key or session cookie, and the scopes that endpoints need."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

import asyncpg
from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from api.http.address_guard import AddressGuard
from api.http.dependencies import Deps, dependencies
from api.http.rate_limit import RequestLimiter
from api.model.access import Caller, Scope, check, hash_secret, split
from api.model.errors import KeyExpired, KeyInvalid, KeyMissing, OriginRefused
from api.store import Connection, keys

COOKIE = "tablewatch_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Declared for the OpenAPI document only; `identify` reads the header and the cookie
_bearer = HTTPBearer(auto_error=False, description="An API key, twk_...")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="Set by POST /v1/session")


async def identify(request: Request, deps: Deps) -> Caller:
    """The caller, looked up; counts the request.

    Raises KeyMissing, KeyInvalid, KeyExpired, OriginRefused, HttpError (429).
    """
    caller = await _authenticated(request, deps)
    if not hasattr(request.state, "rate"):  # called twice for a request with an Idempotency-Key
        limiter: RequestLimiter = request.app.state.limiter
        request.state.rate = await limiter.take(caller)
    return caller


async def caller_of(request: Request, deps: Deps) -> Caller:
    """The caller, looked up once for a request. Raises what `identify` does."""
    if not hasattr(request.state, "caller"):
        request.state.caller = await identify(request, deps)
    caller: Caller = request.state.caller
    return caller


async def _authenticated(request: Request, deps: Deps) -> Caller:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme:
        row = await authenticate(request, deps, text.strip() if scheme.lower() == "bearer" else "", "key")
        return _caller(row, by_cookie=False)
    token = request.cookies.get(COOKIE)
    if token is None:
        raise KeyMissing("Send Authorization: Bearer <key>, or sign in at /v1/session.")
    if request.method not in SAFE_METHODS:
        check_origin(request)
    return _caller(await _of_session(request, deps, token), by_cookie=True)


async def authenticate(request: Request, deps: Deps, text: str, what: str) -> asyncpg.Record:
    """The row of a valid key. Raises KeyInvalid, KeyExpired, TooManyWrongKeys, counted as failures of `what`."""
    guard = address_guard(request)
    try:
        prefix, secret = split(text)
    except ValueError as error:
        async with guard.attempt(request, what, None):
            raise KeyInvalid("That is not a key.") from error
    secret_hash = hash_secret(secret)
    async with guard.attempt(request, what, secret_hash), deps.pool.acquire() as conn:
        await guard.check(request, what, secret_hash)  # again: others of the address were waiting for a connection, too
        row = await keys.by_prefix(conn, prefix)
        if row is None:
            raise KeyInvalid("The key is unknown or was revoked.")
        check(secret, row["secret_hash"], row["revoked_at"], row["expires_at"], deps.clock.now())
        await _record_use(deps, conn, row)
    return row


def address_guard(request: Request) -> AddressGuard:
    """That of the request's app."""
    guard: AddressGuard = request.app.state.address_guard
    return guard


def check_origin(request: Request) -> None:
    """Browsers send the cookie with requests of other pages too: refuse those. Raises OriginRefused."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if (origin is not None and not _is_own(origin, request)) or site in ("cross-site", "same-site"):
        raise OriginRefused("With a cookie, only the page itself may change things; use a key instead.")


def _is_own(origin: str, request: Request) -> bool:
    """Of the host that was asked, or of the public address: a proxy may have rewritten Host."""
    public = urlsplit(dependencies(request).settings.public_url)
    return _host_of(origin) == request.headers.get("host") or origin == f"{public.scheme}://{public.netloc}"


def _host_of(origin: str) -> str:
    """Empty of what is no address, and so nobody's host."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


async def _of_session(request: Request, deps: Deps, token: str) -> asyncpg.Record:
    """The row of the key that a session belongs to. Raises KeyInvalid, KeyExpired, TooManyWrongKeys."""
    now, guard, token_hash = deps.clock.now(), address_guard(request), hash_secret(token)
    async with guard.attempt(request, "session", token_hash), deps.pool.acquire() as conn:
        await guard.check(request, "session", token_hash)
        row = await keys.by_session(conn, token, now)
        if row is None or row["revoked_at"] is not None:
            raise KeyInvalid("The session has ended; sign in again.")
        if row["expires_at"] is not None and row["expires_at"] <= now:
            raise KeyExpired("The key has expired; sign in with another.")
        await _record_use(deps, conn, row)
    return row


async def _record_use(deps: Deps, conn: Connection, row: asyncpg.Record) -> None:
    if row["last_used_at"] is None or deps.clock.now() - row["last_used_at"] > keys.USED_EVERY:
        await keys.used(conn, row["key_id"], deps.clock.now())


def _caller(row: asyncpg.Record, *, by_cookie: bool) -> Caller:
    sites = None if row["site_ids"] is None else frozenset(row["site_ids"])
    return Caller(row["key_id"], frozenset(row["scopes"]), sites, by_cookie)


SCOPES_NEEDED: dict[Any, Scope | None] = {caller_of: None}
"""Dependencies that look up the caller, and the scope that each needs."""


def _with_scope(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    async def identified(
        caller: Annotated[Caller, Depends(caller_of)], _bearer: Annotated[object, Depends(_bearer)],
        _cookie: Annotated[object, Depends(_cookie)],
    ) -> Caller:  # fmt: skip
        caller.require(scope)
        return caller

    SCOPES_NEEDED[identified] = scope
    return identified


Anyone = Annotated[Caller, Depends(caller_of)]
Collector = Annotated[Caller, Depends(_with_scope("asset"))]
Reader = Annotated[Caller, Depends(_with_scope("read"))]
Writer = Annotated[Caller, Depends(_with_scope("write"))]
Uploader = Annotated[Caller, Depends(_with_scope("upload"))]
Admin = Annotated[Caller, Depends(_with_scope("admin"))]
