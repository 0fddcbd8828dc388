"""Reads `schemas/<topic>/` into plain values that the generators write from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SCHEMAS = Path(__file__).resolve().parents[1]

# JSON Schema type -> kind; strings with format date-time become "time".
KINDS = {
    "string": "str",
    "integer": "int",
    "number": "number",
    "boolean": "bool",
    "object": "object",
    "array": "array",
}


@dataclass(frozen=True)
class Field:
    """One property: `kind` is a value of KINDS or "time"; arrays have `item`, objects `shape`."""

    name: str
    kind: str
    nullable: bool
    required: bool
    enum: tuple[str | None, ...]
    description: str
    item: "Field | None" = None
    shape: "Shape | None" = None

    @property
    def optional(self) -> bool:
        """Whether None is a value of it: null is allowed, or the field may be absent."""
        return self.nullable or not self.required


@dataclass(frozen=True)
class Shape:
    """One object, which becomes one dataclass and one TypeScript interface."""

    name: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Topic:
    """One folder of `schemas/`."""

    name: str
    about: dict[str, Any]
    schema: dict[str, Any]
    shape: Shape
    examples: tuple[dict[str, Any], ...]

    @property
    def function(self) -> str:
        """Name for functions of this topic: frame.extracted -> frame_extracted."""
        return self.name.replace(".", "_")


def load(root: Path = SCHEMAS) -> list[Topic]:
    """All topics, in the order that their `topic.yaml` names; equal ones by name."""
    return sorted((_topic(path.parent) for path in root.glob("*/topic.yaml")), key=_order)


def shapes(shape: Shape) -> list[Shape]:
    """The shape and all nested ones, innermost first."""
    found: list[Shape] = []
    for field in shape.fields:
        inner = field.shape or (field.item.shape if field.item else None)
        if inner:
            found += shapes(inner)
    return [*found, shape]


def _order(topic: Topic) -> tuple[int, str]:
    return topic.about["order"], topic.name


def _topic(folder: Path) -> Topic:
    about = yaml.safe_load((folder / "topic.yaml").read_text())
    schema = json.loads((folder / "v1.schema.json").read_text())
    paths = sorted(folder.glob("examples/v1/*.json"))
    examples = tuple({"name": path.stem, **json.loads(path.read_text())} for path in paths)
    return Topic(about["topic"], about, schema, _shape(about["title"], schema), examples)


def _shape(name: str, schema: dict[str, Any]) -> Shape:
    required = set(schema.get("required", ()))
    fields = tuple(_field(name, key, each, key in required) for key, each in schema["properties"].items())
    return Shape(name, schema.get("description", ""), fields)


def _field(owner: str, name: str, schema: dict[str, Any], required: bool) -> Field:
    types = [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    kind = KINDS[next(each for each in types if each != "null")]
    if kind == "str" and schema.get("format") == "date-time":
        kind = "time"
    return Field(
        name=name,
        kind=kind,
        nullable="null" in types,
        required=required,
        enum=tuple(schema.get("enum", ())),
        description=schema.get("description", ""),
        item=_field(owner, _singular(name), schema["items"], True) if kind == "array" else None,
        shape=_shape(owner + _camel(name), schema) if kind == "object" else None,
    )


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") else name


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
