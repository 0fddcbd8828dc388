"""Layouts that are proposed for cameras that were moved: shown, accepted, mended or dismissed, and remembered."""

from typing import Any

from fastapi import APIRouter

from api.compute import compute
from api.http import paging
from api.http.authentication import Reader, Writer
from api.http.authors import author_of
from api.http.dependencies import Deps
from api.http.documents.common import Page
from api.http.documents.layout_proposals import AcceptedProposal, DismissedProposal, LayoutDecision
from api.http.documents.layouts import LayoutProposal, SavedLayout
from api.http.layout_saving import foreign_tables, save_in, saved
from api.http.layouts import LayoutRoute
from api.model.access import Caller
from api.model.errors import LayoutProposalNotFound, NothingProposed
from api.model.layout_proposals import Decision, undecided
from api.model.layouts import ACCEPTED, Drawn, Outlines, PictureSize
from api.model.types import Json
from api.store import Connection, cameras, layout_decisions, layouts
from objects.store import Gone
from tablewatch_schemas import ContractError, keys
from tablewatch_schemas.layout import Layout

DRAWN_FIELDS = ("reference", "tables", "floor", "ignore")
"""Of a layout: what a drawing has."""

router = APIRouter(prefix="/v1/cameras", tags=["layouts"], route_class=LayoutRoute)


@router.get("/{camera_id}/layout/proposal", response_model=LayoutProposal)
async def get_layout_proposal(camera_id: str, caller: Reader, deps: Deps) -> Any:
    """What is proposed for a camera that was moved, or why nothing can be.

    It is there while the camera is moved (`status.layout_proposal` of the camera names it), and gone when it is well
    again, another layout was drawn, it has another source, or somebody decided about it. A proposal that is made anew
    has another id; after a dismissal one that has the tables at the same places is not shown again.
    """
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        proposal = await _standing(conn, camera)
    links = {f"{which}_url": await deps.link(proposal[f"{which}_key"]) for which in ("before", "after")}
    of_camera = {"site_id": camera["site_id"], "camera_id": camera_id}
    return proposal | of_camera | links | _drawing_of(await _proposed(deps, proposal))


@router.post("/{camera_id}/layout/proposal/accept", response_model=SavedLayout)
async def accept_layout_proposal(camera_id: str, body: AcceptedProposal, caller: Writer, deps: Deps) -> Any:
    """Take what is proposed as the camera's layout, or with `layout` what you made of it.

    The answer is that of PUT of the layout. Decision and both pictures are kept (`proposals` of the camera).
    """
    proposal = await _asked_for(deps, caller, camera_id, body.proposal_id)
    drawing = body.layout or await _outlines(deps, proposal)
    decision: Decision = "mended" if body.layout is not None else "accepted"
    foreign = await foreign_tables(deps, camera_id, drawing)
    author = await author_of(deps, caller)
    async with deps.store_writes.place():
        kept = await _kept(deps, caller, camera_id, proposal)
        async with deps.transaction(caller.site_list) as conn:
            camera = await _still_undecided(conn, caller, camera_id, body.proposal_id)
            drawn = await save_in(conn, deps, camera, drawing, foreign, author, ACCEPTED)
            await _decide(conn, deps, camera, proposal, kept, author, decision, body.note, drawn)
    return await saved(drawn)


@router.post("/{camera_id}/layout/proposal/dismiss", response_model=LayoutDecision)
async def dismiss_layout_proposal(camera_id: str, body: DismissedProposal, caller: Writer, deps: Deps) -> Any:
    """Do not take what is proposed; it is not shown again. Decision and both pictures are kept.

    The layout stays, and so does the state of its tables: unknown, until the camera shows its earlier view again or its
    layout is drawn.
    """
    proposal = await _asked_for(deps, caller, camera_id, body.proposal_id)
    author = await author_of(deps, caller)
    async with deps.store_writes.place():
        kept = await _kept(deps, caller, camera_id, proposal)
        async with deps.transaction(caller.site_list) as conn:
            camera = await _still_undecided(conn, caller, camera_id, body.proposal_id)
            decided = await _decide(conn, deps, camera, proposal, kept, author, "dismissed", body.note)
    return await _shown(deps, decided)


