"""The one door for bytes that others wrote: JSON within limits, headers and keys in any form that a client gives.

A hostile record costs a ContractError, whatever it holds: nesting to any depth, numbers of any length, NaN, surrogates,
no UTF-8. Where a name stands twice in an object, the last counts, as in every reader of ours and in browsers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tablewatch_schemas.errors import ContractError

MAX_DEPTH = 64
"""Nested objects and lists. The deepest of our contracts has 5; what prints or copies by recursion stands some 300."""
MAX_BYTES = 64 * 1024 * 1024
MAX_NUMBER = 2**63 - 1
"""The largest whole number that our databases and wires hold."""
_MAX_DIGITS = len(str(MAX_NUMBER))
_SHOWN = 200

Bytes = bytes | bytearray | memoryview | str
Headers = Iterable[tuple[str, "bytes | str | None"]] | Mapping[str, "bytes | str | None"] | None
"""As clients give them: pairs, a mapping, or None when there are none (confluent-kafka); a value may be None."""


def read_json(data: Bytes, *, max_depth: int = MAX_DEPTH, max_bytes: int = MAX_BYTES) -> Any:
    """The value of JSON text. Raises ContractError not_json, also for what is too deep or too large."""
    if not isinstance(data, Bytes):
        raise ContractError("not_json", f"expected bytes, got {type(data).__name__}")
    if len(data) > max_bytes:
        raise ContractError("not_json", f"{len(data)} bytes are more than {max_bytes}")
    try:
        value = orjson.loads(data)
    except (ValueError, RecursionError) as error:
        raise ContractError("not_json", str(error)) from error
    if _may_be_deep(data, max_depth) and _is_deeper(value, max_depth):
        raise ContractError("not_json", f"nested deeper than {max_depth}")
    return value


def read_object(data: Bytes | None) -> dict[str, Any] | None:
    """The object of JSON text, or None where it is none: for readers that pass over what they cannot read."""
    try:
        value = None if data is None else read_json(data)
    except ContractError:
        return None
    return value if isinstance(value, dict) else None


def read_number(text: str, *, most: int = MAX_NUMBER) -> int:
    """A whole number of decimal ASCII digits, as RFC 9110 writes lengths and positions (1*DIGIT). Raises ValueError.

    int() would also take signs, spaces, underscores and the digits of other scripts. Leading zeros are digits of that
    grammar; with them there are at most 19, because int() raises for thousands.
    """
    if len(text) > _MAX_DIGITS or not (text.isascii() and text.isdecimal()):
        raise ValueError(f"not a whole number of at most {_MAX_DIGITS} digits")
    number = int(text)
    if number > most:
        raise ValueError(f"more than {most}")
    return number


def text_of(data: Bytes) -> str:
    """Bytes as text; what is no UTF-8 becomes U+FFFD."""
    return data if isinstance(data, str) else str(data, "utf-8", "replace")


def key_text(key: Bytes | None) -> str | None:
    """The key of a record as text. Raises ContractError missing_key where it is neither bytes nor text."""
    if type(key) is bytes:
        return str(key, "utf-8", "replace")
    if key is None:
        return None
    if not isinstance(key, Bytes):
        raise ContractError("missing_key", f"the key: expected bytes, got {type(key).__name__}")
    return text_of(key)


def header_texts(headers: Headers) -> dict[str, str]:
    """Headers by name, those without a value left out; of two with one name the last.

    Raises ContractError missing_header where they are no pairs of a name and bytes.
    """
    if headers is None:
        return {}
    try:
        pairs = headers if type(headers) is tuple else tuple(_pairs(headers))
        try:  # nearly always bytes
            return {name: str(value, "utf-8", "replace") for name, value in pairs if value is not None}
        except TypeError:
            return {name: text_of(value) for name, value in pairs if value is not None}
    except (TypeError, ValueError) as error:
        raise ContractError("missing_header", f"the headers are no pairs of a name and bytes: {error}") from error


def _pairs(headers: Any) -> Iterable[Any]:
    return headers.items() if isinstance(headers, Mapping) else headers


def shorten(text: str) -> str:
    """Text of a record for a reason: its beginning."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def _may_be_deep(data: Bytes, limit: int) -> bool:
    """Counting brackets is a hundred times cheaper than walking the value, and nearly always enough."""
    whole = bytes(data) if isinstance(data, memoryview) else data
    if isinstance(whole, str):
        return whole.count("{") + whole.count("[") > limit
    return whole.count(b"{") + whole.count(b"[") > limit


def _is_deeper(value: Any, limit: int) -> bool:
    level = _containers([value])
    for _ in range(limit):
        level = [inner for each in level for inner in _containers(each.values() if isinstance(each, dict) else each)]
    return bool(level)


def _containers(values: Iterable[Any]) -> list[Any]:
    return [each for each in values if isinstance(each, dict | list)]
