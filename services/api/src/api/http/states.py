"""States of tables."""

from typing import Any

from fastapi import APIRouter, Query

from api.http import documents, paging
from api.http.parts import Has, Reader
from api.store import facts

router = APIRouter(prefix="/v1/states", tags=["states"])


@router.get("", response_model=documents.Page[documents.State])
async def list_states(
    who: Reader,
    has: Has,
    site_id: str | None = None,
    camera_id: str | None = None,
    run_id: str | None = None,
    live: bool | None = Query(None, description="true: live states only; false: states of runs only"),
    cursor: paging.Cursor = None,
    limit: paging.Limit = 500,
) -> Any:
    """The newest state of each table, live and of each run. A live state past expires_at reads unknown."""
    async with has.inside(who.site_list) as conn:
        found = await facts.states(
            conn, who.site_list, site_id=site_id, camera_id=camera_id, run_id=run_id, live=live,
            after=paging.read(cursor), limit=limit, now=has.now(),
        )  # fmt: skip
    return paging.page([state for _, state in found], limit, found[-1][0] if found else None)
