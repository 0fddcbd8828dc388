"""Opening hours of sites and cameras."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from api.http.documents.common import Body
from tablewatch_schemas.opening_hours import INTERVAL, MOST_INTERVALS

IntervalText = Annotated[str, Field(pattern=INTERVAL)]
Intervals = Annotated[
    list[IntervalText],
    Field(
        max_length=MOST_INTERVALS,
        description="In their order, by the clock of the site: 11:00-14:30. One that ends at or before its beginning"
        " ends on the next day; 24:00 is the end of the day",
    ),
]


_CLOSED: list[str] = []


class NewOpeningHours(Body):
    """When pictures are taken, every week; a day that is left out is closed."""

    monday: Intervals = _CLOSED
    tuesday: Intervals = _CLOSED
    wednesday: Intervals = _CLOSED
    thursday: Intervals = _CLOSED
    friday: Intervals = _CLOSED
    saturday: Intervals = _CLOSED
    sunday: Intervals = _CLOSED


def _given(hours: NewOpeningHours | None) -> NewOpeningHours:
    """Raises ValueError for null."""
    if hours is None:
        raise ValueError("Leave it out instead of null")
    return hours


def never_null(schema: dict[str, Any]) -> None:
    """For `HoursOrNothing`, with a description of its own.

    At "hours or null" openapi-generator 7.14 ends with an error (`tests/e2e/test_generated_clients.py`).
    """
    schema["$ref"] = schema.pop("anyOf")[0]["$ref"]


HoursOrNothing = Annotated[NewOpeningHours | None, AfterValidator(_given)]
"""Of what is made: left out, or hours."""


class OpeningHours(BaseModel):
    """When pictures are taken, every week, by the clock of the site."""

    monday: list[str]
    tuesday: list[str]
    wednesday: list[str]
    thursday: list[str]
    friday: list[str]
    saturday: list[str]
    sunday: list[str]
