"""The api reads every example of its topics, and what it writes is what the schemas say."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.unit.api.events_of_a_run import run

from api.model import events
from api.model.deletion import Deletion
from api.model.dry_runs import DryRun
from api.model.events import record_event
from api.model.job import Video
from api.model.keyed_records import Change, select_changes
from api.model.projections import GROUP, READ_MODELS, TOPICS_READ
from api.model.run_facts import RunFacts, apply_event
from api.project.batch import Batch
from api.store.read_models import _row
from tablewatch_schemas import TOPICS, decode
from tablewatch_schemas.contracts import schema, validator
from tablewatch_schemas.keys import dry_run_layout, live_frame
from tablewatch_schemas.opening_hours import WEEKDAYS

NOW = datetime(2026, 11, 23, 9, 0, 0, 123000, UTC)
EXAMPLES = sorted(path for name in TOPICS_READ for path in Path("schemas").glob(f"{name}/examples/v1/*.json"))
WEEK = {day: ["11:00-14:30", "17:30-01:00"] for day in WEEKDAYS} | {"monday": []}
CAMERA = {
    "timezone": "Europe/Vienna", "opening_hours": WEEK,
    "camera_id": "cam_1", "site_id": "site_1", "version": 3, "name": "front", "enabled": True, "cadence_ms": 1000,
    "look_every_ms": 0, "source_version": 2,
    "max_age_ms": 5000, "layout_version": 2, "detector": "d-fine-s", "updated_at": "2026-11-23T09:00:00.000Z",
    "source": {"type": "rtsp", "address": "rtsp://10.0.0.9/live", "secret_ref": None},
}  # fmt: skip
SITE = {
    "site_id": "site_1", "version": 3, "original_limit": 5, "picture_limit": 7, "detector": "d-fine-s",
    "timezone": "Europe/Vienna", "opening_hours": WEEK,
}  # fmt: skip
PROBE: dict[str, Any] = {
    "probe_id": "prb_1", "site_id": "site_1", "action": "probe",
    "source": {"type": "rtsp", "address": "rtsp://10.0.0.9/live", "secret_ref": "secrets/site_1/prb_1.sealed"},
}  # fmt: skip
DISCOVERY: dict[str, Any] = {"probe_id": "dsc_1", "site_id": "site_1", "action": "discover", "source": None}
DRY_RUN = DryRun(
    dry_run_id="dry_1", camera_id="cam_1", site_id="site_1", key_id="key_1", tables=(), layout_version=None,
    layout_key=dry_run_layout("site_1", "cam_1", "dry_1"), began_at=NOW, until=NOW, listed_until=NOW,
)  # fmt: skip
HAZARD = {"hazard_id": "haz_1", "site_id": "site_1", "run_id": None}
DELETION = Deletion(
    video_id="vid_1", run_id="run_1", site_id="site_1", camera_id=None, requested_at=NOW, clean_sweeps=2, objects=7,
    deleted_at=None,
)  # fmt: skip
VIDEO = Video(run=run(), facts=RunFacts())
WRITTEN = [
    events.camera_config_event(CAMERA, NOW),
    events.camera_config_event(CAMERA | {"layout_version": None, "opening_hours": None, "source_version": None}, NOW),
    events.camera_command_event(PROBE, "key_1", NOW, NOW),
    events.camera_command_event(PROBE | {"source": PROBE["source"] | {"secret_ref": None}}, "key_1", NOW, NOW),
    events.camera_command_event(DISCOVERY, "key_1", NOW, NOW),
    events.camera_command_event(DISCOVERY | {"secret_ref": "secrets/site_1/dsc_1.sealed"}, "key_1", NOW, NOW),
    events.frame_command_event(CAMERA, live_frame("site_1", "cam_1", NOW), "key_1", NOW, NOW),
    events.dry_run_command_event(DRY_RUN, live_frame("site_1", "cam_1", NOW), NOW, NOW),
    events.site_config_event(SITE, NOW),
    events.site_config_event(SITE | {"detector": None, "picture_limit": None, "opening_hours": None}, NOW),
    *(events.video_command_event(VIDEO, action, "key_1", NOW) for action in ("cancel", "delete", "retry")),
    *(
        events.hazard_command_event("cmd_1", HAZARD, action, "key_1", None, NOW)
        for action in ("acknowledge", "clear", "verify", "dismiss")
    ),
    events.asset_deleted_event(DELETION, NOW),
]


def test_the_topics_are_those_that_name_the_group() -> None:
    assert set(TOPICS_READ) == {name for name, info in TOPICS.items() if GROUP in info.consumers}
    assert {message.topic for message in WRITTEN} < {name for name, info in TOPICS.items() if info.owner == "api"}


def _value(path: Path) -> Any:
    example = orjson.loads(path.read_bytes())
    return example.get("value", example) if isinstance(example, dict) else example


def _received(path: Path) -> Any:
    """An example as it comes from Kafka, with a field and a header that nobody knows yet."""
    topic, value = path.parts[-4], _value(path)
    value = None if value is None else value | {"invented_later": {"a": [1]}}
    headers = [
        ("ce_id", b"1"), ("ce_source", b"tablewatch/test"), ("ce_type", f"tablewatch.{topic}.v1".encode()),
        ("ce_specversion", b"1.0"), ("ce_time", b"2026-11-23T09:00:00.000Z"), ("invented", b"later"),
    ]  # fmt: skip
    return decode(topic, b"key", None if value is None else orjson.dumps(value), headers)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parts[-4]}/{path.stem}")
def test_every_example_is_read(path: Path) -> None:
    received, batch = _received(path), Batch()
    batch.add(received)
    for run_events in batch.run_events.values():
        facts = RunFacts()
        for event, time in run_events:
            facts = apply_event(facts, event, time)
        assert RunFacts.from_json(facts.to_json()) == facts
    for topic, records in batch.keyed.items():
        for change in select_changes(READ_MODELS[topic], records, {}, batch.runs):
            _check_change(topic, change, _value(path) or {})


def _check_change(topic: str, change: Change, value: dict[str, Any]) -> None:
    """What readers get is the value of the record, without the fields that nobody knows yet."""
    document = orjson.loads(record_event(topic, change).document)
    assert document == TOPICS[topic].write(change.event)
    assert document.items() >= value.items()
    assert b"\n" not in (change.document or b"")
    assert len(_row(READ_MODELS[topic], change)) == 4 + len(READ_MODELS[topic].columns)


@pytest.mark.parametrize("message", WRITTEN, ids=lambda message: message.topic)
def test_what_the_api_writes_is_valid(message: Any) -> None:
    assert message.value is not None
    validator(message.topic)(message.value)
    received = decode(message.topic, message.key, message.value, message.headers)
    assert received.source == "tablewatch/api"
    contract = schema(message.topic)
    assert set(contract["required"]) <= set(orjson.loads(message.value)) <= set(contract["properties"])


def test_a_camera_ends_with_a_tombstone_above_its_last_version() -> None:
    gone = events.camera_deleted_event(CAMERA, NOW)
    received = decode(gone.topic, gone.key, gone.value, gone.headers)
    assert (received.event, received.key, received.version, gone.lane) == (None, "cam_1", 3, "live")
