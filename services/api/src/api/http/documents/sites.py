"""Documents of sites and their sections."""

import zoneinfo
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.http.documents.common import Body, DetectorName, Name, TimeText


def _zone(text: str) -> str:
    if text not in _zones():
        raise ValueError("not a time zone of the IANA list, e.g. Europe/Vienna")
    return text


@cache
def _zones() -> frozenset[str]:
    """Read once: it looks into each of 600 files."""
    return frozenset(zoneinfo.available_timezones())


Zone = Annotated[Name, AfterValidator(_zone)]


class NewSite(Body):
    """A restaurant."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Café Central", "timezone": "Europe/Vienna"}})

    name: Name
    timezone: Zone = "UTC"
    detector: DetectorName = None


class SiteChange(Body):
    """The fields to change; the others stay, also those that are null, but for `detector`."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Café Central, Graben"}})

    name: Name | None = None
    timezone: Zone | None = None
    detector: DetectorName = None


class Site(BaseModel):
    """A restaurant."""

    site_id: str
    name: str
    timezone: str
    detector: DetectorName
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
