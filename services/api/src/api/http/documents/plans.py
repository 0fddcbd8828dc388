"""Documents of plans."""

from pydantic import BaseModel, ConfigDict, Field

from api.http.documents.common import Body, Id, Whole

MOST_PLACES = 1000
MOST_SQUARES = 100
"""Of the grid, in each direction."""


class PlannedTable(Body):
    """Where a table stands on the plan, in squares of a grid from its upper left corner."""

    table_id: Id
    x: Whole = Field(ge=0, lt=MOST_SQUARES)
    y: Whole = Field(ge=0, lt=MOST_SQUARES)


class NewPlan(Body):
    """The tables that have a place. Others are shown where there is room."""

    model_config = ConfigDict(json_schema_extra={"example": {"places": [{"table_id": "tbl_1", "x": 2, "y": 0}]}})

    places: list[PlannedTable] = Field(max_length=MOST_PLACES)


class Plan(BaseModel):
    """How people arranged the tables of a site; also tables that are retired, which may come back."""

    site_id: str
    version: int = Field(description="0: nobody has arranged it")
    places: list[PlannedTable]