@router.get("/{camera_id}/proposals", response_model=Page[LayoutDecision])
async def list_layout_decisions(
    camera_id: str, caller: Reader, deps: Deps, cursor: paging.Cursor = None, limit: paging.Limit = 100
) -> Any:
    """Proposals that were decided about, the newest decision first."""
    async with deps.transaction(caller.site_list) as conn:
        await cameras.get(conn, caller.site_list, camera_id)
        found = await layout_decisions.page(conn, camera_id, paging.decode_cursor(cursor), limit)
    shown = [await _shown(deps, each) for each in found]
    return paging.page(shown, limit, found[-1]["proposal_id"] if found else None)


async def _standing(conn: Connection, camera: Json) -> Json:
    """The proposal that nobody has decided about. Raises LayoutProposalNotFound."""
    status = await cameras.status(conn, camera["camera_id"])
    layout = await cameras.layout(conn, camera)
    proposal = undecided(camera, status, layout, await layout_decisions.of_version(conn, camera))
    if proposal is None:
        raise LayoutProposalNotFound("The camera was not moved, its layout was drawn anew, or this is decided.")
    return proposal


async def _asked_for(deps: Deps, caller: Caller, camera_id: str, proposal_id: str) -> Json:
    """The standing one, if that is meant. Raises LayoutProposalNotFound."""
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        return _meant(await _standing(conn, camera), proposal_id)


async def _still_undecided(conn: Connection, caller: Caller, camera_id: str, proposal_id: str) -> Json:
    """The camera, locked. Raises LayoutProposalNotFound."""
    camera = await cameras.get(conn, caller.site_list, camera_id, lock=True)
    _meant(await _standing(conn, camera), proposal_id)
    return camera


def _meant(proposal: Json, proposal_id: str) -> Json:
    if proposal["proposal_id"] != proposal_id:
        raise LayoutProposalNotFound("Another one stands now; read it again.")
    return proposal


async def _kept(deps: Deps, caller: Caller, camera_id: str, proposal: Json) -> dict[str, str | None]:
    """Copies of both pictures, by `before_key` and `after_key`: the proposal's own are deleted when it is over."""
    async with deps.transaction(caller.site_list) as conn:
        site_id = (await cameras.get(conn, caller.site_list, camera_id))["site_id"]
    of = camera_id, proposal["proposal_id"]
    return {
        "before_key": await _copied(deps, proposal["before_key"], keys.decided_picture(site_id, *of, "before")),
        "after_key": await _copied(deps, proposal["after_key"], keys.decided_picture(site_id, *of, "after")),
    }


async def _copied(deps: Deps, key: str, to: str) -> str | None:
    """None where it is gone."""
    try:
        picture = await deps.objects.get(key)
    except Gone:
        return None
    await deps.objects.put(to, picture, "image/jpeg")
    return to


async def _decide(
    conn: Connection, deps: Deps, camera: Json, proposal: Json, kept: dict[str, str | None], author: layouts.Author,
    decision: Decision, note: str | None, drawn: Drawn | None = None,
) -> Json:  # fmt: skip
    of_camera = {name: camera[name] for name in ("camera_id", "site_id")}
    by = {"by_key_id": author.key_id, "by": author.name, "decided_at": deps.now()}
    made = {"decision": decision, "note": note, "new_version": None if drawn is None else drawn.layout.version}
    return await layout_decisions.add(conn, of_camera | by | made | kept, proposal)


async def _shown(deps: Deps, decided: Json) -> Json:
    """With links instead of keys."""
    links = {f"{which}_url": await deps.link(decided[f"{which}_key"]) for which in ("before", "after")}
    return {name: value for name, value in decided.items() if not name.endswith("_key")} | links


async def _proposed(deps: Deps, proposal: Json) -> Layout | None:
    """The layout that is proposed; None where none is. Raises LayoutProposalNotFound."""
    if proposal["layout_key"] is None:
        return None
    try:
        return await compute(Layout.parse, await deps.objects.get(proposal["layout_key"]))
    except (Gone, ContractError) as error:
        raise LayoutProposalNotFound("What was proposed is not there any more.") from error


def _drawing_of(layout: Layout | None) -> Json:
    """Tables, floor and ignore areas, as far as they are proposed."""
    if layout is None:
        return dict.fromkeys(DRAWN_FIELDS)
    found = layout.to_dict()
    return {name: found[name] for name in DRAWN_FIELDS}


async def _outlines(deps: Deps, proposal: Json) -> Outlines:
    """Raises NothingProposed, LayoutProposalNotFound."""
    layout = await _proposed(deps, proposal)
    if layout is None:
        raise NothingProposed(f"{proposal['reason']} Give a layout, or dismiss it.")
    return Outlines(PictureSize(layout.width, layout.height), layout.tables, layout.floor, layout.ignore)
