"""The list of codes, the OpenAPI document and its page."""

import copy
import re
from pathlib import Path
from typing import Annotated, Any

import orjson
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError

from api.http.api_page import api_page
from api.http.app import ROUTERS, content_policy
from api.http.documents.cameras import NewCamera, Source, checked_source
from api.http.documents.keys import NewKey
from api.http.documents.layouts import NewLayout
from api.http.documents.links import NewLink
from api.http.documents.run_options import NewVideo
from api.http.documents.sites import NewSection, NewSite
from api.http.errors import Unavailable
from api.http.openapi_links import CREATED, add_links
from api.http.problems import add_handlers, codes, codes_by_status, faulty, problem_response, status_of
from api.model.errors import ApiError, KeyInvalid, PolygonTooSmall, RangeInvalid, ScopeMissing
from api.settings import ApiSettings
from webserver.openapi import declare_errors, tidy
from webserver.problems import unknown_parameters

SOURCES = sorted(Path("services/api/src/api").rglob("*.py"))
CODES = {
    400: "invalid_header invalid_json invalid_cursor",
    401: "key_missing key_invalid key_expired",
    403: "scope_missing scope_too_wide origin_refused link_invalid link_expired",
    404: "not_found site_not_found section_not_found camera_not_found layout_not_found video_not_found frame_not_found"
    " layout_proposal_not_found layout_source_not_found"
    " crops_not_found view_not_found table_not_found hazard_not_found key_not_found probe_not_found object_gone"
    " discovery_not_found dry_run_not_found",
    405: "method_not_allowed",
    409: "idempotency_in_flight site_not_empty section_in_use name_taken number_taken video_finished video_not_failed"
    " video_not_retryable hazard_closed hazard_status_conflict hazards_ended too_many_cameras nothing_proposed"
    " no_pictures camera_paused",
    412: "version_conflict precondition_failed",
    413: "body_too_large upload_too_large site_storage_full",
    416: "range_invalid",
    422: "invalid_request idempotency_key_reused site_required address_required address_has_credentials"
    " address_invalid user_required transport_invalid"
    " polygon_too_few_points polygon_out_of_frame polygon_self_crossing polygon_too_small table_not_yours"
    " layout_too_large detector_unknown opening_hours_empty opening_hours_overlap opening_hours_unordered"
    " table_doubled camera_required layout_required tables_required floor_required sampling_invalid picture_invalid"
    " started_at_required started_at_invalid layout_format_invalid",
    429: "rate_limited site_rate_limited too_many_event_streams too_many_probes too_many_wrong_keys too_many_dry_runs"
    " too_many_suggestions",
    500: "internal",
    503: "unavailable too_many_bodies credentials_unavailable",
}
"""By status: the codes that clients act on."""


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    app = FastAPI(generate_unique_id_function=lambda route: route.name)
    for each in ROUTERS:
        app.include_router(each.router)
    return tidy(declare_errors(app.openapi(), codes_by_status()))


def test_codes_and_statuses_never_change() -> None:
    assert {error.code: status_of(error) for error in codes()} == {
        code: status for status, of_status in CODES.items() for code in of_status.split()
    }


def test_every_error_is_raised() -> None:
    text = "".join(path.read_text() for path in SOURCES if path.name != "errors.py")
    assert [error for error in codes() if not re.search(rf"\b{error.__name__}\b", text)] == []
    assert all(error.sentence for error in codes())


def test_an_error_is_a_document_of_rfc_9457() -> None:
    response = problem_response(ScopeMissing("This needs a key with the scope read.", scope="read"))
    assert (response.status_code, response.media_type) == (403, "application/problem+json")
    assert orjson.loads(response.body) == {
        "type": "urn:tablewatch:error:scope_missing", "title": ScopeMissing.sentence, "status": 403,
        "code": "scope_missing", "detail": "This needs a key with the scope read.", "retryable": False, "scope": "read",
    }  # fmt: skip


def test_what_is_wrong_in_a_body_is_pointed_to_in_one_way() -> None:
    body = orjson.loads(problem_response(PolygonTooSmall("It covers nothing.", pointer="/floor/0")).body)
    assert body["errors"] == [{"pointer": "/body/floor/0", "detail": "It covers nothing."}]
    unknown = orjson.loads(problem_response(faulty(unknown_parameters(["limti", "x" * 5000]))).body)
    assert unknown["errors"][0] == {
        "pointer": "/query/limti", "detail": "There is no such parameter", "parameter": "limti"
    }  # fmt: skip
    assert len(unknown["errors"][1]["parameter"]) == 100


