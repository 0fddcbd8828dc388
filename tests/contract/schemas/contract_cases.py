"""The examples of all topics, as the contract tests take them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
SCHEMAS = ROOT / "schemas"


@dataclass(frozen=True)
class Example:
    """One file of `schemas/<topic>/examples/v1/`, as the record that it stands for."""

    topic: str
    name: str
    document: dict[str, Any]

    @property
    def key(self) -> bytes | None:
        return None if self.document["key"] is None else self.document["key"].encode()

    @property
    def value(self) -> bytes | None:
        return None if self.document["value"] is None else json.dumps(self.document["value"]).encode()

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        return [(name, text.encode()) for name, text in self.document["headers"].items()]

    def __str__(self) -> str:
        return f"{self.topic}/{self.name}"


def examples() -> list[Example]:
    """Every example of every topic."""
    return [
        Example(path.parents[2].name, path.stem, json.loads(path.read_text()))
        for path in sorted(SCHEMAS.glob("*/examples/v1/*.json"))
    ]
