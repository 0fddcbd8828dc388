"""Tables."""

from typing import Any

from fastapi import APIRouter, Query

from api.http import documents, paging
from api.http.parts import Has, Reader
from api.store import facts, tables

router = APIRouter(prefix="/v1/tables", tags=["tables"])


@router.get("", response_model=documents.Page[documents.Table])
async def list_tables(
    who: Reader,
    has: Has,
    site_id: str | None = None,
    camera_id: str | None = None,
    section_id: str | None = None,
    retired: bool | None = Query(None, description="false: those of the newest layouts only"),
    cursor: paging.Cursor = None,
    limit: paging.Limit = 500,
) -> Any:
    """Tables, of one site or of all that the key opens; those too that the newest layout has no more."""
    async with has.inside(who.site_list) as conn:
        found = await tables.page(
            conn, who.site_list, site_id=site_id, camera_id=camera_id, section_id=section_id, retired=retired,
            after=paging.read(cursor), limit=limit,
        )  # fmt: skip
    return paging.page(found, limit, found[-1]["table_id"] if found else None)


@router.get("/{table_id}", response_model=documents.TableWithState)
async def get_table(table_id: str, who: Reader, has: Has) -> Any:
    """One table, with its live state and how each layout version drew it."""
    async with has.inside(who.site_list) as conn:
        table = await tables.get(conn, who.site_list, table_id)
        states = await facts.states(conn, [table["site_id"]], table_id=table_id, live=True, now=has.now(), limit=1)
        drawn = await tables.versions(conn, table)
    return table | {"state": states[0][1] if states else None, "layouts": drawn}
