"""Documents of the health of tablewatch as a whole."""

from typing import Literal

from pydantic import BaseModel, Field

PartState = Literal["well", "away", "unknown"]


class SystemPart(BaseModel):
    """A service, or something that all of them need."""

    part: str = Field(
        description="ingest, extractor, cropper, classifier-gateway, hazard, api, broker, database, store"
    )
    state: PartState = Field(
        description="A service is well while it is connected to the broker; one that was killed for ten seconds more"
    )
    purpose: str


class SystemHealth(BaseModel):
    """Which parts work now."""

    version: str = Field(description="Of tablewatch")
    as_of: str
    parts: list[SystemPart]
