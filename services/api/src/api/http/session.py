"""Sessions of browsers, whose EventSource cannot send an Authorization header."""

import secrets
from typing import Any

from fastapi import APIRouter, Request, Response

from api.http.authentication import COOKIE, Anyone, address_guard, authenticate, check_origin
from api.http.dependencies import Deps
from api.http.documents.keys import Session, SignIn
from api.http.routes import Route
from api.store import keys

MAX_SIGN_IN = 4096
"""Bytes of the only body that is read before its sender is known: it brings the key."""


class SignInRoute(Route):
    """A route whose body comes from somebody unknown."""

    most_body_bytes = MAX_SIGN_IN


router = APIRouter(prefix="/v1/session", tags=["session"], route_class=SignInRoute)


@router.post("", response_model=Session)
async def sign_in(body: SignIn, deps: Deps, request: Request, response: Response) -> Any:
    """Exchange a key for a cookie that scripts cannot read and other pages cannot use."""
    check_origin(request)
    row = await authenticate(request, deps, body.key, "sign_in")
    token, ttl = secrets.token_urlsafe(32), deps.settings.api_session_ttl_s
    async with deps.pool.acquire() as conn, conn.transaction():
        await keys.sign_in(conn, token, row["key_id"], deps.now(), ttl)
    address_guard(request).made()
    response.set_cookie(
        COOKIE, token, max_age=ttl, path="/", httponly=True, samesite="strict", secure=deps.settings.api_cookie_secure
    )
    return {"key_id": row["key_id"], "scopes": row["scopes"], "site_ids": row["site_ids"]}


@router.get("", response_model=Session)
async def get_session(caller: Anyone) -> Any:
    """The caller, by key or cookie."""
    return {"key_id": caller.key_id, "scopes": sorted(caller.scopes), "site_ids": caller.site_list}


@router.delete("", status_code=204)
async def sign_out(deps: Deps, request: Request, response: Response) -> None:
    """End the session, if there is one."""
    token = request.cookies.get(COOKIE)
    if token is not None:
        check_origin(request)
        async with deps.pool.acquire() as conn:
            await keys.sign_out(conn, token)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
