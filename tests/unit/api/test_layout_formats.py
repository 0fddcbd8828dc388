"""Layouts in the forms of others: what is written reads back, and what others write is read."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from api.http.documents.layouts import NewLayout
from api.model.errors import LayoutFormatInvalid
from api.model.formats import FORMATS, FormatName
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.layout import MOST_TABLES, Layout, LayoutTable, Polygon

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "schemas/formats/crop-layout.v1.schema.json").read_text())
SHARE = st.floats(0, 1, allow_subnormal=False).map(lambda each: round(each, 6))
OUTLINE = st.lists(st.tuples(SHARE, SHARE), min_size=3, max_size=6).map(tuple)
LABEL = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=12)
TABLE = st.builds(
    LayoutTable,
    table_id=st.builds(new_id, st.just("tbl")),
    label=LABEL,
    seats=st.none() | st.integers(0, 1000),
    section_id=st.none() | st.just("sec_1"),
    polygon=OUTLINE,
    top=st.none() | OUTLINE,
)
LAYOUT = st.builds(
    Layout,
    layout_key=st.just("layouts/a/b/1.json"),
    site_id=st.just("site_1"),
    camera_id=st.just("cam_1"),
    version=st.just(1),
    created_at=st.just(datetime(2026, 11, 23, tzinfo=UTC)),
    width=st.sampled_from([640, 1280, 1920]),
    height=st.sampled_from([360, 720, 1080]),
    tables=st.lists(TABLE, max_size=4).map(tuple),
    floor=st.lists(OUTLINE, max_size=2).map(tuple),
    ignore=st.lists(OUTLINE, max_size=2).map(tuple),
)
EXAMPLE = {
    "camera": "front", "width": 1920, "height": 1080,
    "tables": [
        {"id": "t7", "label": "7", "box": [192, 108, 960, 540]},
        {"id": "t8", "polygon": [[960, 540], [1920, 540], [1920, 1080]], "seats": 2},
    ],
}  # fmt: skip


Json = dict[str, Any]


def again(name: FormatName, layout: Layout, camera: str = "Front door") -> Json:
    """Written, through JSON, and read."""
    return FORMATS[name].read(json.loads(orjson.dumps(FORMATS[name].write(layout, camera))), None)


def drawn(layout: Layout) -> Json:
    found: Json = layout.to_dict()
    return {name: found[name] for name in ("reference", "tables", "floor", "ignore")}


@given(LAYOUT)
def test_the_crop_form_keeps_everything(layout: Layout) -> None:
    assert again("crop", layout) == drawn(layout)
    jsonschema.validate(FORMATS["crop"].write(layout, "front"), SCHEMA)


def near(one: Any, other: Any) -> bool:
    return bool(one == pytest.approx(other, abs=1e-9)) if one is not None else other is None


@given(LAYOUT)
def test_coco_keeps_everything(layout: Layout) -> None:
    found, expected = again("coco", layout), drawn(layout)
    assert found["reference"] == expected["reference"]
    for one, other in zip(found["tables"], expected["tables"], strict=True):
        assert {**one, "polygon": 0, "top": 0} == {**other, "polygon": 0, "top": 0}
        assert near(_flat(one["polygon"]), _flat(other["polygon"])) and near(_flat(one["top"]), _flat(other["top"]))
    for kind in ("floor", "ignore"):
        assert all(near(_flat(one), _flat(other)) for one, other in zip(found[kind], expected[kind], strict=True))


def _flat(outline: list[list[float]] | None) -> list[float] | None:
    return None if outline is None else [value for point in outline for value in point]


@given(LAYOUT)
def test_frigate_keeps_outlines_and_labels(layout: Layout) -> None:
    found, expected = again("frigate", layout), drawn(layout)
    for name in ("reference", "floor", "ignore"):
        assert found[name] == expected[name]
    kept = [{name: each[name] for name in ("label", "polygon")} for each in expected["tables"]]
    assert found["tables"] == kept


def test_the_crop_form_of_a_cropper() -> None:
    jsonschema.validate(EXAMPLE, SCHEMA)
    found = FORMATS["crop"].read(EXAMPLE, None)
    assert NewLayout.model_validate(found).tables[0].label == "7"
    assert [each["label"] for each in found["tables"]] == ["7", "t8"]
    assert [each["table_id"] for each in found["tables"]] == [None, None], "its ids are not ours"
    assert found["tables"][0]["polygon"] == [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]
    assert found["tables"][1]["polygon"] == [[0.5, 0.5], [1.0, 0.5], [1.0, 1.0]]
    shares = {**EXAMPLE, "tables": [{"id": "t7", "box": [0.1, 0.1, 0.5, 0.5]}]}
    assert FORMATS["crop"].read(shares, None)["tables"][0]["polygon"] == found["tables"][0]["polygon"]
    pixel = FORMATS["crop"].read({**shares, "units": "pixels"}, None)
    assert pixel["tables"][0]["polygon"][2] == [0.5 / 1920, 0.5 / 1080]


def test_coco_of_a_tool_that_knows_nothing_of_us() -> None:
    found = FORMATS["coco"].read(
        {
            "info": {"year": 2026}, "licenses": [],
            "images": [{"id": 3, "width": 200, "height": 100, "file_name": "x"}, {"id": 4, "width": 1, "height": 1}],
            "categories": [{"id": 61, "name": "dining table", "supercategory": "furniture"}],
            "annotations": [
                {"id": 1, "image_id": 3, "category_id": 61, "bbox": [20, 10, 100, 50], "segmentation": []},
                {"id": 2, "image_id": 3, "category_id": 61, "attributes": {"occluded": False},
                 "segmentation": [[0, 0, 1, 0, 1, 1], [100, 0, 200, 0, 200, 100, 100, 100]]},
            ],
        },
        None,
    )  # fmt: skip
    assert [each["label"] for each in found["tables"]] == ["1", "2"]
    assert found["tables"][0]["polygon"] == [[0.1, 0.1], [0.6, 0.1], [0.6, 0.6], [0.1, 0.6]]
    assert found["tables"][1]["polygon"] == [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]], "the largest of its parts"


FRIGATE = """
mqtt: {enabled: false}
cameras:
  front:
    ffmpeg: {inputs: []}
    detect: {width: 1280, height: 720, fps: 5}
    zones:
      table_7:
        coordinates: 0.1,0.1,0.5,0.1,0.5,0.5
        inertia: 3
      window:
        friendly_name: Am Fenster
        coordinates: ["0.5,0.5", "0.9,0.5", "0.9,0.9"]
      floor: {coordinates: "0,0.6,1,0.6,1,1"}
      ignore_mirror: {coordinates: "0,0,0.2,0,0.2,0.4"}
  back:
    detect: {width: 100, height: 100}
    zones:
      bar: {coordinates: "10,10,50,10,50,50"}
