"""Layouts and manifests: immutable documents that read back as they were written."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from tablewatch_schemas import ContractError
from tablewatch_schemas.layout import Layout, LayoutTable
from tablewatch_schemas.manifest import Manifest, ModelRef, Sampling, Thresholds

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SQUARE = ((0.1, 0.2), (0.4, 0.2), (0.4, 0.6), (0.1, 0.6))

LAYOUT = Layout(
    layout_key="layouts/site_1/cam_1/2.json",
    site_id="site_1",
    camera_id="cam_1",
    version=2,
    created_at=NOW,
    width=1280,
    height=720,
    tables=(
        LayoutTable(table_id="tbl_1", label="Table 1", seats=4, section_id=None, polygon=SQUARE, top=None),
        LayoutTable(table_id="tbl_2", label="Table 2", seats=None, section_id="sec_1", polygon=SQUARE, top=SQUARE[:3]),
    ),
    floor=(SQUARE,),
    ignore=(SQUARE[:3],),
)
MANIFEST = Manifest(
    run_id="run_1",
    video_id="vid_1",
    site_id="site_1",
    camera_id="cam_1",
    layout_key=LAYOUT.layout_key,
    sampling=Sampling(mode="cadence", every_ms=1000),
    make=("frames", "tables"),
    started_at=NOW,
    model=ModelRef(name="coco-ssd", version="1"),
    thresholds=Thresholds(enter_ms=3000, leave_ms=5000, hold_ms=2000, ttl_ms=60000),
    created_at=NOW,
)


def changed(document: bytes, **values: Any) -> bytes:
    return orjson.dumps(orjson.loads(document) | values)


def test_layout_reads_back_and_gives_the_same_bytes() -> None:
    read = Layout.parse(LAYOUT.to_json())
    assert read == LAYOUT
    assert read.to_json() == LAYOUT.to_json()


def test_layout_document_is_the_documented_one() -> None:
    document = LAYOUT.to_dict()
    assert document["reference"] == {"width": 1280, "height": 720}
    assert document["tables"][0]["top"] is None
    assert document["tables"][1]["top"] == [[0.1, 0.2], [0.4, 0.2], [0.4, 0.6]]
    assert document["ignore"] == [[[0.1, 0.2], [0.4, 0.2], [0.4, 0.6]]]


def test_a_layout_from_before_there_were_ignore_areas_has_none() -> None:
    document = LAYOUT.to_dict()
    del document["ignore"]
    assert Layout.parse(orjson.dumps(document)) == replace(LAYOUT, ignore=())


def test_bounding_box_of_a_table() -> None:
    assert LAYOUT.tables[0].box == (0.1, 0.2, 0.4, 0.6)


@pytest.mark.parametrize(
    "polygon", [[[0, 0], [1, 1]], [[0, 0], [1.2, 0], [1, 1]], [[0, 0], [1], [1, 1]], [[0, "x"], [1, 0], [1, 1]]]
)
def test_polygons_that_are_none_are_refused(polygon: Any) -> None:
    with pytest.raises(ContractError) as error:
        Layout.parse(changed(LAYOUT.to_json(), floor=[polygon]))
    assert error.value.code == "wrong_schema"


def test_documents_cut_short_are_refused() -> None:
    for parse, document in ((Layout.parse, LAYOUT.to_json()), (Manifest.parse, MANIFEST.to_json())):
        with pytest.raises(ContractError) as error:
            parse(document[:-5])
        assert error.value.code == "not_json"
        with pytest.raises(ContractError, match="site_id"):
            parse(orjson.dumps({k: v for k, v in orjson.loads(document).items() if k != "site_id"}))


def test_unknown_fields_are_ignored() -> None:
    assert Layout.parse(changed(LAYOUT.to_json(), later=1)) == LAYOUT
    assert Manifest.parse(changed(MANIFEST.to_json(), later=1)) == MANIFEST


def test_manifest_reads_back_and_gives_the_same_bytes() -> None:
    read = Manifest.parse(MANIFEST.to_json())
    assert read == MANIFEST
    assert read.to_json() == MANIFEST.to_json()


def test_manifest_without_camera_model_or_start() -> None:
    bare = replace(MANIFEST, camera_id=None, layout_key=None, model=None, started_at=None)
    assert Manifest.parse(bare.to_json()) == bare
