"""Layouts of cameras: each change is a new version."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Response

from api.compute import compute
from api.http import paging
from api.http.authentication import Reader, Writer
from api.http.dependencies import Deps
from api.http.documents.common import NumberText, Page
from api.http.documents.layouts import Layout as LayoutDocument
from api.http.documents.layouts import LayoutHints, LayoutProposal, LayoutVersion, NewLayout, SavedLayout
from api.http.preconditions import IfMatch, IfNoneMatch, check_preconditions, layout_tag
from api.http.routes import Route
from api.model import events
from api.model.errors import LayoutNotFound, LayoutProposalNotFound
from api.model.layouts import Drawn, draw, same, saved_layout, standing_proposal
from api.model.types import Json
from api.store import Connection, cameras, layout_hints, sections, site_events
from chassis import outbox
from objects.store import Gone
from tablewatch_schemas import ContractError
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
    """Draw tables and floor, as a new version unless the newest one is the same.

    A table with its `table_id` stays that table. One without stays the table of the version before that it is matched
    with, by place and label, if there is one (docs/layouts.md); else it is new.

    A table that another camera of the site sees too is drawn under its `table_id`. It has one label, section and number
    of seats: those of the layout that was drawn last, of those that have the table. Where another camera has changed
    them since, the same drawing is a new version that changes them back.
    """
    foreign = await _ids_of_other_sites(deps, camera_id, body)
    async with deps.store_writes.place(), deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id, lock=True)
        newest = await cameras.layout(conn, camera)
        check_preconditions(None if newest is None else layout_tag(newest.version), if_match, if_none_match)
        drawn = await _draw(conn, deps, camera, body, newest, foreign)
        layout = drawn.layout
        if newest is not None and same(layout, newest) and await cameras.tables_are_as_drawn(conn, newest.tables):
            return await _saved(replace(drawn, layout=newest))
        # The object first: nothing may name a layout that cannot be read. After a crash here it has no row.
        await deps.objects.put(layout.layout_key, layout.to_json(), "application/json")
        await _save(conn, deps, camera, layout)
    return await _saved(drawn)


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


@router.get("/{camera_id}/layout/proposal", response_model=LayoutProposal)
async def get_layout_proposal(camera_id: str, caller: Reader, deps: Deps) -> Any:
    """What is proposed for a camera that was moved, or why nothing can be.

    It is there while the camera is moved (`status.layout_proposal` of the camera names it), and gone when it is well
    again, another layout was drawn, or it has another source. A proposal that is made anew has another id.
    """
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        status = await cameras.status(conn, camera_id)
    proposal = standing_proposal(camera, status)
    if proposal is None:
        raise LayoutProposalNotFound("The camera was not moved, or its layout was drawn anew since.")
    links = {f"{which}_url": await deps.link(proposal[f"{which}_key"]) for which in ("before", "after")}
    of_camera = {"site_id": camera["site_id"], "camera_id": camera_id}
    return proposal | of_camera | links | await _proposed(deps, proposal["layout_key"])


@router.get("/{camera_id}/layouts", response_model=Page[LayoutVersion])
async def list_layouts(
    camera_id: str, caller: Reader, deps: Deps, cursor: paging.Cursor = None, limit: paging.Limit = 100
) -> Any:
    """Versions of the layout, newest first."""
    before = paging.decode_number(cursor)
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        found = await cameras.layouts(conn, camera, before, limit)
    return paging.page(found, limit, str(found[-1]["version"]) if found else None)


@router.get("/{camera_id}/layouts/{version}", response_model=LayoutDocument)
async def get_layout_version(camera_id: str, version: NumberText, caller: Reader, deps: Deps) -> Any:
    """One version."""
    return await _response(await _version(deps, caller.site_list, camera_id, version))


async def _proposed(deps: Deps, layout_key: str | None) -> Json:
    """Tables and floor of a proposed layout. Raises LayoutProposalNotFound."""
    if layout_key is None:
        return {"reference": None, "tables": None, "floor": None}
    try:
        layout = await compute(Layout.parse, await deps.objects.get(layout_key))
    except (Gone, ContractError) as error:
        raise LayoutProposalNotFound("What was proposed is not there any more.") from error
    found = layout.to_dict()
    return {name: found[name] for name in ("reference", "tables", "floor")}


async def _ids_of_other_sites(deps: Deps, camera_id: str, body: NewLayout) -> set[str]:
    """Table ids of the body that are another site's; by the owner's pool: row security hides them."""
    named = [table.table_id for table in body.tables if table.table_id is not None]
    async with deps.pool.acquire() as conn:
        return await cameras.foreign_tables(conn, camera_id, named)


async def _draw(
    conn: Connection, deps: Deps, camera: Json, body: NewLayout, newest: Layout | None, foreign: set[str]
) -> Drawn:
    return await compute(
        draw,
        camera,
        body,
        newest=newest,
        version=await cameras.newest_version(conn, camera["camera_id"]) + 1,
        foreign=foreign,
        sections=await sections.known(
            conn, camera["site_id"], {each.section_id for each in body.tables if each.section_id}
        ),
        now=deps.now(),
    )


async def _save(conn: Connection, deps: Deps, camera: Json, layout: Layout) -> None:
    now = layout.created_at
    await cameras.add_layout(conn, layout)
    await cameras.set_tables(conn, camera, layout.tables, now)
    camera = await cameras.save(conn, camera | {"layout_version": layout.version}, now)
    await outbox.enqueue(conn, events.camera_config_event(camera, now))
    await site_events.append(conn, [events.camera_config_site_event(camera)])


async def _version(deps: Deps, sites: list[str] | None, camera_id: str, version: int | None) -> Layout:
    if version is not None and not 1 <= version < 2**31:
        raise LayoutNotFound(f"The camera has no layout version {version}.")
    async with deps.transaction(sites) as conn:
        camera = await cameras.get(conn, sites, camera_id)
        layout = await cameras.layout(conn, camera, version)
    if layout is None:
        raise LayoutNotFound("The camera has no such layout; draw one with PUT.")
    return layout


async def _saved(drawn: Drawn) -> Response:
    headers = {"ETag": layout_tag(drawn.layout.version)}
    return Response(await compute(saved_layout, drawn), headers=headers, media_type="application/json")


async def _response(layout: Layout) -> Response:
    """Encoded off the event loop: from before the limits there are layouts of 100,000 points."""
    headers = {"ETag": layout_tag(layout.version)}
    return Response(await compute(layout.to_json), headers=headers, media_type="application/json")
