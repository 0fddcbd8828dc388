"""The api reads every example of its topics, and what it writes is what the schemas say."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.unit.api.events_of_a_run import run

from api import announce
from api.project.batch import GROUP, KEYED, TOPIC_NAMES, Batch, document
from api.project.fold import Facts, fold
from api.store.deletions import Deletion
from api.store.newest import _more
from api.store.videos import Video
from tablewatch_schemas import TOPICS, decode
from tablewatch_schemas.contracts import schema, validator

NOW = datetime(2026, 11, 23, 9, 0, 0, 123000, UTC)
EXAMPLES = sorted(path for name in TOPIC_NAMES for path in Path("schemas").glob(f"{name}/examples/v1/*.json"))
CAMERA = {
    "camera_id": "cam_1", "site_id": "site_1", "version": 3, "name": "front", "enabled": True, "cadence_ms": 1000,
    "max_age_ms": 5000, "layout_version": 2, "updated_at": "2026-11-23T09:00:00.000Z",
    "source": {"type": "rtsp", "address": "rtsp://10.0.0.9/live", "secret_ref": None},
}  # fmt: skip
HAZARD = {"hazard_id": "haz_1", "site_id": "site_1", "run_id": None}
DELETION = Deletion(
    video_id="vid_1", run_id="run_1", site_id="site_1", camera_id=None, requested_at=NOW, clean_sweeps=2, objects=7,
    deleted_at=None,
)  # fmt: skip
VIDEO = Video(run=run(), facts=Facts())
WRITTEN = [
    announce.camera_config(CAMERA, NOW),
    announce.camera_config(CAMERA | {"layout_version": None}, NOW),
    *(announce.video_command(VIDEO, action, "key_1", NOW) for action in ("cancel", "delete", "retry")),
    *(
        announce.hazard_command("cmd_1", HAZARD, action, "key_1", None, NOW)
        for action in ("acknowledge", "clear", "verify", "dismiss")
    ),
    announce.asset_deleted(DELETION, NOW),
]


def test_the_topics_are_those_that_name_the_group() -> None:
    assert set(TOPIC_NAMES) == {name for name, info in TOPICS.items() if GROUP in info.consumers}
    assert {message.topic for message in WRITTEN} < {name for name, info in TOPICS.items() if info.owner == "api"}


def _received(path: Path) -> Any:
    """An example as it comes from Kafka, with a field and a header that nobody knows yet."""
    example = orjson.loads(path.read_bytes())
    topic = path.parts[-4]
    value = example.get("value", example) if isinstance(example, dict) else example
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
    assert batch.records == 1
    for events in batch.run_events.values():
        facts = Facts()
        for event, time in events:
            facts = fold(facts, event, time)
        assert Facts.from_json(facts.to_json()) == facts
    if received.event is not None and received.topic in KEYED:
        assert batch.keyed
        assert isinstance(_more(received.event), tuple)
        assert orjson.dumps(document(received.event))


@pytest.mark.parametrize("message", WRITTEN, ids=lambda message: message.topic)
def test_what_the_api_writes_is_valid(message: Any) -> None:
    assert message.value is not None
    validator(message.topic)(message.value)
    received = decode(message.topic, message.key, message.value, message.headers)
    assert received.source == "tablewatch/api"
    assert set(orjson.loads(message.value)) == set(schema(message.topic)["required"])


def test_a_camera_ends_with_a_tombstone_above_its_last_version() -> None:
    gone = announce.camera_gone(CAMERA, NOW)
    received = decode(gone.topic, gone.key, gone.value, gone.headers)
    assert (received.event, received.key, received.version, gone.lane) == (None, "cam_1", 3, "live")
