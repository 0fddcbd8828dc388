"""The door for bytes that others wrote: whatever a record holds, a reader gets an event or a ContractError."""

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewatch_schemas import ContractError, TableState, decode, decode_as
from tablewatch_schemas.contracts import ROOT
from tablewatch_schemas.foreign import MAX_DEPTH, MAX_NUMBER, header_texts, read_json, read_number, read_object
from tablewatch_schemas.layout import Layout
from tablewatch_schemas.manifest import RunSpec

EXAMPLE = orjson.loads((ROOT / "table.state/examples/v1/run.json").read_bytes())
KEY, VALUE = EXAMPLE["key"].encode(), orjson.dumps(EXAMPLE["value"])
HEADERS = [(name, text.encode()) for name, text in EXAMPLE["headers"].items()]

HOSTILE = {
    "lists 20,000 deep": b"[" * 20_000 + b"]" * 20_000,
    "objects 20,000 deep": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "open lists": b"[" * 5_000_000,
    "NaN": b'{"confidence": NaN}',
    "infinity by exponent": b'{"confidence": 1e999}',
    "a number of 5,000 digits": b'{"version": ' + b"9" * 5_000 + b"}",
    "a lone surrogate": b'{"table_id": "\\ud800"}',
    "no UTF-8": b'{"table_id": "\xff\xfe"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "a NUL": b"\x00",
    "nothing": b"",
    "a string": b'"text"',
    "a list": b"[1, 2]",
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_value_is_a_contract_error(value: bytes) -> None:
    with pytest.raises(ContractError) as refused:
        decode("table.state", KEY, value, HEADERS)
    assert refused.value.code in ("not_json", "wrong_schema")
    assert len(refused.value.reason) < 500
    assert read_object(value) is None or refused.value.code == "wrong_schema"
    for parse in (Layout.parse, RunSpec.parse):
        with pytest.raises(ContractError):
            parse(value)


def test_a_deep_field_that_we_do_not_know_is_a_contract_error_or_ignored() -> None:
    deep = orjson.dumps(EXAMPLE["value"])[:-1] + b', "theirs": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    with pytest.raises(ContractError):
        decode("table.state", KEY, deep, HEADERS)


@pytest.mark.parametrize("depth", [1, MAX_DEPTH, MAX_DEPTH + 1, 1000, 1025])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_the_limit_of_depth(depth: int, begin: str, end: str) -> None:
    text = begin * depth + ("" if begin == "[" else "1") + end * depth
    if depth <= MAX_DEPTH:
        read_json(text)
        return
    with pytest.raises(ContractError, match=r"nested deeper than 64|depth limit"):
        read_json(text.encode())


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert len(read_json(b"[" + b",".join([b"[{}]"] * 1000) + b"]")) == 1000


def test_more_bytes_than_allowed() -> None:
    with pytest.raises(ContractError, match="10 bytes are more than 9"):
        read_json(b'"12345678"', max_bytes=9)


def test_of_two_names_the_last_counts() -> None:
    assert read_json(b'{"a": 1, "a": 2}') == {"a": 2}


# As clients hand records over: aiokafka, confluent-kafka (None for no headers, a value may be None, keys and values
# already text behind a deserializer), kafka-python, Faust (a mapping)
FORMS: dict[str, tuple[Any, Any, Any]] = {
    "tuples": (KEY, VALUE, tuple(HEADERS)),
    "a generator": (KEY, VALUE, iter(HEADERS)),
    "a mapping": (KEY, VALUE, dict(HEADERS)),
    "lists for pairs": (KEY, VALUE, [list(pair) for pair in HEADERS]),
    "text for bytes": (KEY.decode(), VALUE.decode(), [(name, value.decode()) for name, value in HEADERS]),
    "bytearrays": (bytearray(KEY), bytearray(VALUE), [(name, bytearray(value)) for name, value in HEADERS]),
    "memoryviews": (memoryview(KEY), memoryview(VALUE), [(name, memoryview(value)) for name, value in HEADERS]),
    "a header without a value": (KEY, VALUE, [*HEADERS, ("theirs", None)]),
}


@pytest.mark.parametrize(("key", "value", "headers"), FORMS.values(), ids=FORMS)
def test_every_client_s_form_of_a_record(key: Any, value: Any, headers: Any) -> None:
    received = decode_as(TableState, key, value, headers)
    assert received.key == EXAMPLE["key"]
    assert received.id == EXAMPLE["headers"]["ce_id"]
    assert received.event is not None and received.event.table_id == EXAMPLE["value"]["table_id"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (None, "missing_header"),
        ([], "missing_header"),
        ({}, "missing_header"),
        (5, "missing_header"),
        ([1, 2], "missing_header"),
        ([("ce_type",)], "missing_header"),
        ([("ce_type", 7)], "missing_header"),
        ([("ce_type", None)], "missing_header"),
        ("ce_type", "missing_header"),
    ],
)
def test_headers_that_are_none_or_no_headers(headers: Any, code: str) -> None:
    with pytest.raises(ContractError) as refused:
        decode("table.state", KEY, VALUE, headers)
    assert refused.value.code == code


