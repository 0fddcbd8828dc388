"""Judgements: what a classifier saw in one frame and what it made of it. Immutable objects, one for each judged frame.

Stored before the evidence that names them. Boxes are relative to the picture, x1 y1 x2 y2, 0 to 1, y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self

import msgspec
import orjson

from tablewatch_schemas import keys
from tablewatch_schemas.errors import ContractError
from tablewatch_schemas.events import CropReady, FrameExtracted
from tablewatch_schemas.foreign import read_json
from tablewatch_schemas.manifest import ModelRef
from tablewatch_schemas.times import write_time

SCHEMA_VERSION = 1
"""Raised when a reader of before would misunderstand the document; new fields alone do not raise it."""
MOST_BYTES = 1024 * 1024
"""Of one object. 200 tables and 500 detections, which is the most that a look gives, take a sixth of it."""
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Box = tuple[Share, Share, Share, Share]
Time = Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSeen:
    """One detection: what it is, how certain, where. `table_id`: the table that the rule gives it to, with `share` of
    its box inside that table's zone (None where the rule measures no share); `second_table_id`: the table that the
    second opinion gives it to. `doubtful`: it made a table unknown. `ignored`: why it counts for no table, a code
    (`ignore_area`: it is mostly in one of the layout's)."""

    label: str
    score: Share
    box: Box
    table_id: str | None = None
    share: Share | None = None
    second_table_id: str | None = None
    doubtful: bool = False
    ignored: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTable:
    """The verdict on one table, as its `table.evidence` has it; `reason` is a code, why nobody can tell."""

    table_id: str
    label: str
    confidence: Share
    people: Count
    things: Count
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameJudgement:
    """One frame as it was judged. `width` and `height` are of the picture, pixels; `rule` names the way from detections
    to verdicts. `layout_key` None: it was looked at apart from tables (`frame.command`), and `tables` is empty.
    `complete`: `seen` has all that was found with a score of 0.25 or more, so that nobody needs to look for people
    again. `light`: of the brighter parts of the picture (90th percentile of the luma); None: not measured."""

    schema_version: int = SCHEMA_VERSION
    judgement_key: str
    site_id: str
    camera_id: str | None
    run_id: str | None
    video_id: str | None
    frame_id: str
    frame_key: str
    captured_at: Time
    width: Count
    height: Count
    layout_key: str | None
    layout_version: int | None
    model: ModelRef
    rule: str
    complete: bool = False
    light: Share | None = None
    tables: tuple[JudgedTable, ...]
    seen: tuple[JudgedSeen, ...]

    @classmethod
    def parse(cls, data: bytes | str, key: str | None = None) -> Self:
        """From the object's bytes; unknown fields are ignored. `key`: where it was read. Of another frame, or with
        a picture of another site, it is wrong.

        Raises ContractError (not_json, wrong_schema, unknown_version).
        """
        try:
            judgement = msgspec.convert(read_json(data, max_bytes=MOST_BYTES), cls)
            check(judgement, key)
        except ContractError as error:
            raise ContractError(error.code, f"judgement: {error.reason}") from error
        except msgspec.ValidationError as error:
            raise ContractError("wrong_schema", f"judgement: {error}") from error
        return judgement

    def to_json(self) -> bytes:
        """The object's bytes; the same judgement gives the same bytes."""
        return orjson.dumps(self, default=write_time, option=orjson.OPT_PASSTHROUGH_DATETIME)

    def to_dict(self) -> dict[str, Any]:
        """The JSON document, decoded."""
        document: dict[str, Any] = orjson.loads(self.to_json())
        return document


def check(judgement: FrameJudgement, key: str | None) -> None:
    """What types do not say; `key` as of `parse`. Raises ContractError."""
    if judgement.schema_version != SCHEMA_VERSION:
        raise ContractError("unknown_version", f"version {judgement.schema_version}, this reads {SCHEMA_VERSION}")
    if key not in (None, judgement.judgement_key):
        raise ContractError("wrong_schema", f"{key} holds that of {judgement.judgement_key}")
    for named in (judgement.judgement_key, judgement.frame_key, judgement.layout_key):
        if named is not None and named.split("/")[1:2] != [judgement.site_id]:
            raise ContractError("wrong_schema", f"{named} is not of {judgement.site_id}")
    for each in judgement.seen:
        x1, y1, x2, y2 = each.box
        if x1 > x2 or y1 > y2:
            raise ContractError("wrong_schema", f"a box {each.box} whose corners are the wrong way round")


def judgement_key(frame: FrameExtracted | CropReady) -> str:
    """Where the judgement of a frame is, or will be: made of its ids."""
    if frame.run_id is not None and frame.index is not None:
        return keys.run_judgement(frame.site_id, frame.run_id, frame.index)
    return keys.live_judgement(frame.site_id, frame.camera_id or "", frame.captured_at)


def usual_bytes(tables: int) -> int:
    """What the judgement of a frame with so many tables is counted as in a site's quota, before it is there.

    Measured on 214 labelled pictures (`python -m bench.truth --only sizes`): a verdict takes 123 bytes, a
    detection 157 and the rest 777; 2,335 in the mean and 5,610 at most, which is more than is counted here.
    """
    return 1024 + 512 * tables
