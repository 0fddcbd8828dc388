"""From a drawing to the newest version of a camera's layout, wherever the drawing comes from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from fastapi import Response

from api.compute import compute
from api.http.authors import author_of
from api.http.dependencies import HttpDependencies
from api.http.preconditions import check_preconditions, layout_tag
from api.model import events
from api.model.access import Caller
from api.model.camera_states import tables_happening
from api.model.layouts import ACCEPTED, PULLED, Drawing, Drawn, Origin, draw, same, saved_layout
from api.model.types import Json
from api.store import Connection, camera_states, cameras, layouts, sections, site_events
from chassis import outbox
from tablewatch_schemas.layout import Layout


async def save_drawing(
    deps: HttpDependencies,
    caller: Caller,
    camera_id: str,
    drawing: Drawing,
    origin: Origin,
    if_match: str | None = None,
    if_none_match: str | None = None,
) -> Drawn:
    """A new version, unless the newest one is the same. Raises what `draw` and `check_preconditions` do."""
    foreign = await foreign_tables(deps, camera_id, drawing)
    author = await author_of(deps, caller)
    async with deps.store_writes.place(), deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id, lock=True)
        version = camera["layout_version"]
        check_preconditions(None if version is None else layout_tag(version), if_match, if_none_match)
        return await save_in(conn, deps, camera, drawing, foreign, author, origin)


async def save_in(
    conn: Connection, deps: HttpDependencies, camera: Json, drawing: Drawing, foreign: set[str],
    author: layouts.Author, origin: Origin,
) -> Drawn:  # fmt: skip
    """As `save_drawing`, of a camera that this transaction has locked; with a place of `store_writes`.

    What is accepted is a version even where it is the same: a camera is moved until another version is drawn.
    """
    newest = await cameras.layout(conn, camera)
    drawn = await draw_in(conn, deps, camera, drawing, newest, foreign, keep_unsaid=origin == PULLED)
    if newest is not None and origin != ACCEPTED and await _is_there_already(conn, drawn.layout, newest):
        return replace(drawn, layout=newest)
    layout = drawn.layout
    # The object first: nothing may name a layout that cannot be read. After a crash here it has no row.
    await deps.objects.put(layout.layout_key, layout.to_json(), "application/json")
    await layouts.add(conn, drawn, author, origin)
    await _publish(conn, camera, layout, author)
    return drawn


async def _is_there_already(conn: Connection, layout: Layout, newest: Layout) -> bool:
    return same(layout, newest) and await cameras.tables_are_as_drawn(conn, newest.tables)


async def saved(drawn: Drawn) -> Response:
    """The response with a SavedLayout."""
    headers = {"ETag": layout_tag(drawn.layout.version)}
    return Response(await compute(saved_layout, drawn), headers=headers, media_type="application/json")


async def foreign_tables(deps: HttpDependencies, camera_id: str, drawing: Drawing) -> set[str]:
    """Table ids that are another site's; by the owner's pool: row security hides them."""
    named: Sequence[str] = [table.table_id for table in drawing.tables if table.table_id is not None]
    async with deps.pool.acquire() as conn:
        return await cameras.foreign_tables(conn, camera_id, named)


async def draw_in(
    conn: Connection, deps: HttpDependencies, camera: Json, drawing: Drawing, newest: Layout | None, foreign: set[str],
    *, keep_unsaid: bool = False,
) -> Drawn:  # fmt: skip
    """What a drawing would be as the next version; nothing is saved. Raises what `draw` does."""
    known = await known_of(conn, camera, drawing)
    return await drawn(camera, drawing, newest, foreign, known, deps.now(), keep_unsaid=keep_unsaid)


class Known(NamedTuple):
    """What the database has that a drawing is checked against: the version that it would be, and its sections."""

    version: int
    sections: set[str]


async def known_of(conn: Connection, camera: Json, drawing: Drawing) -> Known:
    """What the database has of these."""
    named = {each.section_id for each in drawing.tables if each.section_id}
    version = await cameras.newest_version(conn, camera["camera_id"]) + 1
    return Known(version, await sections.known(conn, camera["site_id"], named))


async def drawn(
    camera: Json, drawing: Drawing, newest: Layout | None, foreign: set[str], known: Known, now: datetime,
    *, keep_unsaid: bool = False,
) -> Drawn:  # fmt: skip
    """As `draw_in`, without a connection to Postgres."""
    return await compute(
        draw, camera, drawing, newest=newest, version=known.version, foreign=foreign, sections=known.sections, now=now,
        keep_unsaid=keep_unsaid,
    )  # fmt: skip


async def _publish(conn: Connection, camera: Json, layout: Layout, author: layouts.Author) -> None:
    now = layout.created_at
    await cameras.set_tables(conn, camera, layout.tables, now)
    moved = await camera_states.happen(conn, camera, tables_happening(len(layout.tables)), now, author)
    camera = await cameras.save(conn, camera | {"layout_version": layout.version}, now)
    await outbox.enqueue(conn, events.camera_config_event(camera, now))
    happened = [events.camera_state_event(each, camera["name"]) for each in moved]
    await site_events.append(conn, [events.camera_config_site_event(camera), *happened])