def test_headers_go_with_an_error() -> None:
    assert problem_response(RangeInvalid(5)).headers["content-range"] == "bytes */5"
    assert problem_response(KeyInvalid("The key is unknown.")).headers["www-authenticate"].startswith("Bearer")
    assert problem_response(Unavailable("Try again.", headers={"Retry-After": "1"})).headers["retry-after"] == "1"


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
    paths = add_links(copy.deepcopy(openapi))["paths"]
    ids = {
        operation["operationId"]: (path, {each["name"] for each in operation.get("parameters", ())})
        for path, methods in paths.items()
        for operation in methods.values()
    }
    answers = {path: paths[path]["post"]["responses"] for path in CREATED}
    made = {path: (each.get("201") or each["202"])["links"] for path, each in answers.items()}
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
    for model in (NewSite, NewSection, NewCamera, NewLayout, NewVideo, NewKey):
        example = model.model_config["json_schema_extra"]["example"]  # type: ignore[index]
        TypeAdapter(model).validate_python(example)
    for several in (NewLink, NewKey):
        for example in several.model_config["json_schema_extra"]["examples"]:  # type: ignore[index]
            several.model_validate(example)


def test_the_page_of_the_api_shows_everything_and_loads_nothing(openapi: dict[str, Any]) -> None:
    page = api_page(openapi)
    assert page.count("<section") == sum(len(methods) for methods in openapi["paths"].values())
    assert "Terrace" in page
    assert "http" not in page.replace("/openapi.json", "").split("<body>")[0]
    assert "<script" not in page
    assert [error.code for error in codes() if f'id="{error.code}"' not in page] == []


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (None, "address_required"),
        ("", "address_required"),
        ("rtsp://u:p@10.0.0.1/x", "address_has_credentials"),
        ("rtsp://u@10.0.0.1", "address_has_credentials"),
        ("rtsp://u:p/ss@10.0.0.1/x", "address_has_credentials"),
        ("rtsp://10.0.0.1/x?user=u&password=u:p", "address_has_credentials"),
        ("rtsp://10.0.0.1/x?channel=1&USR=u&%70wd=u:p", "address_has_credentials"),
        ("rtsp://10.0.0.1/user=u_password=u:p_channel=1.sdp", "address_has_credentials"),
        ("http://10.0.0.1/snapshot?token=u:p", "address_has_credentials"),
    ],
)
def test_sources_that_cannot_be(address: str | None, code: str) -> None:
    with pytest.raises(ApiError) as raised:
        checked_source(Source(type="rtsp", address=address))
    assert raised.value.code == code
    assert "u:p" not in raised.value.detail


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("rtsp", "rtsp://10.0.0.1:554/cam/realmonitor?channel=1&subtype=0"),
        ("rtsp", "rtsp://10.0.0.1/bypass=1/Streaming/Channels/101?transportmode=unicast&profile=1"),
        ("rtsp", "rtsp://10.0.0.1:554/a@b"),
        ("rtsp", "rtsp://[fd00::1]:554/a@b"),
        ("file", "videos/terrace@noon.mp4"),
    ],
)
def test_addresses_without_credentials_are_taken(kind: Any, address: str) -> None:
    assert checked_source(Source(type=kind, address=address))["address"] == address


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


def test_a_method_that_a_path_does_not_have_is_405_and_names_those_it_has() -> None:
    router = APIRouter()

    @router.post("/v1/things/{thing_id}/cancel")
    def cancel(thing_id: str) -> dict[str, str]:
        return {"cancelled": thing_id}

    app = FastAPI()
    app.include_router(router)
    add_handlers(app, [route for route in router.routes if isinstance(route, APIRoute)])
    client = TestClient(app)
    refused = client.get("/v1/things/1/cancel")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert refused.json()["code"] == "method_not_allowed"
    assert client.get("/v1/nothing").json()["code"] == "not_found"


def _no_time(_: str) -> str:
    raise ValueError("not a time as RFC 3339 writes it")


class _Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    at: Annotated[str, AfterValidator(_no_time)]


def _client_of_things(page: Path) -> TestClient:
    router = APIRouter()

    @router.post("/v1/things")
    def create(thing: _Thing) -> dict[str, str]:
        return {"at": thing.at}

    app = FastAPI()
    app.include_router(router)
    add_handlers(app, [route for route in router.routes if isinstance(route, APIRoute)])
    app.mount("/", StaticFiles(directory=page, html=True))
    return TestClient(app)


def test_a_path_of_the_api_that_there_is_not_is_404_for_every_method(tmp_path: Path) -> None:
    client = _client_of_things(tmp_path)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        refused = client.request(method, "/v1/nothing")
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert client.delete("/v1/things").status_code == 405


def test_faults_are_told_without_words_of_python(tmp_path: Path) -> None:
    answer = _client_of_things(tmp_path).post("/v1/things", json={"at": "yesterday", "foo": 1})
    assert answer.json()["errors"] == [
        {"pointer": "/body/at", "detail": "not a time as RFC 3339 writes it"},
        {"pointer": "/body/foo", "detail": "There is no such field"},
    ]
