"""Readers of today read records of tomorrow; what can never be read is refused with a code and the field's name."""

import json
import re
from typing import Any

import pytest
from tests.contract.schemas.contract_cases import SCHEMAS, Example, examples

from tablewatch_schemas import TOPICS, ContractError, decode

EVENTS = [each for each in examples() if each.value is not None]
FIRST = {each.topic: each for each in reversed(EVENTS)}


def read(example: Example, value: Any, headers: dict[str, str] | None = None) -> Any:
    given = example.document["headers"] | (headers or {})
    pairs = [(name, text.encode()) for name, text in given.items()]
    return decode(example.topic, example.key, json.dumps(value).encode(), pairs)


def with_more(value: Any) -> Any:
    """The value with a field nobody knows in every object."""
    if isinstance(value, dict):
        return {**{name: with_more(inner) for name, inner in value.items()}, "from_the_future": {"a": [1]}}
    return [with_more(each) for each in value] if isinstance(value, list) else value


def with_new_enums(schema: dict[str, Any], value: Any) -> Any:
    """The value with every enum value replaced by one nobody knows."""
    if value is not None and "enum" in schema:
        return "of_the_future"
    if isinstance(value, dict):
        return {name: with_new_enums(schema["properties"][name], inner) for name, inner in value.items()}
    return [with_new_enums(schema["items"], each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("example", EVENTS, ids=str)
def test_unknown_fields_are_ignored_everywhere(example: Example) -> None:
    value = example.document["value"]
    assert read(example, with_more(value)).event == read(example, value).event


@pytest.mark.parametrize("example", EVENTS, ids=str)
def test_unknown_enum_values_are_read_as_they_are(example: Example) -> None:
    schema = json.loads((SCHEMAS / example.topic / "v1.schema.json").read_text())
    value = with_new_enums(schema, example.document["value"])
    event = read(example, value).event
    assert TOPICS[example.topic].write(event) == value


def test_unknown_headers_are_ignored() -> None:
    example = FIRST["table.state"]
    assert read(example, example.document["value"], {"ce_later": "x", "tracestate": "a=b"}).event is not None


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_field_missing_or_mistyped_is_named(topic: str) -> None:
    example = FIRST[topic]
    value = example.document["value"]
    required = json.loads((SCHEMAS / topic / "v1.schema.json").read_text())["required"]
    for name in value:
        rest = {other: inner for other, inner in value.items() if other != name}
        if name in required:
            with pytest.raises(ContractError, match=f"{name}: missing") as missing:
                read(example, rest)
            assert missing.value.code == "wrong_schema"
        else:
            assert read(example, rest).event is not None
        for wrong in ({"an": "object"}, [[1]]):
            if type(wrong) is not type(value[name]):
                with pytest.raises(ContractError, match=f"{name}(: expected|/)"):
                    read(example, {**value, name: wrong})


@pytest.mark.parametrize("text", ["yesterday", "2026-11-23T09:00:00", "2026-13-01T00:00:00Z"])
def test_times_without_meaning_are_named(text: str) -> None:
    example = FIRST["frame.extracted"]
    with pytest.raises(ContractError, match="captured_at"):
        read(example, {**example.document["value"], "captured_at": text})


def test_a_fault_inside_a_nested_object_is_named_by_its_path() -> None:
    example = next(each for each in EVENTS if str(each) == "crop.ready/run")
    value = json.loads(json.dumps(example.document["value"]))
    value["crops"][1]["length"] = "8744"
    with pytest.raises(ContractError, match="crops/1/length: expected integer, got str"):
        read(example, value)


def test_a_boolean_is_not_a_number() -> None:
    example = FIRST["frame.extracted"]
    with pytest.raises(ContractError, match="width: expected integer, got bool"):
        read(example, {**example.document["value"], "width": True})


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"{'a': 1}"])
def test_not_json(data: bytes) -> None:
    example = FIRST["video.uploaded"]
    with pytest.raises(ContractError) as error:
        decode(example.topic, example.key, data, example.headers)
    assert error.value.code == "not_json"


HOSTILE = (
    *(b"1" * 400, b"1e999", b"-0", b"1.0", b"NaN", b"99999999999999999999", b"[" * 3000, b'{"a":' * 2000),
    *(b'"\\ud800"', b'"\xff"', b'"a\x00b"', b'"9999-12-31T23:59:59-23:00"', b'"0001-01-01T00:00:00+23:59"'),
)


@pytest.mark.parametrize("example", EVENTS, ids=str)
def test_whatever_stands_in_a_place_it_is_read_or_refused(example: Example) -> None:
    """No other exception: a consumer that lives on ContractError must not die of a record."""
    assert example.value is not None
    codes = set()
    for place in re.finditer(rb': ("[^"]*"|[\d.]+|null|true|false)', example.value):
        for bad in HOSTILE:
            value = example.value[: place.start(1)] + bad + example.value[place.end(1) :]
            try:
                decode(example.topic, example.key, value, example.headers)
            except ContractError as error:
                codes.add(error.code)
    assert codes == {"not_json", "wrong_schema"}


@pytest.mark.parametrize("data", [b"null", b"[]", b'"x"', b"7"])
def test_json_that_is_no_object(data: bytes) -> None:
    example = FIRST["video.uploaded"]
    with pytest.raises(ContractError) as error:
        decode(example.topic, example.key, data, example.headers)
    assert error.value.code == "wrong_schema"


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_time"])
def test_missing_headers_are_named(name: str) -> None:
    example = FIRST["video.uploaded"]
    headers = [pair for pair in example.headers if pair[0] != name]
    with pytest.raises(ContractError, match=name) as error:
        decode(example.topic, example.key, example.value, headers)
    assert error.value.code == "missing_header"


def test_another_version_and_another_type() -> None:
    example = FIRST["video.uploaded"]
    value = example.document["value"]
    with pytest.raises(ContractError) as version:
        read(example, value, {"ce_type": "tablewatch.video.uploaded.v2"})
    with pytest.raises(ContractError) as kind:
        read(example, value, {"ce_type": "tablewatch.table.state.v1"})
    assert (version.value.code, kind.value.code) == ("unknown_version", "wrong_schema")


def test_a_topic_that_is_not_ours() -> None:
    with pytest.raises(ContractError) as error:
        decode("orders", None, b"{}", [])
    assert error.value.code == "unknown_topic"
