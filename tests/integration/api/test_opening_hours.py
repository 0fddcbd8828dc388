"""Opening hours of sites and cameras over REST: stored, published with the time zone, checked, and taken back."""

from typing import Any

import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, make_place, outbox_events

from tablewatch_schemas.opening_hours import WEEKDAYS

LUNCH = {"monday": ["11:00-14:30", "17:30-01:00"], "sunday": ["10:00-24:00"]}
WEEK = {day: [] for day in WEEKDAYS} | LUNCH


async def published(stage: Stage, topic: str) -> list[Any]:
    """Time zone and hours of Monday of each record."""
    found = [each.event.opening_hours for each in await outbox_events(stage.pool, topic)]
    return [each and (each.timezone, each.monday) for each in found]


@pytest.mark.parametrize(("kind", "topic"), [("sites", "site.config"), ("cameras", "camera.config")])
async def test_hours_are_kept_published_and_taken_back(stage: Stage, kind: str, topic: str) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/{kind}/{place.site_id if kind == 'sites' else place.camera_id}"
    before = await published(stage, topic)
    assert answer(await client.get(path), 200)["opening_hours"] is None
    changed = await client.patch(path, json={"opening_hours": LUNCH})
    assert answer(changed, 200)["opening_hours"] == answer(await client.get(path), 200)["opening_hours"] == WEEK
    assert answer(await client.patch(path, json={"name": "Other"}), 200)["opening_hours"] == WEEK, "they stay"
    assert answer(await client.patch(path, json={"opening_hours": None}), 200)["opening_hours"] is None
    hours = "UTC", ("11:00-14:30", "17:30-01:00")
    told = [hours, None] if kind == "sites" else [hours, hours, None]
    assert await published(stage, topic) == [*before, *told]


async def test_what_is_made_with_hours_has_them(stage: Stage) -> None:
    client = await stage.client()
    body = {"name": "Café", "timezone": "Europe/Vienna", "opening_hours": LUNCH}
    site = answer(await client.post("/v1/sites", json=body), 201)
    asked = {"name": "Bar", "site_id": site["site_id"], "opening_hours": {"monday": ["18:00-02:00"]}}
    camera = answer(await client.post("/v1/cameras", json=asked), 201)
    assert site["opening_hours"] == WEEK
    assert camera["opening_hours"] == {day: [] for day in WEEKDAYS} | {"monday": ["18:00-02:00"]}
    assert "timezone" not in camera
    assert await published(stage, "site.config") == [("Europe/Vienna", ("11:00-14:30", "17:30-01:00"))]
    assert await published(stage, "camera.config") == [("Europe/Vienna", ("18:00-02:00",))]


async def test_another_time_zone_is_published_with_all_hours_that_are_by_it(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    plain = answer(await client.post("/v1/cameras", json={"site_id": place.site_id, "name": "plain"}), 201)
    path = f"/v1/cameras/{place.camera_id}"
    before = answer(await client.patch(path, json={"opening_hours": LUNCH}), 200)
    answer(await client.patch(f"/v1/sites/{place.site_id}", json={"timezone": "Asia/Tokyo"}), 200)
    after = answer(await client.get(path), 200)
    assert (after["version"], after["opening_hours"]) == (before["version"] + 1, WEEK)
    assert (await published(stage, "camera.config"))[-1] == ("Asia/Tokyo", ("11:00-14:30", "17:30-01:00"))
    assert answer(await client.get(f"/v1/cameras/{plain['camera_id']}"), 200)["version"] == plain["version"]
    assert await published(stage, "site.config") == [None]


@pytest.mark.parametrize(
    ("week", "expected", "pointer"),
    [
        ({"monday": ["17:00-18:00", "11:00-12:00"]}, "opening_hours_unordered", "/body/opening_hours/monday/1"),
        ({"monday": ["11:00-14:00", "13:59-15:00"]}, "opening_hours_overlap", "/body/opening_hours/monday/1"),
        (
            {"friday": ["22:00-02:00"], "saturday": ["01:00-03:00"]},
            "opening_hours_overlap",
            "/body/opening_hours/saturday/0",
        ),
        (
            {"monday": ["00:30-01:00"], "sunday": ["22:00-02:00"]},
            "opening_hours_overlap",
            "/body/opening_hours/monday/0",
        ),
        ({}, "opening_hours_empty", "/body/opening_hours"),
        ({"monday": []}, "opening_hours_empty", "/body/opening_hours"),
        ({"moonday": ["11:00-12:00"]}, "invalid_request", "/body/opening_hours/moonday"),
        ({"monday": ["11:00-12:60"]}, "invalid_request", "/body/opening_hours/monday/0"),
        ({"monday": ["24:00-12:00"]}, "invalid_request", "/body/opening_hours/monday/0"),
        ({"monday": ["11:00-12:00\n"]}, "invalid_request", "/body/opening_hours/monday/0"),
        ({"monday": [f"{n:02}:00-{n:02}:30" for n in range(7)]}, "invalid_request", "/body/opening_hours/monday"),
        ({"monday": "11:00-12:00"}, "invalid_request", "/body/opening_hours/monday"),
        ({"monday": None}, "invalid_request", "/body/opening_hours/monday"),
        ("always", "invalid_request", "/body/opening_hours"),
    ],
)
async def test_hours_that_cannot_be_are_refused_with_the_place(
    stage: Stage, week: Any, expected: str, pointer: str
) -> None:
    client = await stage.client()
    place = await make_place(client)
    body = {"name": "x", "opening_hours": week}
    for refused in (
        await client.post("/v1/sites", json=body),
        await client.patch(f"/v1/sites/{place.site_id}", json=body),
        await client.post("/v1/cameras", json=body | {"site_id": place.site_id}),
        await client.patch(f"/v1/cameras/{place.camera_id}", json=body),
    ):
        assert code(refused, 422) == expected
        assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]


async def test_what_is_made_leaves_hours_out_instead_of_null(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    for path, body in (("/v1/sites", {"name": "x"}), ("/v1/cameras", {"name": "x", "site_id": place.site_id})):
        refused = await client.post(path, json=body | {"opening_hours": None})
        assert code(refused, 422) == "invalid_request"
        assert [each["pointer"] for each in refused.json()["errors"]] == ["/body/opening_hours"]
        assert answer(await client.post(path, json=body), 201)["opening_hours"] is None
