"""Documents of tables that are suggested."""

from pydantic import BaseModel, ConfigDict, Field

from api.http.documents.common import Body, TimeText, Whole
from api.http.documents.layouts import Reference


class NewSuggestions(Body):
    """Which pictures are to be looked at."""

    model_config = ConfigDict(json_schema_extra={"example": {"minutes": 10}})

    minutes: Whole = Field(10, ge=1, le=60, description="How long ago the pictures begin")


class SuggestedTable(BaseModel):
    """A table to accept or to mend: label, zone and top as a layout has them, and why."""

    label: str = Field(description="A number, from the upper left on")
    seats: int | None
    polygon: list[list[float]]
    top: list[list[float]] | None = Field(description="Where a dining table is seen; null: somebody sat where none is")
    confidence: float = Field(description="How often such a suggestion was a table, 0 to 1 (docs/measurements)")
    people: int = Field(description="Places at which somebody sat still")
    sat_s: int = Field(description="How long somebody sat there, seconds")
    seen_share: float = Field(description="Share of the looks in which a dining table is seen there, 0 to 1")
    why: str = Field(description="For a person")


class SuggestedLayout(BaseModel):
    """What is suggested so far. `reference` and `tables` are those of a layout: drop what is wrong, and PUT it."""

    site_id: str
    camera_id: str
    since: TimeText
    until: TimeText = Field(description="Pictures of `since` to `until` count")
    frames: int = Field(description="Stored pictures of that time that count, 40 at most")
    looked: int = Field(description="Of them, those that were looked at so far")
    reference: Reference | None = Field(description="Null until a picture was looked at")
    tables: list[SuggestedTable]
