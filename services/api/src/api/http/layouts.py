"""Layouts of cameras: each change is a new version."""

from typing import Any

import orjson
from fastapi import APIRouter, Response

from api.compute import compute
from api.http import paging
from api.http.authentication import Reader, Writer
from api.http.dependencies import Deps
from api.http.documents.common import NumberText, Page
from api.http.documents.layouts import Layout as LayoutDocument
from api.http.documents.layouts import LayoutDiff, LayoutHints, LayoutVersion, NewLayout, SavedLayout
from api.http.layout_saving import save_drawing, saved
from api.http.preconditions import IfMatch, IfNoneMatch, layout_tag
from api.http.routes import Route
from api.model.errors import LayoutNotFound
from api.model.layout_diff import diff_document
from api.model.layouts import DRAWN, redrawn, restored
from api.model.types import Sites
from api.store import cameras, layout_hints, layouts, sections
from tablewatch_schemas.doubts import DOUBTFUL, LOOKS
from tablewatch_schemas.layout import Layout

MOST_LAYOUT_BYTES = 1024 * 1024
"""4000 points with all their digits and indented, 200 labels of 200 characters as JSON escapes: 0.9 MB."""


class LayoutRoute(Route):
    """A route that takes drawings."""

    most_body_bytes = MOST_LAYOUT_BYTES


router = APIRouter(prefix="/v1/cameras", tags=["layouts"], route_class=LayoutRoute)


@router.put("/{camera_id}/layout", response_model=SavedLayout)
async def put_layout(
    camera_id: str, body: NewLayout, caller: Writer, deps: Deps, if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Any:  # fmt: skip
    """Draw tables, floor and ignore areas, as a new version unless the newest one is the same.

    A table with its `table_id` stays that table. One without stays the table of the version before that it is matched
    with, by place and label, if there is one (docs/layouts.md); else it is new.

    A table that another camera of the site sees too is drawn under its `table_id`. It has one label, section and number
    of seats: those of the layout that was drawn last, of those that have the table. Where another camera has changed
    them since, the same drawing is a new version that changes them back.
    """
    return await saved(await save_drawing(deps, caller, camera_id, body, DRAWN, if_match, if_none_match))


@router.get("/{camera_id}/layout", response_model=LayoutDocument)
async def get_layout(camera_id: str, caller: Reader, deps: Deps) -> Any:
    """The newest version."""
    return await _response(await _version(deps, caller.site_list, camera_id, None))


@router.get("/{camera_id}/layout/hints", response_model=LayoutHints)
async def get_layout_hints(camera_id: str, caller: Reader, deps: Deps) -> Any:
    """What looks say about how the tables of the newest version are drawn, counted since it was drawn.

    Apart from the layout, whose versions never change.
    """
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        layout = await cameras.layout(conn, camera)
        if layout is None:
            raise LayoutNotFound("The camera has no such layout; draw one with PUT.")
        hints = await layout_hints.of_layout(conn, layout)
    found = [each | {"sentence": LOOKS.get(each["reason"], LOOKS[DOUBTFUL])} for each in hints]
    return {"camera_id": camera_id, "version": layout.version, "hints": found}


@router.get("/{camera_id}/layouts", response_model=Page[LayoutVersion])
async def list_layouts(
    camera_id: str, caller: Reader, deps: Deps, cursor: paging.Cursor = None, limit: paging.Limit = 100
) -> Any:
    """Versions of the layout, newest first."""
    before = paging.decode_number(cursor)
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        found = await layouts.page(conn, camera, before, limit)
    return paging.page(found, limit, str(found[-1]["version"]) if found else None)


@router.get("/{camera_id}/layouts/{version}", response_model=LayoutDocument)
async def get_layout_version(camera_id: str, version: NumberText, caller: Reader, deps: Deps) -> Any:
    """One version."""
    return await _response(await _version(deps, caller.site_list, camera_id, version))


@router.get("/{camera_id}/layouts/{version}/diff", response_model=LayoutDiff)
async def get_layout_diff(
    camera_id: str, version: NumberText, caller: Reader, deps: Deps, from_version: NumberText | None = None
) -> Any:
    """What differs between a version and an earlier or later one: the one before it, unless `from_version` is given."""
    newer = await _version(deps, caller.site_list, camera_id, version)
    older = await _compared(deps, caller.site_list, newer, from_version)
    return Response(orjson.dumps(await compute(diff_document, older, newer)), media_type="application/json")


@router.post("/{camera_id}/layouts/{version}/restore", response_model=SavedLayout)
async def restore_layout(
    camera_id: str, version: NumberText, caller: Writer, deps: Deps, if_match: IfMatch = None
) -> Any:
    """Draw an earlier version again, as a new one, with the tables that it had.

    Tables that it does not have are retired, those that were retired since are back under their ids. A section that
    was deleted since is left out.
    """
    earlier = await _version(deps, caller.site_list, camera_id, version)
    drawing = await compute(redrawn, earlier, await _sections(deps, earlier))
    return await saved(await save_drawing(deps, caller, camera_id, drawing, restored(version), if_match))


async def _version(deps: Deps, sites: list[str] | None, camera_id: str, version: int | None) -> Layout:
    if version is not None and not 1 <= version < 2**31:
        raise LayoutNotFound(f"The camera has no layout version {version}.")
    async with deps.transaction(sites) as conn:
        camera = await cameras.get(conn, sites, camera_id)
        layout = await cameras.layout(conn, camera, version)
    if layout is None:
        raise LayoutNotFound("The camera has no such layout; draw one with PUT.")
    return layout


async def _compared(deps: Deps, sites: Sites, newer: Layout, from_version: int | None) -> Layout | None:
    """The version that is given, or the one before. Raises LayoutNotFound."""
    if from_version is not None:
        return await _version(deps, sites, newer.camera_id, from_version)
    async with deps.transaction(sites) as conn:
        return await layouts.before(conn, newer)


async def _sections(deps: Deps, layout: Layout) -> set[str]:
    """Sections that tables of a layout are in, as far as they are still there."""
    async with deps.transaction([layout.site_id]) as conn:
        return await sections.known(conn, layout.site_id, {t.section_id for t in layout.tables if t.section_id})


async def _response(layout: Layout) -> Response:
    """Encoded off the event loop: from before the limits there are layouts of 100,000 points."""
    headers = {"ETag": layout_tag(layout.version)}
    return Response(await compute(layout.to_json), headers=headers, media_type="application/json")