"""


def test_zones_of_a_configuration_of_frigate() -> None:
    document = yaml.safe_load(FRIGATE)
    front = FORMATS["frigate"].read(document, "front")
    assert [each["label"] for each in front["tables"]] == ["7", "Am Fenster"]
    assert front["tables"][1]["polygon"] == [[0.5, 0.5], [0.9, 0.5], [0.9, 0.9]]
    assert (front["reference"], len(front["floor"])) == ({"width": 1280, "height": 720}, 1)
    assert front["ignore"] == [[[0.0, 0.0], [0.2, 0.0], [0.2, 0.4]]]
    back = FORMATS["frigate"].read(document, "back")
    assert back["tables"] == [{"label": "bar", "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]}]
    with pytest.raises(LayoutFormatInvalid) as refused:
        FORMATS["frigate"].read(document, None)
    assert "back, front" in refused.value.detail


def test_many_tables_of_one_name_have_names_of_their_own_in_frigate() -> None:
    outline: Polygon = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    table = LayoutTable(table_id="tbl_1", label="Ä", seats=None, section_id=None, polygon=outline, top=None)
    layout = Layout(
        layout_key="k", site_id="s", camera_id="c", version=1, created_at=datetime(2026, 1, 1, tzinfo=UTC), width=1,
        height=1, tables=(table,) * MOST_TABLES, floor=(),
    )  # fmt: skip
    (camera,) = FORMATS["frigate"].write(layout, "!?")["cameras"].values()
    assert len(camera["zones"]) == MOST_TABLES
    other = replace(table, label="Floor 1")
    assert again("frigate", replace(layout, tables=(other,)))["tables"][0]["label"] == "Floor 1"


WRONG: list[tuple[FormatName, Any]] = [
    ("crop", []),
    ("crop", {"width": 10, "height": 10}),
    ("crop", EXAMPLE | {"width": 0}),
    ("crop", EXAMPLE | {"tables": [{"id": "t7"}]}),
    ("crop", EXAMPLE | {"tables": [{"id": "t7", "box": [1, 2, 3]}]}),
    ("crop", EXAMPLE | {"tables": [{"id": "t7", "box": [1, 2, 3, 4], "polygon": []}]}),
    ("crop", EXAMPLE | {"tables": [{"id": "t7", "box": ["1", 2, 3, 4]}]}),
    ("coco", {"images": [], "annotations": [], "categories": []}),
    ("coco", {"images": [{"id": 1, "width": 1, "height": 1}], "categories": [], "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "segmentation": {"counts": "x", "size": [1, 1]}}]}),
    ("coco", {"images": [{"id": 1, "width": 1, "height": 1}], "categories": [], "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1}]}),
    ("frigate", {}),
    ("frigate", {"cameras": {}}),
    ("frigate", {"cameras": {"a": {"zones": {"b": {"coordinates": "1,2,x"}}}}}),
    ("frigate", {"cameras": {"a": {"zones": {"b": {"coordinates": [1, 2, 3]}}}}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "document"), WRONG)
def test_what_is_not_of_the_form_is_refused(name: FormatName, document: Any) -> None:
    with pytest.raises(LayoutFormatInvalid) as refused:
        FORMATS[name].read(document, None)
    assert refused.value.detail.endswith(".")


NAMES = st.sampled_from(["tables", "cameras", "a", "zones", "images", "annotations", "id", "box", "coordinates"])
ANYTHING = st.recursive(
    st.none() | st.floats() | st.text() | st.integers(), lambda each: st.lists(each) | st.dictionaries(NAMES, each)
)


@given(ANYTHING)
def test_anything_else_is_refused_and_nothing_worse(document: Any) -> None:
    for each in FORMATS.values():
        try:
            each.read(document, None)
        except LayoutFormatInvalid as refused:
            assert refused.detail


def test_a_cropper_that_knows_no_ids_gives_outlines_alone() -> None:
    boxes: list[Json] = [{"box": [192, 108, 960, 540]}, {"box": [960, 540, 1920, 1080], "label": "Bar"}]
    document = EXAMPLE | {"tables": boxes}
    jsonschema.validate(document, SCHEMA)
    found = FORMATS["crop"].read(document, None)["tables"]
    assert [(each["table_id"], each["label"]) for each in found] == [(None, "1"), (None, "Bar")]
    with pytest.raises(LayoutFormatInvalid, match="Table 1 needs a box"):
        FORMATS["crop"].read(EXAMPLE | {"tables": [{}]}, None)
