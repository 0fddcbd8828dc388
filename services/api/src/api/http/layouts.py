"""Layouts of cameras: written as new versions, never changed."""

from typing import Any

from fastapi import APIRouter, Response

from api import announce
from api.http import documents, paging
from api.http.bodies import NewLayout
from api.http.cameras import tell
from api.http.parts import Has, Parts, Reader, Writer
from api.http.versions import IfMatch, IfNoneMatch, check, layout_tag
from api.layouts import draw, same
from api.problems import Problem
from api.store import Connection, Json, cameras, sections
from chassis import outbox
from tablewatch_schemas.layout import Layout

router = APIRouter(prefix="/v1/cameras", tags=["layouts"])


@router.put("/{camera_id}/layout", response_model=documents.Layout)
async def put_layout(
    camera_id: str, body: NewLayout, who: Writer, has: Has, response: Response, if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Any:  # fmt: skip
    """Draw tables and floor. What shows the same as the newest version is that version."""
    taken = await _taken(has, camera_id, body)
    async with has.inside(who.site_list) as conn:
        camera = await cameras.get(conn, who.site_list, camera_id, lock=True)
        newest = await cameras.layout(conn, camera)
        check(None if newest is None else layout_tag(newest.version), if_match, if_none_match)
        layout = await _drawn(conn, has, camera, body, newest, taken)
        if newest is not None and same(layout, newest):
            return _shown(newest, response)
        # The object first: nothing may name a layout that cannot be read. A crash here leaves one that nobody names.
        await has.objects.put(layout.layout_key, layout.to_json(), "application/json")
        await _keep(conn, has, camera, layout)
    return _shown(layout, response)


@router.get("/{camera_id}/layout", response_model=documents.Layout)
async def get_layout(camera_id: str, who: Reader, has: Has, response: Response) -> Any:
    """The newest version."""
    return _shown(await _version(has, who.site_list, camera_id, None), response)


@router.get("/{camera_id}/layouts", response_model=documents.Page[documents.LayoutVersion])
async def list_layouts(
    camera_id: str, who: Reader, has: Has, cursor: paging.Cursor = None, limit: paging.Limit = 100
) -> Any:
    """Versions of the layout, newest first."""
    before = paging.read_number(cursor)
    async with has.inside(who.site_list) as conn:
        camera = await cameras.get(conn, who.site_list, camera_id)
        found = await cameras.layouts(conn, camera, before, limit)
    return paging.page(found, limit, str(found[-1]["version"]) if found else None)


@router.get("/{camera_id}/layouts/{version}", response_model=documents.Layout)
async def get_layout_version(camera_id: str, version: int, who: Reader, has: Has, response: Response) -> Any:
    """One version."""
    return _shown(await _version(has, who.site_list, camera_id, version), response)


async def _taken(has: Parts, camera_id: str, body: NewLayout) -> set[str]:
    """Ids of the body that another camera has, of whatever site: asked outside the wall, which hides those."""
    named = [table.table_id for table in body.tables if table.table_id is not None]
    async with has.pool.acquire() as conn:
        return await cameras.taken_tables(conn, camera_id, named)


async def _drawn(
    conn: Connection, has: Parts, camera: Json, body: NewLayout, newest: Layout | None, taken: set[str]
) -> Layout:
    return draw(
        camera,
        body,
        version=await cameras.newest_version(conn, camera["camera_id"]) + 1,
        labels={table.label: table.table_id for table in newest.tables} if newest else {},
        taken=taken,
        sections={each["section_id"] for each in await sections.of_site(conn, camera["site_id"], hold=True)},
        now=has.now(),
    )


async def _keep(conn: Connection, has: Parts, camera: Json, layout: Layout) -> None:
    now = layout.created_at
    await cameras.add_layout(conn, layout)
    await cameras.keep_tables(conn, camera, layout.tables, now)
    camera = await cameras.save(conn, camera | {"layout_version": layout.version}, now)
    await outbox.add(conn, announce.camera_config(camera, now))
    await tell(conn, "camera.config", camera)


async def _version(has: Parts, wall: list[str] | None, camera_id: str, version: int | None) -> Layout:
    if version is not None and not 1 <= version < 2**31:
        raise Problem("layout_not_found", f"The camera has no layout version {version}.")
    async with has.inside(wall) as conn:
        camera = await cameras.get(conn, wall, camera_id)
        layout = await cameras.layout(conn, camera, version)
    if layout is None:
        raise Problem("layout_not_found", "The camera has no such layout; draw one with PUT.")
    return layout


def _shown(layout: Layout, response: Response) -> Json:
    response.headers["ETag"] = layout_tag(layout.version)
    return layout.to_dict()
