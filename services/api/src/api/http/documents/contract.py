"""Response models whose fields are those of a topic, so that a field added to the contract is one of the response."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, WithJsonSchema, create_model

from api.http.documents.common import TimeText
from tablewatch_schemas.contracts import schema
from webserver.openapi import NAME

_KINDS: dict[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}


def fields_of(topic: str, *, without: tuple[str, ...] = ()) -> type[BaseModel]:
    """A model with the fields of a topic's value; inner objects are described, and passed on as they are.

    A list of words is text with these words in its description: a contract may get another word.
    """
    contract = schema(topic)
    fields: dict[str, Any] = {
        name: (_kind(each, contract["title"] + _title(name)), _field(each, required=name in contract["required"]))
        for name, each in contract["properties"].items()
        if name not in without
    }
    return create_model(contract["title"], **fields)


def document_of(topic: str) -> Any:
    """The type of a topic's value that is passed on as it is."""
    contract = schema(topic)
    return Annotated[dict[str, Any], WithJsonSchema(_described(contract, contract["title"]))]


def item_of(topic: str, field: str, name: str) -> Any:
    """The type of what a list of a topic's value holds, passed on as it is; `name` is that of its schema."""
    return Annotated[dict[str, Any], WithJsonSchema(_described(schema(topic)["properties"][field]["items"], name))]


def _field(contract: dict[str, Any], *, required: bool) -> Any:
    described = [contract.get("description"), _words(contract)]
    description = " ".join(each for each in described if each) or None
    return Field(description=description) if required else Field(None, description=description)


def _kind(contract: dict[str, Any], name: str) -> Any:
    types: list[str] = contract["type"] if isinstance(contract["type"], list) else [contract["type"]]
    bare = next(each for each in types if each != "null")
    match bare:
        case "array":
            kind: Any = list.__class_getitem__(_kind(contract["items"], name))
        case "object":
            kind = Annotated[dict[str, Any], WithJsonSchema(_described(contract, name))]
        case "string" if contract.get("format") == "date-time":
            kind = TimeText
        case _:
            kind = _KINDS[bare]
    return kind | None if "null" in types else kind


def _words(contract: dict[str, Any]) -> str | None:
    words = [each for each in contract.get("enum", ()) if each is not None]
    return f"Now one of {', '.join(words)}; others may be added." if words else None


def _described(contract: dict[str, Any], name: str) -> dict[str, Any]:
    """The schema of an object and those within it. What is not described may be there too: nothing forbids it."""
    inner = {key: _inner(each, name + _title(key)) for key, each in contract["properties"].items()}
    described = {"description": contract["description"], "properties": inner, "required": contract["required"]}
    return {NAME: name, "type": "object", **described}


def _inner(contract: dict[str, Any], name: str) -> dict[str, Any]:
    if "properties" in contract:
        return _described(contract, name) | {"type": contract["type"]}
    if "properties" in contract.get("items", {}):
        return _leaf(contract) | {"items": _described(contract["items"], name)}
    return _leaf(contract)


def _title(field: str) -> str:
    """Of a field, within the name of a schema."""
    return "".join(part.capitalize() for part in field.split("_"))


def _leaf(contract: dict[str, Any]) -> dict[str, Any]:
    described = [contract.get("description"), _words(contract)]
    rest = {key: each for key, each in contract.items() if key != "enum"}
    return rest | {"description": " ".join(each for each in described if each)}
