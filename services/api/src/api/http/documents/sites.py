"""Documents of sites and their sections."""

import zoneinfo
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.http.documents.common import Body, DetectorName, Name, TimeText
from api.http.documents.opening_hours import HoursOrNothing, NewOpeningHours, OpeningHours, never_null


def _zone(text: str) -> str:
    if text not in _zones():
        raise ValueError("not a time zone of the IANA list, e.g. Europe/Vienna")
    return text


@cache
def _zones() -> frozenset[str]:
    """Read once: it looks into each of 600 files."""
    return frozenset(zoneinfo.available_timezones())


Zone = Annotated[Name, AfterValidator(_zone)]


_HOURS = (
    "When pictures are taken of its cameras, but of those with hours of their own; outside of them capture rests, and"
    " their tables are unknown."
)
_OPENING_HOURS = f"{_HOURS} Null: always"
_MADE_WITH_HOURS = f"{_HOURS} Left out: always"


class NewSite(Body):
    """A restaurant."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Café Central", "timezone": "Europe/Vienna"}})

    name: Name
    timezone: Zone = "UTC"
    detector: DetectorName = None
    opening_hours: HoursOrNothing = Field(None, description=_MADE_WITH_HOURS, json_schema_extra=never_null)


class SiteChange(Body):
    """The fields to change; the others stay, also those that are null, but for `detector` and `opening_hours`."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Café Central, Graben"}})

    name: Name | None = None
    timezone: Zone | None = None
    detector: DetectorName = None
    opening_hours: NewOpeningHours | None = Field(None, description=_OPENING_HOURS)


class Site(BaseModel):
    """A restaurant."""

    site_id: str
    name: str
    timezone: str
    detector: DetectorName
    opening_hours: OpeningHours | None = Field(description=_OPENING_HOURS)
    version: int = Field(description="Rises with every change")
    created_at: TimeText


class NewSection(Body):
    """A part of a site."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Terrace"}})

    name: Name


class SectionChange(Body):
    """The fields to change."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Garden"}})

    name: Name | None = None


class Section(BaseModel):
    """A part of a site."""

    section_id: str
    site_id: str
    name: str
    version: int = Field(description="Rises with every change")
    created_at: TimeText
