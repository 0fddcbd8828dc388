"""Documents of dry runs."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.http.documents.common import Body, TimeText, Whole
from api.http.documents.layout_proposals import given
from api.http.documents.layouts import NewLayout
from api.http.documents.opening_hours import never_null
from api.http.documents.tables import State
from api.http.documents.views import View
from api.model.dry_runs import LONGEST_S, SHORTEST_S, USUAL_S


class NewDryRun(Body):
    """How long, and of which tables."""

    model_config = ConfigDict(json_schema_extra={"example": {"seconds": USUAL_S}})

    seconds: Whole = Field(USUAL_S, ge=SHORTEST_S, le=LONGEST_S, description="How long pictures count")
    layout: Annotated[NewLayout | None, AfterValidator(given)] = Field(
        None, description="Tables as PUT of the layout takes them; else those of the newest version",
        json_schema_extra=never_null,
    )  # fmt: skip


class DryRunTransition(BaseModel):
    """A state that a table would have come to."""

    state: str
    previous_state: str | None = Field(description="null: nothing was known before")
    confidence: float
    people: int | None
    since: TimeText = Field(description="When it began: the first picture that shows it")
    as_of: TimeText = Field(description="The picture with which it was certain, and would have been published")
    reason: str = Field(description="As of a state")
    unknown_reason: str | None = Field(description="As of a state")


class DryRunTable(BaseModel):
    """A table, as tablewatch would have it now."""

    table_id: str
    label: str
    state: State | None = Field(description="null: too little was seen so far to say anything")
    why: str | None = Field(description="A sentence where the state is unknown or null")
    transitions: list[DryRunTransition] = Field(description="Oldest first")


class DryRun(BaseModel):
    """What tablewatch would say of the tables of a camera, and nobody else hears of."""

    dry_run_id: str
    site_id: str
    camera_id: str
    status: str = Field(description="`running`, or `done`: nothing more comes; more may come")
    began_at: TimeText
    until: TimeText = Field(description="Pictures of `began_at` to `until` count, and states are as of `until`")
    layout_version: int | None = Field(description="The version that it is of; null: tables that came with the request")
    pictures: int = Field(description="Stored pictures of that time so far")
    asked: int = Field(description="Of them, those that are to be looked at: all, 60 at most, evenly")
    looked: int = Field(description="Of them, those that were looked at so far")
    sentence: str = Field(description="For a person: how much it rests on, and whether the camera is well")
    tables: list[DryRunTable]
    view: View | None = Field(
        description="The newest picture that was looked at, with boxes and to whom each is given; null before the first"
    )
