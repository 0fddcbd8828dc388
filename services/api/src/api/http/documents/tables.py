"""Documents of tables, their states and transitions."""

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from api.http.documents.common import TimeText
from api.http.documents.contract import fields_of

if TYPE_CHECKING:
    TableState = BaseModel
    TransitionRecord = BaseModel
else:
    TableState = fields_of("table.state")
    TransitionRecord = fields_of("table.state", without=("expires_at",))  # `until` is when it ended


class State(TableState):
    """The state of a table, as of now: a live state past expires_at is unknown, with `expired` true."""

    expired: bool


class StateTransition(TransitionRecord):
    """A transition of a table: its record, and how long the state lasted."""

    until: TimeText | None = Field(description="When the next state began; null while this one lasts")
    duration_ms: int | None


class Table(BaseModel):
    """A table: the same one in all layout versions, and of all cameras that see it."""

    table_id: str
    site_id: str
    camera_id: str = Field(description="One of the cameras that see it; of a retired table the last one that did")
    camera_ids: list[str] = Field(description="Cameras whose newest layout has it; none when it is retired")
    section_id: str | None
    label: str
    seats: int | None
    created_at: TimeText
    retired_at: TimeText | None = Field(
        description="When the last newest layout left it out, or its camera was deleted; else null"
    )


class TableVersion(BaseModel):
    """The table in a layout version."""

    camera_id: str
    version: int
    created_at: TimeText
    label: str
    seats: int | None
    polygon: list[list[float]]


class TableWithState(Table):
    """With its live state, and the newest 100 layout versions that have it."""

    state: State | None
    layouts: list[TableVersion]
