"""The JSON Schemas themselves, read when first asked for, and validation against them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from tablewatch_schemas.errors import ContractError

_HERE = Path(__file__).resolve().parent
# In a wheel the folders lie inside the package; in the repository two levels above it.
ROOT = _HERE / "contracts" if (_HERE / "contracts").is_dir() else _HERE.parents[1]

Check = Callable[[dict[str, Any]], None]


@cache
def schema(topic: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a topic. Raises ContractError unknown_topic."""
    path = ROOT / topic / "v1.schema.json"
    if not path.is_file():
        raise ContractError("unknown_topic", f"there is no topic {topic}")
    parsed: dict[str, Any] = orjson.loads(path.read_bytes())
    return parsed


@cache
def validator(topic: str) -> Check:
    """Raises ContractError wrong_schema on what the schema refuses; without jsonschema-rs (extra `strict`) all pass."""
    try:
        import jsonschema_rs
    except ImportError:
        return lambda _: None
    compiled = jsonschema_rs.validator_for(schema(topic), validate_formats=True)

    def check(value: dict[str, Any]) -> None:
        if compiled.is_valid(value):
            return
        found = next(iter(compiled.iter_errors(value)))
        where = "/".join(map(str, found.instance_path)) or "the record"
        raise ContractError("wrong_schema", f"{topic}: {where}: {found.message}")

    return check
