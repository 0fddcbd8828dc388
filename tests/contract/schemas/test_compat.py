"""Each kind of breaking change, planted into a copy of the contracts, is found and its field named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from schemas import compat
from tests.contract.schemas.contract_cases import SCHEMAS

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The contracts of two topics, released as they are."""
    for topic in ("table.state", "video.uploaded", "table.group"):
        shutil.copytree(SCHEMAS / topic, tmp_path / topic)
    compat.release(tmp_path)
    return tmp_path


def change_schema(root: Path, topic: str, change: Change) -> list[str]:
    path = root / topic / "v1.schema.json"
    schema = json.loads(path.read_text())
    change(schema)
    path.write_text(json.dumps(schema))
    return compat.breaks(root)


def change_topic(root: Path, folder: str, **values: Any) -> list[str]:
    path = root / folder / "topic.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | values))
    return compat.breaks(root)


def prop(schema: dict[str, Any], *path: str) -> dict[str, Any]:
    for name in path:
        schema = schema["items"] if name == "[]" else schema["properties"][name]
    return schema


def removed(schema: dict[str, Any]) -> None:
    del schema["properties"]["since"]
    schema["required"].remove("since")


def renamed(schema: dict[str, Any]) -> None:
    schema["properties"]["sure"] = schema["properties"].pop("confidence")
    schema["required"] = ["sure" if name == "confidence" else name for name in schema["required"]]


def newly_required(schema: dict[str, Any]) -> None:
    schema["properties"]["mood"] = {"type": "string"}
    schema["required"].append("mood")


def nested_removed(schema: dict[str, Any]) -> None:
    del prop(schema, "evidence", "model")["properties"]["version"]


PLANTED: list[tuple[str, Change, str]] = [
    ("removed", removed, "table.state: since: removed or renamed"),
    ("renamed", renamed, "table.state: confidence: removed or renamed"),
    ("newly required", newly_required, "table.state: mood: newly required"),
    ("nested removed", nested_removed, "table.state: evidence.model.version: removed or renamed"),
    (
        "no longer required",
        lambda s: s["required"].remove("reason"),
        "table.state: reason: no longer required, which readers rely on",
    ),
    (
        "type changed",
        lambda s: prop(s, "version").update(type="string"),
        "table.state: version: type was integer, is string",
    ),
    (
        "type narrowed",
        lambda s: prop(s, "confidence").update(type="integer"),
        "table.state: confidence: type was number, is integer",
    ),
    (
        "type widened",
        lambda s: prop(s, "version").update(type="number"),
        "table.state: version: type was integer, is number",
    ),
    (
        "null removed",
        lambda s: prop(s, "run_id").update(type="string"),
        "table.state: run_id: null no longer allowed",
    ),
    (
        "null added",
        lambda s: prop(s, "site_id").update(type=["string", "null"]),
        "table.state: site_id: null newly allowed, which readers do not expect",
    ),
    (
        "enum value removed",
        lambda s: prop(s, "state")["enum"].remove("reserved"),
        "table.state: state: enum value 'reserved' removed",
    ),
    (
        "enum demanded",
        lambda s: prop(s, "evidence", "model", "name").update(enum=["coco-ssd"]),
        "table.state: evidence.model.name: enum newly demanded",
    ),
    (
        "limit tightened",
        lambda s: prop(s, "confidence").update(maximum=0.9),
        "table.state: confidence: maximum tightened from 1 to 0.9",
    ),
    (
        "limit added",
        lambda s: prop(s, "camera_ids").update(minItems=1),
        "table.state: camera_ids: minItems tightened from None to 1",
    ),
    (
        "format changed",
        lambda s: prop(s, "as_of").pop("format"),
        "table.state: as_of: format was 'date-time', is None",
    ),
    (
        "pattern added",
        lambda s: prop(s, "table_id").update(pattern="^tbl_"),
        "table.state: table_id: pattern was None, is '^tbl_'",
    ),
    (
        "closed",
        lambda s: s.update(additionalProperties=False),
        "table.state: the record: additionalProperties closed",
    ),
    (
        "nested closed",
        lambda s: prop(s, "evidence").update(additionalProperties=False),
        "table.state: evidence: additionalProperties closed",
    ),
    (
        "items changed",
        lambda s: prop(s, "camera_ids", "[]").update(type="integer"),
        "table.state: camera_ids[]: type was string, is integer",
    ),
    (
        "another id",
        lambda s: s.update({"$id": "urn:tablewatch:schema:table.state:v2"}),
        "table.state: $id: was urn:tablewatch:schema:table.state:v1, is urn:tablewatch:schema:table.state:v2",
    ),
]


@pytest.mark.parametrize(("change", "found"), [case[1:] for case in PLANTED], ids=[case[0] for case in PLANTED])
def test_planted_break_is_named(copy: Path, change: Change, found: str) -> None:
    assert found in change_schema(copy, "table.state", change)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key", {"live": "{site_id}", "run": "{table_id}@{run_id}"}),
        ("identity", ["table_id", "version"]),
        ("topic", "tables.state"),
        ("title", "TableCondition"),
        ("lane", "live"),
        ("cleanup", "delete"),
        ("version_field", None),
    ],
)
def test_planted_change_of_the_topic_is_named(copy: Path, name: str, value: Any) -> None:
    (found,) = change_topic(copy, "table.state", **{name: value})
    assert found.startswith(f"table.state: topic.yaml {name}: was ")


def test_a_topic_that_is_gone_is_named(copy: Path) -> None:
    (copy / "video.uploaded/topic.yaml").unlink()
    assert compat.breaks(copy) == ["video.uploaded: the topic is gone"]


def test_a_released_topic_cannot_be_a_draft_again(copy: Path) -> None:
    assert "released, is a draft again" in change_topic(copy, "table.state", draft=True)[0]


def optional_field(schema: dict[str, Any]) -> None:
    schema["properties"]["mood"] = {"type": ["string", "null"], "description": "New."}


@pytest.mark.parametrize(
    "change",
    [
        optional_field,
        lambda s: prop(s, "state")["enum"].append("cleaning"),
        lambda s: prop(s, "table_id").update(maxLength=400),
        lambda s: prop(s, "version").pop("minimum"),
        lambda s: prop(s, "state").update(description="Said better."),
    ],
    ids=["optional field", "enum value", "limit wider", "limit gone", "description"],
)
def test_additive_changes_pass(copy: Path, change: Change) -> None:
    assert change_schema(copy, "table.state", change) == []


def test_drafts_may_still_change(copy: Path) -> None:
    assert change_schema(copy, "table.group", lambda s: s["properties"].pop("capacity")) == []


def test_nothing_is_broken_now() -> None:
    assert compat.breaks() == []
