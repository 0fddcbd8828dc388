"""The cheap check of a producer agrees with a full JSON Schema validator, on records that are nearly valid."""

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import orjson
import pytest
from tests.contract.schemas.contract_cases import examples

from tablewatch_schemas import TOPICS, ContractError, decode, encode
from tablewatch_schemas.contracts import schema, validator
from tablewatch_schemas.strict import strict_reader

EVENTS = [each for each in examples() if each.value is not None]

# At, below and above every limit that the schemas have, and of every JSON type.
TRIED: tuple[Any, ...] = (
    *(None, True, False, {}, [], "", "a", "é" * 200, "a" * 201, "a" * 512, "a" * 513, "0" * 64, "G" * 64),
    *(-1, 0, 1, 2, 360, 361, 2**31, 2**53, -0.001, 0.5, 0.999, 1.001, 2.5),
    *("2026-11-23T09:00:00.123Z", "2026-11-23T09:00:00", "2026-13-01T00:00:00Z", "yesterday"),
    *([1], ["a"], ["a", "a"], ["frames"], ["frames", "frames"], [0.1] * 3, [0.1] * 4, [0.1] * 5, [0, 0, 1, 2], [None]),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(found):
        yield value, key
        yield from places(inner)


def variants(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The value with one place after the other missing, or holding something else."""
    for at in range(sum(1 for _ in places(value))):
        for tried in TRIED:
            changed = copy.deepcopy(value)
            container, key = list(places(changed))[at]
            container[key] = tried
            yield changed
        changed = copy.deepcopy(value)
        container, key = list(places(changed))[at]
        del container[key]
        yield changed


def accepted(topic: str, value: dict[str, Any]) -> bool:
    try:
        validator(topic)(orjson.dumps(value))
    except ContractError as error:
        assert error.code == "wrong_schema"
        return False
    return True


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_same_verdict_as_a_json_schema_validator(topic: str) -> None:
    whole = jsonschema_rs.validator_for(schema(topic), validate_formats=True)
    fullest = max((each.document["value"] for each in EVENTS if each.topic == topic), key=lambda each: len(str(each)))
    verdicts = {True: 0, False: 0}
    for value in variants(fullest):
        valid = whole.is_valid(value)
        assert accepted(topic, value) == valid, value
        verdicts[valid] += 1
    assert all(verdicts.values())


def test_a_refusal_names_the_field_by_its_path() -> None:
    value = copy.deepcopy(next(each for each in EVENTS if str(each) == "crop.ready/run").document["value"])
    value["crops"][1]["length"] = -1
    with pytest.raises(ContractError, match=r"crop\.ready: crops/1/length: expected `int` >= 0"):
        validator("crop.ready")(orjson.dumps(value))


def test_a_whole_number_is_written_as_one() -> None:
    """JSON Schema takes 1920.0 for an integer; readers of typed languages do not, so we do not send it."""
    value = next(each for each in EVENTS if str(each) == "crop.ready/run").document["value"]
    with pytest.raises(ContractError, match="width: expected `int`"):
        validator("crop.ready")(orjson.dumps(value | {"width": 1920.0}))


def test_a_keyword_that_nothing_would_check_is_refused() -> None:
    with pytest.raises(ValueError, match="patternProperties"):
        strict_reader({"type": "object", "properties": {}, "required": [], "patternProperties": {}})


@pytest.mark.parametrize("example", EVENTS, ids=str)
def test_bytes_on_the_wire_are_those_of_before(example: Any) -> None:
    """What was released with the first version: plain JSON, schema order, `.123Z`, numbers as they were given."""
    received = decode(example.topic, example.key, example.value, example.headers)
    assert received.event is not None
    partition = example.document.get("partition")
    again = encode(received.event, source=received.source, time=received.time, partition=partition)
    assert again.value == orjson.dumps(example.document["value"])
    assert dict(again.headers)["ce_id"].decode() == example.document["headers"]["ce_id"]
