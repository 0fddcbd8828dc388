"""A query parameter that an operation does not have is refused, as an unknown field is: a filter never filters less."""

import re

from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code

from api.http.app import create_app


async def test_no_operation_takes_a_parameter_that_it_does_not_have(stage: Stage) -> None:
    client = await stage.client()
    paths = create_app(stage.deps).openapi()["paths"]
    asked = 0
    for path, methods in paths.items():
        for method in methods:
            address = re.sub(r"\{\w+\}", "x", path)
            refused = await client.request(method, address, params={"surprise": "1"}, json={})
            assert code(refused, 422) == "invalid_request", (method, path)
            assert refused.json()["errors"] == [
                {"pointer": "/query/surprise", "detail": "There is no such parameter", "parameter": "surprise"}
            ]
            asked += 1
    assert asked > 40


async def test_who_nobody_knows_is_told_nothing_of_parameters(stage: Stage) -> None:
    nobody = stage.client_of("twk_00000000_none")
    assert code(await nobody.get("/v1/videos?surprise=1"), 401) == "key_invalid"


async def test_a_misspelt_filter_is_named_and_the_right_one_works(stage: Stage) -> None:
    client = await stage.client()
    refused = await client.get("/v1/videos?camera=cam_1&limit=0")
    assert refused.json()["errors"][0]["parameter"] == "camera"
    wrong = await client.get("/v1/videos?limit=0")
    assert (wrong.json()["errors"][0]["parameter"], wrong.status_code) == ("limit", 422)
    assert answer(await client.get("/v1/videos?camera_id=cam_1"), 200)["items"] == []


async def test_of_a_parameter_that_is_given_twice_none_is_passed_over(stage: Stage) -> None:
    client = await stage.client()
    refused = await client.get("/v1/videos?status=done&status=failed")
    assert code(refused, 422) == "invalid_request"
    assert refused.json()["errors"] == [
        {"pointer": "/query/status", "detail": "It is given more than once, and read once", "parameter": "status"}
    ]
    assert answer(await client.get("/v1/videos?status=done&limit=3"), 200)["items"] == []


async def test_a_list_may_be_given_several_times(stage: Stage) -> None:
    client = await stage.client()
    refused = await client.get("/v1/events?topic=table.state&topic=table.stat")
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/query/topic/1"]
