"""The JSON Schemas, read at first use, and the check of a producer's bytes against them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import orjson

from tablewatch_schemas.errors import ContractError
from tablewatch_schemas.strict import strict_reader

_HERE = Path(__file__).resolve().parent
# In a wheel the folders lie inside the package; in the repository two levels above it.
ROOT = _HERE / "contracts" if (_HERE / "contracts").is_dir() else _HERE.parents[1]

Check = Callable[[bytes], None]

_MSGSPEC_ERROR = re.compile(r"(?P<what>.*?)(?: - at `(?:key in )?\$\.?(?P<where>.*)`)?", re.DOTALL)


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
    """A function of a record's bytes that raises ContractError wrong_schema where the schema refuses them."""
    read = strict_reader(schema(topic))

    def check(value: bytes) -> None:
        try:
            read(value)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ContractError("wrong_schema", f"{topic}: {reason(error)}") from error

    return check


def reason(error: Exception) -> str:
    """`crops/1/length: expected ...`, from msgspec's ``Expected ... - at `$.crops[1].length` ``."""
    found = _MSGSPEC_ERROR.fullmatch(str(error))
    if found is None or found["where"] is None:
        return str(error)
    where = found["where"].replace("[", ".").replace("]", "").replace(".", "/")
    return f"{where.strip('/') or 'the record'}: {found['what'][:1].lower()}{found['what'][1:]}"
