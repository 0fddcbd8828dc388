"""Documents of links to objects."""

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api.http.documents.common import Body, Id, TimeText, Whole
from api.model.pictures import EVIDENCE_ID, FRAME_ID, OBJECT_KEY


class NewLink(Body):
    """A picture as a topic names it: by the key of its object, a frame, a crop or evidence by its id."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"object_key": "frames/site_1/run_1/000000042.jpg"},
            "examples": [
                {"object_key": "frames/site_1/run_1/000000042.jpg"},
                {"object_key": "crops/site_1/run_1/000000042.bin", "offset": 0, "length": 5120},
                {"frame_id": "run_1-000000042"},
                {"frame_id": "run_1-000000042", "table_id": "tbl_1"},
                {"evidence_id": "0f0c2ab3-6d0e-5a51-9c39-3f1c1c0f7a11", "table_id": "tbl_1", "run_id": "run_1"},
            ],
        }
    )

    object_key: str | None = Field(
        None, max_length=500, pattern=OBJECT_KEY, description="frame_key, crops_key or object_key of a topic"
    )
    offset: Whole | None = Field(
        None, ge=0, lt=10**12, description="With object_key: the offset of a crop, from crop.ready"
    )
    length: Whole | None = Field(None, ge=1, lt=10**12, description="With offset: the link opens these bytes only")
    frame_id: str | None = Field(
        None, max_length=100, pattern=FRAME_ID, description="Instead: the id of a frame; with table_id: of a crop of it"
    )
    evidence_id: str | None = Field(
        None, max_length=36, pattern=EVIDENCE_ID,
        description="Instead: one of the evidence_ids of a table.state, with table_id and run_id of the same record",
    )  # fmt: skip
    table_id: Id | None = Field(None, description="With frame_id or evidence_id")
    run_id: Id | None = Field(None, description="With evidence_id; null for live tables")

    @model_validator(mode="after")
    def _check_fields(self) -> "NewLink":
        if sum(each is not None for each in (self.object_key, self.frame_id, self.evidence_id)) != 1:
            raise ValueError("give object_key, frame_id or evidence_id, one of them")
        if (self.offset is None) != (self.length is None) or (self.object_key is None and self.offset is not None):
            raise ValueError("offset and length go together, and with object_key")
        if (self.evidence_id is not None and self.table_id is None) or (self.object_key and self.table_id):
            raise ValueError("table_id goes with evidence_id, which needs it, or with frame_id")
        if self.run_id is not None and self.evidence_id is None:
            raise ValueError("run_id goes with evidence_id")
        return self


class Link(BaseModel):
    """A link that opens one object, whole or ranges of it, until expires_at."""

    object_key: str
    url: str
    expires_at: TimeText
    size_bytes: int
