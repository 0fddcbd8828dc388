"""Documents of layouts."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.http.documents.common import Id, Name, TimeText, Whole
from api.model.layouts import check_size
from tablewatch_schemas.layout import MOST_FLOORS, MOST_IGNORE_AREAS, MOST_POINTS, MOST_POINTS_IN_ALL, MOST_TABLES

# Checked by pydantic's own code alone, and up to the first fault: an outline has many numbers
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Point = Annotated[list[Number], Field(min_length=2, max_length=2, fail_fast=True)]
Points = Annotated[list[Point], Field(max_length=MOST_POINTS, fail_fast=True)]


class DrawnTable(BaseModel):
    """A table: `polygon` is its seat zone, `top` the table top. Relative coordinates, 0 to 1, y down."""

    model_config = ConfigDict(allow_inf_nan=False)

    table_id: Id | None = None
    label: Name
    seats: Whole | None = Field(None, ge=0, le=1000)
    section_id: Id | None = None
    polygon: Points
    top: Points | None = None


class Reference(BaseModel):
    """Size of the picture that the layout was drawn on, pixels."""

    width: Whole = Field(ge=1, le=32768)
    height: Whole = Field(ge=1, le=32768)


class NewLayout(BaseModel):
    """Tables, floor and ignore areas of a camera's picture. A layout as it was read can be sent back."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "reference": {"width": 1280, "height": 720},
                "tables": [{"label": "1", "seats": 4, "polygon": [[0.1, 0.2], [0.4, 0.2], [0.4, 0.6], [0.1, 0.6]]}],
                "floor": [[[0.0, 0.6], [1.0, 0.6], [1.0, 1.0], [0.0, 1.0]]],
                "ignore": [[[0.8, 0.0], [1.0, 0.0], [1.0, 0.3], [0.8, 0.3]]],
            }
        }
    )

    reference: Reference
    tables: list[DrawnTable] = Field(
        default_factory=list,
        max_length=MOST_TABLES,
        description=f"With floor and ignore areas, {MOST_POINTS_IN_ALL} points in all at most",
    )
    floor: list[Points] = Field(default_factory=list, max_length=MOST_FLOORS)
    ignore: list[Points] = Field(
        default_factory=list,
        max_length=MOST_IGNORE_AREAS,
        description="Mirrors, posters, televisions, the street: who or what is mostly in one counts for no table",
    )

    @model_validator(mode="before")
    @classmethod
    def _check_size(cls, drawing: Any) -> Any:
        """Before any point is looked at. Raises LayoutTooLarge, which pydantic passes on."""
        check_size(drawing)
        return drawing


class LayoutTable(BaseModel):
    """A table in a layout."""

    table_id: str
    label: str
    seats: int | None
    section_id: str | None
    polygon: list[list[float]]
    top: list[list[float]] | None


class Layout(BaseModel):
    """One version of a camera's layout."""

    layout_key: str
    site_id: str
    camera_id: str
    version: int
    created_at: TimeText
    reference: Reference
    tables: list[LayoutTable]
    floor: list[list[list[float]]]
    ignore: list[list[list[float]]]


class LayoutWarning(BaseModel):
    """Of a table that is taken as it was drawn: what may be wrong with it."""

    code: str = Field(description="`zone_too_small`, `zone_is_top` or `label_doubled`; more may come")
    table_id: str
    label: str
    sentence: str = Field(description="For a person")


class SavedLayout(Layout):
    """The newest version of a camera's layout, and what it changed of the one before."""

    kept: list[str] = Field(description="Ids of tables that the version before has too")
    new: list[str]
    retired: list[str] = Field(description="Of that version, and not of this one")
    merged_from: dict[str, list[str]] = Field(
        description="By id of a table: those of the version before that lie in it, itself among them if it is one"
    )
    split_from: dict[str, str] = Field(description="By id of a new table: the one before that it is a part of")
    warnings: list[LayoutWarning]


class LayoutVersion(BaseModel):
    """A version of a camera's layout, in short."""

    version: int
    layout_key: str
    created_at: TimeText
    tables: int
    newest: bool
    author_key_id: str | None = Field(
        description="The key that sent it; null of one that was pulled. This and what follows: null of older versions"
    )
    author: str | None = Field(description="Name of that key at the time, or the host that it was pulled from")
    origin: str | None = Field(
        description="`drawn`, `restored`, `imported`, `pulled` or `accepted` (a proposal); more may come"
    )
    restored_from: int | None = Field(description="The version that was restored")
    kept: int | None = Field(description="Tables that the version before has too")
    new: int | None
    retired: int | None = Field(description="Tables of that version that this one has not")


class ChangedTable(BaseModel):
    """A table that both versions have."""

    table_id: str
    label: str = Field(description="In the version that is asked for")
    fields: list[str] = Field(description="Of `label`, `seats`, `section_id`, `polygon` and `top` those that differ")
    iou: float = Field(description="Of its two zones: 1 the same, 0 apart")


class LayoutDiff(BaseModel):
    """What differs between two versions: `kept` to `split_from` as in the answer to a PUT."""

    from_version: int | None = Field(description="null: there is none before")
    version: int
    kept: list[str]
    new: list[str]
    retired: list[str]
    merged_from: dict[str, list[str]]
    split_from: dict[str, str]
    changed: list[ChangedTable]
    floor_changed: bool
    ignore_changed: bool
    reference_changed: bool


class LayoutHint(BaseModel):
    """A doubt that another outline of a table may end, and how often looks had it."""

    table_id: str
    label: str
    reason: str = Field(description="`person_outside_zone` or `zone_too_small`; more may come")
    sentence: str
    looks: int
    first_at: TimeText = Field(description="Capture time of the first such look")
    last_at: TimeText = Field(description="Of the newest")


class LayoutHints(BaseModel):
    """What looks say about how the tables of a version are drawn, the most frequent first."""

    camera_id: str
    version: int
    hints: list[LayoutHint]


class LayoutProposal(BaseModel):
    """Where the tables of a camera that was moved are now, as far as two of its pictures show it.

    `code` null: a layout is proposed, in `reference`, `tables`, `floor` and `ignore`; as it is, or mended, it
    can be sent as the camera's layout. Else `code` and `reason` say why none is, and these are null.
    """

    proposal_id: str
    site_id: str
    camera_id: str
    layout_version: int = Field(description="Version of the layout whose tables were carried over")
    made_at: TimeText
    code: str | None = Field(
        description="`not_recognised`, `changed_too_much`, `not_moved` or `tables_out_of_view`; more may come"
    )
    reason: str = Field(description="What is proposed, or why nothing is, for a person")
    lost_table_ids: list[str] = Field(description="Tables mostly out of the picture now: accepting retires them")
    reference: Reference | None
    tables: list[LayoutTable] | None
    floor: list[list[list[float]]] | None
    ignore: list[list[list[float]]] | None
    before_url: str = Field(description="A link, which expires, to what the camera showed before it was moved")
    after_url: str = Field(description="The same of the picture in which the tables were looked for")
