"""Signing in from a browser, whose EventSource cannot send a header."""

import secrets
from typing import Any

from fastapi import APIRouter, Request, Response

from api.http import documents
from api.http.bodies import SignIn
from api.http.parts import COOKIE, Anyone, Has, authenticate, check_origin
from api.store import keys

router = APIRouter(prefix="/v1/session", tags=["session"])


@router.post("", response_model=documents.Session)
async def sign_in(body: SignIn, has: Has, request: Request, response: Response) -> Any:
    """Exchange a key for a cookie that no script can read and no other page can use."""
    check_origin(request)
    row = await authenticate(has, body.key)
    token, ttl = secrets.token_urlsafe(32), has.settings.api_session_ttl_s
    async with has.pool.acquire() as conn, conn.transaction():
        await keys.sign_in(conn, token, row["key_id"], has.now(), ttl)
    response.set_cookie(
        COOKIE, token, max_age=ttl, path="/", httponly=True, samesite="strict", secure=has.settings.api_cookie_secure
    )
    return {"key_id": row["key_id"], "scopes": row["scopes"], "site_ids": row["site_ids"]}


@router.get("", response_model=documents.Session)
async def get_session(who: Anyone) -> Any:
    """Who is asking, by key or cookie."""
    return {"key_id": who.key_id, "scopes": sorted(who.scopes), "site_ids": who.site_list}


@router.delete("", status_code=204)
async def sign_out(has: Has, request: Request, response: Response) -> None:
    """End the session; without one there is nothing to end."""
    token = request.cookies.get(COOKIE)
    if token is not None:
        check_origin(request)
        async with has.pool.acquire() as conn:
            await keys.sign_out(conn, token)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
