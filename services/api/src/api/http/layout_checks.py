"""Whether a layout could be drawn, before there is a camera that has it."""

from fastapi import APIRouter

from api.compute import compute
from api.http.authentication import Reader
from api.http.documents.layouts import NewLayout
from api.http.layouts import LayoutRoute
from api.model.layouts import check

router = APIRouter(prefix="/v1/layouts", tags=["layouts"], route_class=LayoutRoute)


@router.post("/check", status_code=204)
async def check_layout(body: NewLayout, caller: Reader) -> None:
    """Refuse what PUT of a layout would refuse of any camera; nothing is saved.

    Sections, and ids that other sites have, are looked at when it is drawn.
    """
    await compute(check, body)
