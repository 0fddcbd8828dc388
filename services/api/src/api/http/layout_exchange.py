"""Layouts in the forms of others: crop JSON, COCO, zones of Frigate."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.compute import compute
from api.http.authentication import Reader, Writer
from api.http.dependencies import Deps
from api.http.documents.common import PlainText
from api.http.documents.layouts import NewLayout, SavedLayout
from api.http.layout_saving import save_drawing, saved
from api.http.layouts import LayoutRoute
from api.http.preconditions import IfMatch, IfNoneMatch
from api.model.errors import LayoutNotFound
from api.model.formats import FORMATS, FormatName
from api.model.layouts import IMPORTED
from api.model.types import Json
from api.store import cameras
from tablewatch_schemas.layout import Layout

router = APIRouter(prefix="/v1/cameras", tags=["layouts"], route_class=LayoutRoute)
Form = Annotated[FormatName, Query(alias="format", description="Form of the document (docs/layouts.md)")]
SourceCamera = Annotated[
    PlainText | None, Query(max_length=200, description="Of a configuration of Frigate with several cameras: which")
]


@router.get("/{camera_id}/layout/export", response_model=dict[str, Any])
async def export_layout(camera_id: str, caller: Reader, deps: Deps, form: Form = "crop") -> Any:
    """The newest version in a form of others. `crop` keeps everything, `frigate` outlines and labels."""
    async with deps.transaction(caller.site_list) as conn:
        camera = await cameras.get(conn, caller.site_list, camera_id)
        layout = await cameras.layout(conn, camera)
    if layout is None:
        raise LayoutNotFound("The camera has no layout yet; draw one with PUT.")
    return Response(await compute(_written, form, layout, camera["name"]), media_type="application/json")


@router.put("/{camera_id}/layout/import", response_model=SavedLayout)
async def import_layout(
    camera_id: str, body: dict[str, Any], caller: Writer, deps: Deps, form: Form = "crop",
    source_camera: SourceCamera = None, if_match: IfMatch = None, if_none_match: IfNoneMatch = None,
) -> Any:  # fmt: skip
    """Draw the layout from a document in a form of others, as PUT of the layout does.

    Tables that an export named keep their ids; others are matched with those of the version before.
    """
    async with deps.transaction(caller.site_list) as conn:  # who may not see the camera learns nothing of the document
        await cameras.get(conn, caller.site_list, camera_id)
    drawing = await compute(read_drawing, form, body, source_camera)
    return await saved(await save_drawing(deps, caller, camera_id, drawing, IMPORTED, if_match, if_none_match))


def read_drawing(form: FormatName, document: Json, camera: str | None) -> NewLayout:
    """Raises LayoutFormatInvalid, LayoutTooLarge, RequestValidationError: places are those of the drawing."""
    drawing = FORMATS[form].read(document, camera)
    try:
        return NewLayout.model_validate(drawing)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        raise RequestValidationError([each | {"loc": ("body", *each["loc"])} for each in found]) from error


def _written(form: FormatName, layout: Layout, camera: str) -> bytes:
    return orjson.dumps(FORMATS[form].write(layout, camera))