def test_a_key_or_a_value_of_another_type() -> None:
    with pytest.raises(ContractError) as refused:
        decode("table.state", 7, VALUE, HEADERS)  # type: ignore[arg-type]
    assert refused.value.code == "missing_key"
    with pytest.raises(ContractError) as refused:
        decode("table.state", KEY, {"a": 1}, HEADERS)  # type: ignore[arg-type]
    assert refused.value.code == "not_json"
    assert decode("table.state", None, VALUE, HEADERS).key is None


def test_a_version_of_any_length_is_none_or_a_number() -> None:
    for text in ("9" * 5000, "٣", "-1", "1e3"):
        headers = [*HEADERS, ("ce_version", text.encode())]
        assert decode("table.state", KEY, None, headers).version is None


def test_the_text_of_a_record_in_a_reason_is_short() -> None:
    with pytest.raises(ContractError) as refused:
        decode("table.state", KEY, VALUE, [("ce_type", b"x" * 1_000_000)])
    assert len(refused.value.reason) < 300


_HEADERS = st.none() | st.lists(st.tuples(st.text(), st.none() | st.binary() | st.text() | st.integers()))


@given(st.none() | st.binary() | st.text(), st.none() | st.binary() | st.text() | st.integers(), _HEADERS)
def test_nothing_but_a_contract_error_ever(key: Any, value: Any, headers: Any) -> None:
    for given_headers in (headers, [*HEADERS, *(headers or [])]):
        with suppress(ContractError):
            decode("table.state", key, value, given_headers)


def test_headers_by_name() -> None:
    assert header_texts([("a", b"1"), ("a", b"2"), ("b", None), ("c", b"\xff")]) == {"a": "2", "c": "�"}


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("7", 7), ("007", 7), ("0" * 19, 0), ("0" * 18 + "5", 5), (str(MAX_NUMBER), 2**63 - 1)],
)
def test_numbers(text: str, number: int) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-1", "+1", " 1", "1 ", "1\n", "1.0", "1e3", "1_000", "0x1", "nan", "inf", "1,2", "\x00",
        "٣", "²", "１", "0" * 20, "0" * 5000, "9" * 5000, "0" * 4300 + "1", str(2**63), str(2**64), "9" * 19,
    ],
)  # fmt: skip
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError):
        read_number(text)


def test_a_number_may_have_a_limit_of_its_own() -> None:
    assert read_number("10", most=10) == 10
    with pytest.raises(ValueError, match="more than 10"):
        read_number("11", most=10)


@given(st.text() | st.from_regex(r"0*[0-9]*"))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert 0 <= read_number(text) <= MAX_NUMBER
