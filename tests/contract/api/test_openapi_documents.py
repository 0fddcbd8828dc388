"""The OpenAPI documents of api and ingest: valid, and such that generators lose nothing of them."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from tests.support.openapi_documents import of_api, of_ingest

METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}


@pytest.fixture(scope="module", params=[of_api, of_ingest], ids=["api", "ingest"])
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The document as it is served."""
    return json.loads(json.dumps(request.param()))  # type: ignore[no-any-return]


def _operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    paths = document["paths"].items()
    return [(path, method, each) for path, methods in paths for method, each in methods.items() if method in METHODS]


def _schemas(node: Any) -> list[dict[str, Any]]:
    """Every object of the document, so every schema too; examples are left out."""
    if isinstance(node, list):
        return [found for each in node for found in _schemas(each)]
    if not isinstance(node, dict):
        return []
    inner = [each for name, each in node.items() if name not in ("example", "examples", "default")]
    return [node, *(found for each in inner for found in _schemas(each))]


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    validate(document, cls=OpenAPIV31SpecValidator)


def test_operations_have_short_names_of_their_own_servers_and_errors(document: dict[str, Any]) -> None:
    operations = _operations(document)
    names = [each["operationId"] for _, _, each in operations]
    assert len(names) == len(set(names))
    assert max(map(len, names)) <= 30
    assert document["servers"]
    for path, method, operation in operations:
        errors = {status: each for status, each in operation["responses"].items() if status[0] not in "123"}
        assert {"422", "429", "503", "default"} <= set(errors), (method, path)
        assert "{" not in path or "404" in errors
        assert not operation.get("security") or {"401", "403"} <= set(errors), (method, path)
        for each in errors.values():
            if method == "head":  # no response to it has a body
                assert "content" not in each
                continue
            schema = each["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}
        named = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
        assert {part.strip("{}") for part in path.split("/") if part.startswith("{")} == named, (method, path)


def test_names_of_classes_are_unique_and_keywords_are_those_of_json_schema(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert {name: schema["title"] for name, schema in schemas.items()} == {name: name for name in schemas}
    assert {"pointer", "retryable", "errors", "scope", "dependency", "cause"} <= set(schemas["Problem"]["properties"])
    titled = [each["title"] for each in _schemas(document) if isinstance(each.get("title"), str)]
    assert len(titled) == len(set(titled))
    for each in _schemas(document):
        assert not {"ge", "le", "gt", "lt", "itemSchema"} & each.keys(), each


def test_the_document_says_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")


def test_a_limit_of_a_page_is_a_minimum_and_a_maximum() -> None:
    parameters = of_api()["paths"]["/v1/videos"]["get"]["parameters"]
    (limit,) = (each["schema"] for each in parameters if each["name"] == "limit")
    assert (limit["minimum"], limit["maximum"]) == (1, 1000)


def test_a_list_of_words_is_written_once_and_has_a_name(document: dict[str, Any]) -> None:
    named = document["components"]["schemas"]
    lists = [each["enum"] for each in _schemas(document) if isinstance(each.get("enum"), list)]
    assert lists == [schema["enum"] for schema in named.values() if "enum" in schema]
    assert len({tuple(words) for words in lists}) == len(lists)


def test_what_a_client_may_leave_out_is_never_null(document: dict[str, Any]) -> None:
    for _, _, operation in _operations(document):
        for each in operation.get("parameters", ()):
            assert isinstance(each["schema"].get("type", "words"), str), each
            assert "anyOf" not in each["schema"], each


def test_an_object_of_an_answer_says_what_is_in_it(document: dict[str, Any]) -> None:
    """But for layouts in forms of others, which are theirs to describe."""
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("properties") or "enum" in schema, name
    parts = {"components": document["components"]} | document["paths"]
    free = {
        name for name, part in parts.items() if any(each.get("additionalProperties") is True for each in _schemas(part))
    }
    assert free <= {"/v1/cameras/{camera_id}/layout/export", "/v1/cameras/{camera_id}/layout/import"}


def test_times_are_times() -> None:
    schemas = of_api()["components"]["schemas"]
    for name, field in (("Job", "created_at"), ("State", "since"), ("StateTransition", "until"), ("Key", "expires_at")):
        assert schemas[name]["properties"][field]["format"] == "date-time"
    assert all("_" not in name for name in schemas), "JobPage, not Page_Job_"
