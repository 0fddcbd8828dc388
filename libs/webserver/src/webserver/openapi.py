"""What FastAPI leaves to be done in an OpenAPI 3.1 document, so that generators make clients of it. Pure.

`tidy` changes schemas, `declare_errors` adds the problems, `name_objects` and `name_words` give schemas a name; they
change the document and return it.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, get_args

from webserver.problems import MEDIA_TYPE, Problem

Document = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
_KEYWORDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
NAME = "x-schema-name"
"""Of a schema that is written where it is used: it gets this name in the document."""
_UNUSED = ("HTTPValidationError", "ValidationError")


def tidy(document: Document) -> Document:
    """Keywords of JSON Schema where pydantic leaves its own; titles on schemas with a name only, each its name.

    Generators name classes by titles: a field `layout` with the title Layout takes the name of the schema Layout.
    """
    schemas = document.get("components", {}).get("schemas", {})
    for name in _UNUSED:
        schemas.pop(name, None)
    _name_by_title(document)
    _clean(document)
    for name, schema in schemas.items():
        schema["title"] = name
    document["servers"] = [{"url": "/", "description": "Where this document came from"}]
    return document


def _name_by_title(document: Document) -> None:
    """JobPage for Page_Job_: FastAPI names a schema by its generic class, the title is the name of the class itself."""
    schemas = document["components"]["schemas"]
    names = {name: schema["title"] for name, schema in schemas.items() if "_" in name and "title" in schema}
    for name, title in names.items():
        schemas[title] = schemas.pop(name)
    prefix = "#/components/schemas/"
    _rename_references(document, {prefix + name: prefix + title for name, title in names.items()})


def _rename_references(node: Any, names: Mapping[str, str]) -> None:
    if isinstance(node, list):
        for each in node:
            _rename_references(each, names)
    if isinstance(node, dict):
        if node.get("$ref") in names:
            node["$ref"] = names[node["$ref"]]
        for each in node.values():
            _rename_references(each, names)


def name_objects(document: Document) -> Document:
    """Schemas with NAME become schemas of the document, and references where they were written. Before `tidy`."""
    found: dict[str, Document] = {}
    _refer_to_objects(document, found)
    document["components"]["schemas"] |= found
    return document


def _refer_to_objects(node: Any, found: dict[str, Document]) -> None:
    if isinstance(node, list):
        for each in node:
            _refer_to_objects(each, found)
    if not isinstance(node, dict):
        return
    for each in list(node.values()):
        _refer_to_objects(each, found)
    if isinstance(node.get(NAME), str):
        schema = dict(node)
        name, types = schema.pop(NAME), schema["type"]
        found[name] = schema | {"type": "object"}
        reference: Document = {"$ref": f"#/components/schemas/{name}"}
        node.clear()
        node |= reference if types == "object" else {"anyOf": [reference, {"type": "null"}]}


def name_words(document: Document, names: Mapping[str, Any]) -> Document:
    """One schema for each list of words, by its name: generators else make a class at every place that has the list.

    `names` are types, `Literal["a", "b"]`. Before `tidy`.
    """
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    _refer_to_words(document, {get_args(words): name for name, words in names.items()})
    schemas |= {name: {"type": "string", "enum": list(get_args(words))} for name, words in names.items()}
    return document


def _refer_to_words(node: Any, names: Mapping[tuple[str, ...], str]) -> None:
    if isinstance(node, list):
        for each in node:
            _refer_to_words(each, names)
    if not isinstance(node, dict):
        return
    words = node.get("enum")
    if isinstance(words, list) and tuple(words) in names:
        node["$ref"] = f"#/components/schemas/{names[tuple(words)]}"
        del node["enum"], node["type"]
    for each in node.values():
        _refer_to_words(each, names)


def _clean(node: Any) -> None:
    """Of every schema below `node`; the info object keeps its title, and examples are not looked into."""
    if isinstance(node, list):
        for each in node:
            _clean(each)
    if not isinstance(node, dict):
        return
    _null_as_type(node)
    for own, standard in _KEYWORDS.items():
        if isinstance(node.get(own), int | float):
            node[standard] = node.pop(own)
    if isinstance(node.get("title"), str) and "version" not in node:
        del node["title"]
    if "in" in node and isinstance(node.get("schema"), dict):
        _never_null(node["schema"])
    for name, each in node.items():
        if name not in ("example", "examples", "default"):
            _clean(each)


def _never_null(schema: Document) -> None:
    """Of a parameter: it is left out where there is none, and no query or header can say null."""
    match schema.get("anyOf"):
        case [dict() as one, {"type": "null"}]:
            del schema["anyOf"]
            schema |= one


def _null_as_type(schema: Document) -> None:
    """`type: [x, null]` for one of x and null: openapi-generator raises for the other form of lists and objects."""
    match schema.get("anyOf"):
        case [{"type": str(kind)} as one, {"type": "null"}]:
            del schema["anyOf"]
            schema |= one | {"type": [kind, "null"]}
            if "enum" in one:
                schema["enum"] = [*one["enum"], None]
            if "const" in one:
                schema["enum"] = [schema.pop("const"), None]


def declare_errors(document: Document, codes: Mapping[int, Iterable[str]]) -> Document:
    """Each operation with the statuses that it can answer besides its own, and `default` for what is added later.

    `codes` are those of each status.
    """
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {}) | {"Problem": problem}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                which = sorted(_statuses(path, method, operation) & codes.keys())
                errors = {str(status): _error(status, codes[status]) for status in which}
                errors["default"] = _response("Another problem")
                if method == "head":  # no response to HEAD has a body
                    errors = {status: {"description": each["description"]} for status, each in errors.items()}
                found = {status: each for status, each in operation["responses"].items() if status[0] in "123"}
                operation["responses"] = found | errors
    return document


def _statuses(path: str, method: str, operation: Document) -> set[int]:
    parameters = operation.get("parameters", ())
    headers = {each["name"].lower() for each in parameters if each["in"] == "header"}
    reads = method in ("get", "head", "options")
    which = {
        422: True, 429: True, 500: True, 503: True,
        400: bool(headers) or "requestBody" in operation or any(each["name"] == "cursor" for each in parameters),
        401: bool(operation.get("security")), 403: bool(operation.get("security")) or not reads,
        404: "{" in path, 408: "requestBody" in operation, 409: not reads, 410: "{video_id}" in path,
        412: any(name.startswith("if-") or name == "tus-resumable" for name in headers),
        413: "requestBody" in operation, 415: "requestBody" in operation, 416: "range" in headers,
        423: not reads, 501: "/parts" in path, 507: not reads,
    }  # fmt: skip
    return {status for status, applies in which.items() if applies}


def _error(status: int, codes: Iterable[str]) -> Document:
    return _response(f"{HTTPStatus(status).phrase}: {', '.join(codes)}")


def _response(description: str) -> Document:
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
