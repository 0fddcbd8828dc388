"""Documents of hazard alerts."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.http.documents.common import Body, _text
from api.http.documents.contract import fields_of

if TYPE_CHECKING:
    HazardAlert = BaseModel
else:
    HazardAlert = fields_of("hazard.alert")


Decision = Literal["acknowledge", "clear", "verify", "dismiss"]


class HazardAction(Body):
    """Why somebody acted."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "wiped up"}})

    note: Annotated[str, Field(max_length=1000), AfterValidator(_text)] | None = None


class Hazard(HazardAlert):
    """An alert; picture_url opens the frame that shows it best."""

    picture_url: str | None


class Command(BaseModel):
    """An action that was published; its effect follows as an event."""

    command_id: str
    hazard_id: str
    action: str
