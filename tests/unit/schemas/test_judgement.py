"""Judgements read back as they were written, and their keys are made of ids alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tablewatch_schemas import ContractError, CropReady, keys
from tablewatch_schemas.judgement import MOST_BYTES, FrameJudgement, JudgedSeen, JudgedTable, judgement_key, usual_bytes
from tablewatch_schemas.manifest import ModelRef

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PERSON = JudgedSeen(
    label="person", score=0.91, box=(0.1, 0.2, 0.3, 0.9), table_id="tbl_1", share=0.83, second_table_id="tbl_2",
    doubtful=True,
)  # fmt: skip
MIRRORED = JudgedSeen(label="person", score=0.8, box=(0.8, 0.0, 0.9, 0.2), ignored="ignore_area")
TABLE = JudgedTable(
    table_id="tbl_1", label="unknown", confidence=0.5, people=0, things=2, reason="person_between_tables"
)
JUDGEMENT = FrameJudgement(
    judgement_key="judgements/site_1/run_1/000000004.json", site_id="site_1", camera_id="cam_1", run_id="run_1",
    video_id="vid_1", frame_id="run_1-000000004", frame_key="frames/site_1/run_1/000000004.jpg", captured_at=NOW,
    width=1280, height=720, layout_key="layouts/site_1/cam_1/2.json", layout_version=2,
    model=ModelRef(name="yolox-nano", version="0.1.1"), rule="share", complete=True, tables=(TABLE,),
    seen=(PERSON, MIRRORED),
)  # fmt: skip


def ready(**changes: Any) -> CropReady:
    values: dict[str, Any] = {
        "frame_id": "cam_1-1", "site_id": "site_1", "camera_id": "cam_1", "run_id": None, "video_id": None,
        "index": None, "media_ms": None, "captured_at": NOW, "frame_key": None, "crops_key": None, "layout_key": None,
        "layout_version": None, "width": 1, "height": 1, "crops": (), "make": (), "last": False,
    }  # fmt: skip
    return CropReady(**values | changes)


def test_a_judgement_reads_back_and_gives_the_same_bytes() -> None:
    data = JUDGEMENT.to_json()
    assert FrameJudgement.parse(data) == JUDGEMENT
    assert FrameJudgement.parse(data).to_json() == data
    assert JUDGEMENT.to_dict()["schema_version"] == 1
    assert JUDGEMENT.to_dict()["captured_at"] == "2026-11-23T09:00:00.000Z"


def test_fields_of_a_later_version_are_ignored_and_what_one_would_misunderstand_is_refused() -> None:
    later = JUDGEMENT.to_dict() | {"masks": [1]}
    assert FrameJudgement.parse(orjson.dumps(later)) == JUDGEMENT
    with pytest.raises(ContractError, match="version 2") as refused:
        FrameJudgement.parse(orjson.dumps(later | {"schema_version": 2}))
    assert refused.value.code == "unknown_version"


def with_seen(**changes: Any) -> dict[str, Any]:
    return {"seen": [JUDGEMENT.to_dict()["seen"][0] | changes]}


def with_table(**changes: Any) -> dict[str, Any]:
    return {"tables": [JUDGEMENT.to_dict()["tables"][0] | changes]}


@pytest.mark.parametrize("change", [
    with_seen(box=[0.1, 0.1, 1.5, 0.2]), with_seen(box=[-0.1, 0.1, 0.5, 0.2]), with_seen(box=[0.5, 0.1, 0.1, 0.2]),
    with_seen(box=[0.1, 0.1, 0.2]), with_seen(box=[0.1, 0.5, 0.2, 0.1]), with_seen(score=1.5), with_seen(share=-1),
    with_table(confidence=2), with_table(people=-1), {"width": -1}, {"schema_version": 0},
    {"site_id": "site_2"}, {"frame_key": "frames/site_2/run_1/000000004.jpg"}, {"frame_key": ""},
    {"layout_key": "layouts/site_2/cam_1/2.json"}, {"judgement_key": "judgements/site_1/run_1/000000005.json"},
])  # fmt: skip
def test_a_damaged_or_borrowed_judgement_is_refused(change: dict[str, Any]) -> None:
    """Its boxes are drawn, its picture is linked to: they must be of the picture, and it of the site."""
    with pytest.raises(ContractError) as refused:
        FrameJudgement.parse(orjson.dumps(JUDGEMENT.to_dict() | change), JUDGEMENT.judgement_key)
    assert refused.value.code in ("wrong_schema", "unknown_version")


def test_one_that_is_far_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(ContractError, match="bytes are more than"):
        FrameJudgement.parse(JUDGEMENT.to_json() + b" " * MOST_BYTES)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"seen": NaN}', JUDGEMENT.to_json().replace(b"0.91", b'"x"')])
def test_what_is_no_judgement_is_refused_by_code(data: bytes) -> None:
    with pytest.raises(ContractError, match="judgement: ") as refused:
        FrameJudgement.parse(data)
    assert refused.value.code in ("not_json", "wrong_schema")


def test_the_key_is_made_of_the_ids_of_the_frame() -> None:
    assert judgement_key(ready()) == keys.live_judgement("site_1", "cam_1", NOW)
    assert judgement_key(ready(run_id="run_1", index=4)) == keys.run_judgement("site_1", "run_1", 4)
    assert judgement_key(ready(captured_at=NOW + timedelta(milliseconds=1))) != judgement_key(ready())


def test_what_is_counted_holds_a_full_table_and_somebody_doubtful() -> None:
    for tables in (1, 6, 40):
        full = replace(JUDGEMENT, tables=(TABLE,) * tables, seen=(PERSON,) * tables)
        assert len(full.to_json()) <= usual_bytes(tables)
