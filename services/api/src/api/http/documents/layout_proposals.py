"""Documents of layouts that are proposed for cameras that were moved, and of what was decided about them."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.http.documents.common import Body, Id, TimeText, _text
from api.http.documents.layouts import NewLayout
from api.http.documents.opening_hours import never_null

_PROPOSAL = "As it was read: another one is not decided about"
Note = Annotated[str, Field(max_length=1000), AfterValidator(_text)]


def given(layout: NewLayout | None) -> NewLayout:
    """It may be left out, and is never null."""
    if layout is None:
        raise ValueError("leave it out, or give a layout")
    return layout


class AcceptedProposal(Body):
    """A proposal that becomes the layout, as it is or mended."""

    model_config = ConfigDict(json_schema_extra={"example": {"proposal_id": "prop_1"}})

    proposal_id: Id = Field(description=_PROPOSAL)
    note: Note | None = Field(None, description="For people")
    layout: Annotated[NewLayout | None, AfterValidator(given)] = Field(
        None, description="Mended: drawn instead of what is proposed", json_schema_extra=never_null
    )


class DismissedProposal(Body):
    """A proposal that is not taken."""

    model_config = ConfigDict(json_schema_extra={"example": {"proposal_id": "prop_1", "note": "will be turned back"}})

    proposal_id: Id = Field(description=_PROPOSAL)
    note: Note | None = Field(None, description="For people")


class LayoutDecision(BaseModel):
    """What was decided about a proposal, with its two pictures."""

    proposal_id: str
    site_id: str
    camera_id: str
    decision: str = Field(description="`accepted`, `mended` (accepted with other tables) or `dismissed`")
    decided_at: TimeText
    by_key_id: str
    by: str = Field(description="Name of that key at the time")
    note: str | None
    layout_version: int = Field(description="The version that it was proposed for")
    new_version: int | None = Field(description="The version that was made of it; null: dismissed")
    made_at: TimeText = Field(description="When it was proposed")
    code: str | None = Field(description="Why nothing was proposed; null: a layout was")
    reason: str
    lost_table_ids: list[str]
    before_url: str | None = Field(
        description="A link, which expires, to what the camera showed before it was moved; the picture is kept as long"
        " as the camera. Null: it was gone when this was decided"
    )
    after_url: str | None = Field(description="The same of the picture in which the tables were looked for")
