"""The list of codes, the OpenAPI document and its page."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter, ValidationError

from api.http.app import ROUTERS, content_policy
from api.http.bodies import Source, checked_source
from api.http.follow import MADE, link
from api.http.guards import problem_response
from api.http.reference import reference
from api.problems import CODES, Problem
from api.settings import ApiSettings

SOURCES = sorted(Path("services/api/src/api").rglob("*.py"))


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    app = FastAPI()
    for each in ROUTERS:
        app.include_router(each.router)
    return app.openapi()


def test_every_code_is_used_and_none_is_made_up() -> None:
    text = "".join(path.read_text() for path in SOURCES if path.name != "problems.py")
    unused = [code for code in CODES if f'"{code}"' not in text]
    assert unused == []
    raised = set(re.findall(r'Problem\(\s*"(\w+)"', text))
    assert raised <= set(CODES)


def test_a_problem_is_a_document_of_rfc_9457() -> None:
    response = problem_response(
        Problem("range_invalid", "It has 5 bytes.", headers={"Content-Range": "bytes */5"}, size=5)
    )
    assert (response.status_code, response.media_type) == (416, "application/problem+json")
    assert response.headers["content-range"] == "bytes */5"
    document = Problem("range_invalid", "It has 5 bytes.", size=5).document()
    assert document == {
        "type": "/docs#range_invalid", "title": CODES["range_invalid"].title, "status": 416,
        "code": "range_invalid", "detail": "It has 5 bytes.", "size": 5,
    }  # fmt: skip


def test_every_operation_says_what_it_does_and_every_body_has_an_example(openapi: dict[str, Any]) -> None:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), (method, path)
            assert operation.get("tags"), (method, path)
    schemas = openapi["components"]["schemas"]
    bodies = (
        "NewSite", "NewCamera", "NewLayout", "NewVideo", "HazardAction", "CameraChange", "SiteChange", "SectionChange"
    )  # fmt: skip
    assert [name for name in bodies if "example" not in schemas[name]] == []


def test_what_an_answer_names_is_linked_to_what_takes_it(openapi: dict[str, Any]) -> None:
    paths = link(copy.deepcopy(openapi))["paths"]
    ids = {
        operation["operationId"]: (path, {each["name"] for each in operation.get("parameters", ())})
        for path, methods in paths.items()
        for operation in methods.values()
    }
    made = {path: paths[path]["post"]["responses"]["201"]["links"] for path in MADE}
    assert all(made.values())
    for each in (one for links in made.values() for one in links.values()):
        path, takes = ids[each["operationId"]]
        given = {name.removeprefix("header.") for name in each["parameters"]}
        assert set(re.findall(r"\{(\w+)\}", path)) <= given <= takes
    read = paths["/v1/cameras/{camera_id}"]["get"]["responses"]["200"]["links"]
    unchanged = {name for name, each in read.items() if "header.If-Match" in each["parameters"]}
    assert {ids[name][0] for name in unchanged} == {"/v1/cameras/{camera_id}"}  # a layout has a tag of its own
    assert len(unchanged) == 2


def test_the_examples_are_valid_requests() -> None:
    from api.http import bodies

    for model in (
        bodies.NewSite,
        bodies.NewSection,
        bodies.NewCamera,
        bodies.NewLayout,
        bodies.NewVideo,
        bodies.NewKey,
    ):
        example = model.model_config["json_schema_extra"]["example"]  # type: ignore[index]
        TypeAdapter(model).validate_python(example)
    for several in (bodies.NewLink, bodies.NewKey):
        for example in several.model_config["json_schema_extra"]["examples"]:  # type: ignore[index]
            several.model_validate(example)


def test_the_page_of_the_api_shows_everything_and_loads_nothing(openapi: dict[str, Any]) -> None:
    page = reference(openapi)
    assert page.count("<section") == sum(len(methods) for methods in openapi["paths"].values())
    assert "Terrace" in page
    assert "http" not in page.replace("/openapi.json", "").split("<body>")[0]
    assert "<script" not in page
    assert [code for code in CODES if f'id="{code}"' not in page] == []


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (None, "address_required"),
        ("", "address_required"),
        ("rtsp://u:p@10.0.0.1/x", "address_has_credentials"),
        ("rtsp://u@10.0.0.1", "address_has_credentials"),
    ],
)
def test_sources_that_cannot_be(address: str | None, code: str) -> None:
    with pytest.raises(Problem) as raised:
        checked_source(Source(type="rtsp", address=address))
    assert raised.value.code == code
    assert "u:p" not in raised.value.detail


def test_an_at_sign_behind_the_host_is_no_password() -> None:
    assert checked_source(Source(type="hls", address="https://h/x@y"))["address"] == "https://h/x@y"
    assert checked_source(Source())["type"] == "none"


def test_settings_know_their_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_ROLES", "projector")
    assert _settings().roles == {"projector"}
    monkeypatch.setenv("API_ROLES", "http, typo")
    with pytest.raises(ValidationError, match="typo"):
        _settings()


def test_the_page_may_upload_to_ingest_and_show_pictures_of_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGEST_PUBLIC_URL", "http://10.1.1.1:8701/")
    monkeypatch.setenv("S3_URL", "https://s3.test/x")
    policy = content_policy(_settings())
    assert "connect-src 'self' http://10.1.1.1:8701 https://s3.test;" in policy
    assert "img-src 'self' data: blob: http://10.1.1.1:8701 https://s3.test;" in policy


def _settings() -> ApiSettings:
    return ApiSettings()  # type: ignore[call-arg]
