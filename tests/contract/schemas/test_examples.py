"""Every example is a real record: valid, decoded by the package, and encoded back to the same bytes."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.contract.schemas.contract_cases import SCHEMAS, Example, examples

from tablewatch_schemas import TOPICS, Received, decode, encode

EXAMPLES = examples()
EVENTS = [each for each in EXAMPLES if each.value is not None]
TOMBSTONES = [each for each in EXAMPLES if each.value is None]


def received(example: Example) -> Received[Any]:
    return decode(example.topic, example.key, example.value, example.headers)


@pytest.mark.parametrize("example", EVENTS, ids=str)
def test_valid_against_its_schema(example: Example) -> None:
    schema = json.loads((SCHEMAS / example.topic / "v1.schema.json").read_text())
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(example.document["value"])


@pytest.mark.parametrize("example", EVENTS, ids=str)
def test_decodes_and_encodes_back_the_same(example: Example) -> None:
    event = received(example)
    assert event.event is not None
    cause_id = event.causation_id
    cause = None if cause_id is None else _cause(event, cause_id)
    again = encode(
        event.event,
        source=event.source,
        time=event.time,
        cause=cause,
        traceparent=event.traceparent,
        partition=example.document.get("partition"),
    )
    assert again.value is not None
    assert json.loads(again.value) == example.document["value"]
    assert again.key == example.key
    assert {name: data.decode() for name, data in again.headers} == example.document["headers"]


@pytest.mark.parametrize("example", EVENTS, ids=str)
def test_named_by_its_lane(example: Example) -> None:
    """`live-*` and `run-*` name the lane of the record."""
    record = received(example)
    assert record.event is not None
    lane = encode(
        record.event, source=record.source, time=record.time, partition=example.document.get("partition")
    ).lane
    lane_name = example.name.split("-")[0]
    if lane_name in ("live", "run"):
        assert lane == (lane_name if TOPICS[example.topic].lane == "auto" else TOPICS[example.topic].lane)


@pytest.mark.parametrize("example", TOMBSTONES, ids=str)
def test_tombstones_carry_key_and_version(example: Example) -> None:
    record = received(example)
    assert record.event is None
    assert record.key == example.document["key"] == record.subject
    assert record.version is not None and record.version > 1


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_two_examples_each_live_and_run_where_both_exist(topic: str) -> None:
    mine = [each for each in EVENTS if each.topic == topic]
    assert len(mine) >= 2
    if TOPICS[topic].lane == "auto":
        lanes = Counter("live" if each.document["value"]["run_id"] is None else "run" for each in mine)
        assert set(lanes) == {"live", "run"}
    if TOPICS[topic].cleanup == "compact":
        assert any(each.topic == topic for each in TOMBSTONES)


def test_no_folder_without_a_topic() -> None:
    folders = {path.parent.name for path in SCHEMAS.glob("*/v1.schema.json")}
    assert folders == set(TOPICS) == {path.parent.name for path in SCHEMAS.glob("*/topic.yaml")}


def test_event_ids_of_the_examples_differ() -> None:
    ids = [(each.topic, each.document["headers"]["ce_id"]) for each in EXAMPLES]
    assert len(set(ids)) == len(ids)


def test_examples_are_the_only_files_beside_the_contract() -> None:
    allowed = {"topic.yaml", "v1.schema.json"}
    for topic in TOPICS:
        stray = [path for path in (SCHEMAS / topic).iterdir() if path.is_file() and path.name not in allowed]
        assert stray == [], Path(topic)


def _cause(record: Received[Any], ident: str) -> Received[Any]:
    """A stand-in for the record that this one was made from; only its ids and trace are used."""
    return Received(
        event=None,
        topic=record.topic,
        key=None,
        id=ident,
        source="",
        type="",
        time=record.time,
        subject=None,
        correlation_id=record.correlation_id,
        causation_id=None,
        traceparent=None,
        version=None,
    )
