"""What is proposed for the layout of a camera that was moved, as its status names it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
from tests.integration.api.conftest import LOG, Stage, until
from tests.integration.api.place import LAYOUT, START, Place, answer, code, make_place
from tests.support.doubles import ManualClock

from api.model.deletion import SweepOptions
from api.project.sweeper import Sweeper
from tablewatch_schemas import CameraStatus, CameraStatusLayoutProposal, encode, keys
from tablewatch_schemas.ids import new_id
from tablewatch_schemas.layout import Layout


def proposal_for(place: Place, version: int = 1, refused: str | None = None) -> CameraStatusLayoutProposal:
    """extractor: where the tables are now, or why that cannot be said."""
    of_camera = place.site_id, place.camera_id, new_id("prop")
    return CameraStatusLayoutProposal(
        proposal_id=of_camera[2], made_at=START + timedelta(seconds=20), layout_version=version, code=refused,
        reason="A sentence.", layout_key=None if refused else keys.layout_proposal(*of_camera),
        lost_table_ids=() if refused else (place.tables[1],),
        transform=None if refused else (1.0, 0.0, 0.1, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
        before_key=keys.proposal_picture(*of_camera, "before"), after_key=keys.proposal_picture(*of_camera, "after"),
    )  # fmt: skip


def moved(place: Place, version: int, proposal: CameraStatusLayoutProposal | None) -> CameraStatus:
    return CameraStatus(
        camera_id=place.camera_id, site_id=place.site_id, version=version, status="moved", reason="Turned.",
        code="moved", since=START, observed_at=START, last_frame_at=START, snapshot_key=None, layout_proposal=proposal,
    )  # fmt: skip


async def store(on_kafka: Stage, place: Place, proposal: CameraStatusLayoutProposal) -> Layout:
    """The objects that it names."""
    objects = on_kafka.deps.objects
    drawn = Layout.parse(await objects.get(place.layout_key))
    zone = tuple((round(x + 0.1, 5), y) for x, y in drawn.tables[0].polygon)
    proposed = replace(drawn, layout_key=proposal.layout_key or "", tables=(replace(drawn.tables[0], polygon=zone),))
    if proposal.layout_key is not None:
        await objects.put(proposal.layout_key, proposed.to_json())
    for key in (proposal.before_key, proposal.after_key):
        await objects.put(key, b"a picture")
    return proposed


async def get(client: httpx.AsyncClient, place: Place) -> httpx.Response:
    return await client.get(f"/v1/cameras/{place.camera_id}/layout/proposal")


async def shown(client: httpx.AsyncClient, place: Place, proposal: CameraStatusLayoutProposal) -> Any:
    """The proposal, once the projector has it."""

    async def is_there() -> bool:
        found = await get(client, place)
        return found.status_code == 200 and found.json()["proposal_id"] == proposal.proposal_id

    await until(is_there)
    return answer(await get(client, place), 200)


async def test_it_is_shown_with_both_pictures_and_can_be_sent_as_the_layout(on_kafka: Stage) -> None:
    client = await on_kafka.client()
    place = await make_place(client)
    assert code(await get(client, place), 404) == "layout_proposal_not_found"
    proposal = proposal_for(place)
    proposed = await store(on_kafka, place, proposal)
    async with on_kafka.projecting():
        await on_kafka.send(moved(place, 1, proposal))
        found = await shown(client, place, proposal)
    assert (found["site_id"], found["camera_id"], found["layout_version"]) == (place.site_id, place.camera_id, 1)
    assert (found["code"], found["reason"], found["lost_table_ids"]) == (None, "A sentence.", [place.tables[1]])
    assert found["made_at"] == "2026-11-23T09:00:20.000Z"
    assert found["reference"] == LAYOUT["reference"]
    assert [each["polygon"] for each in found["tables"]] == [[list(each) for each in proposed.tables[0].polygon]]
    for which in ("before", "after"):
        assert (await client.get(found[f"{which}_url"])).content == b"a picture"
    link = answer(await client.post("/v1/links", json={"object_key": proposal.after_key}), 200)
    assert (await client.get(link["url"])).content == b"a picture"
    status = answer(await client.get(f"/v1/cameras/{place.camera_id}"), 200)["status"]
    assert status["layout_proposal"]["proposal_id"] == proposal.proposal_id
    drawn = answer(await client.put(f"/v1/cameras/{place.camera_id}/layout", json=found), 200)
    assert (drawn["version"], [each["table_id"] for each in drawn["tables"]]) == (2, [place.tables[0]])
    assert code(await get(client, place), 404) == "layout_proposal_not_found"


async def test_why_nothing_is_proposed_is_shown_too(on_kafka: Stage) -> None:
    client = await on_kafka.client()
    place = await make_place(client)
    refused = proposal_for(place, refused="not_recognised")
    await store(on_kafka, place, refused)
    async with on_kafka.projecting():
        await on_kafka.send(moved(place, 1, refused))
        found = await shown(client, place, refused)
        assert (found["code"], found["tables"], found["floor"], found["reference"]) == (
            "not_recognised", None, None, None,
        )  # fmt: skip
        await on_kafka.send(moved(place, 2, None))

        async def is_over() -> bool:
            return (await get(client, place)).status_code == 404

        await until(is_over)


async def test_what_is_not_there_any_more_is_not_proposed(on_kafka: Stage) -> None:
    client = await on_kafka.client()
    place, other = await make_place(client), await make_place(client)
    gone, old = proposal_for(place), proposal_for(other, version=7)
    await store(on_kafka, other, old)
    async with on_kafka.projecting():
        await on_kafka.send(moved(place, 1, gone), moved(other, 1, old))

        async def is_known() -> bool:
            cameras = [answer(await client.get(f"/v1/cameras/{each.camera_id}"), 200) for each in (place, other)]
            return all(each["status"] for each in cameras)

        await until(is_known)
    assert code(await get(client, place), 404) == "layout_proposal_not_found"
    assert code(await get(client, other), 404) == "layout_proposal_not_found"
    stranger = await on_kafka.client(sites=[other.site_id])
    assert code(await get(stranger, place), 404) == "camera_not_found"


async def known(stage: Stage, place: Place, proposal: CameraStatusLayoutProposal) -> None:
    """As the projector stores the status, without a broker between."""
    document = encode(moved(place, 1, proposal), source="tablewatch/test", time=START).value
    assert document is not None
    await stage.pool.execute(
        "INSERT INTO camera_statuses (camera_id, site_id, version, gone, document) VALUES ($1, $2, 1, false, $3)"
        " ON CONFLICT (camera_id) DO UPDATE SET document = excluded.document",
        place.camera_id, place.site_id, document.decode(),
    )  # fmt: skip


HOUR = timedelta(hours=1)
SWEEPS = SweepOptions(every_s=1.0, owners_s=1.0, late=HOUR, event_retention=HOUR, history_retention=HOUR)


async def test_what_was_decided_is_kept_with_both_pictures_until_the_camera_is_deleted(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}"
    proposal = proposal_for(place)
    proposed = await store(stage, place, proposal)
    await known(stage, place, proposal)
    other = {"proposal_id": "prop_other"}
    assert code(await client.post(f"{path}/layout/proposal/dismiss", json=other), 404) == "layout_proposal_not_found"
    note = {"proposal_id": proposal.proposal_id, "note": "looks right"}
    accepted = answer(await client.post(f"{path}/layout/proposal/accept", json=note), 200)
    assert (accepted["version"], accepted["kept"]) == (2, [place.tables[0]])
    assert accepted["tables"][0]["polygon"] == [list(each) for each in proposed.tables[0].polygon]
    assert code(await client.post(f"{path}/layout/proposal/accept", json=note), 404) == "layout_proposal_not_found"

    again = proposal_for(place, version=2)
    await store(stage, place, again)
    await known(stage, place, again)
    mended = {"proposal_id": again.proposal_id, "layout": LAYOUT}
    assert answer(await client.post(f"{path}/layout/proposal/accept", json=mended), 200)["version"] == 3
    third = proposal_for(place, version=3)
    await store(stage, place, third)
    await known(stage, place, third)
    as_it_is = {"proposal_id": third.proposal_id, "layout": LAYOUT}  # the camera is moved until a version is drawn
    assert answer(await client.post(f"{path}/layout/proposal/accept", json=as_it_is), 200)["version"] == 4
    for key in (proposal.before_key, proposal.after_key, again.before_key, again.after_key):
        await stage.deps.objects.delete(key)  # as the extractor does when a proposal is over

    first = answer(await client.get(f"{path}/proposals", params={"limit": 2}), 200)
    second = answer(await client.get(f"{path}/proposals", params={"cursor": first["next_cursor"]}), 200)
    (_, newest), (oldest,) = first["items"], second["items"]
    assert (newest["decision"], newest["layout_version"], newest["new_version"]) == ("mended", 2, 3)
    assert (oldest["decision"], oldest["by"], oldest["note"]) == ("accepted", "test", "looks right")
    assert (oldest["proposal_id"], oldest["made_at"]) == (proposal.proposal_id, "2026-11-23T09:00:20.000Z")
    for link in (newest["before_url"], newest["after_url"], oldest["before_url"], oldest["after_url"]):
        assert (await client.get(link)).content == b"a picture"
    assert answer(await client.get(f"{path}/layouts"), 200)["items"][0]["origin"] == "accepted"

    assert (await client.delete(path)).status_code == 204
    clock = ManualClock(stage.deps.now())
    sweeper = Sweeper(stage.pool, stage.deps.objects, SWEEPS, clock, LOG)
    assert not await sweeper.sweep_camera()
    clock.advance(181)
    assert await sweeper.sweep_camera() and not await sweeper.sweep_camera()
    assert (await client.get(oldest["after_url"])).status_code == 404
    assert await stage.pool.fetchval("SELECT count(*) FROM layout_decisions") == 0


async def test_what_was_dismissed_does_not_come_again(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/cameras/{place.camera_id}/layout/proposal"
    proposal = proposal_for(place)
    await store(stage, place, proposal)
    await known(stage, place, proposal)
    assert answer(await client.get(path), 200)["proposal_id"] == proposal.proposal_id
    dismissed = answer(await client.post(f"{path}/dismiss", json={"proposal_id": proposal.proposal_id}), 200)
    assert (dismissed["decision"], dismissed["new_version"], dismissed["note"]) == ("dismissed", None, None)
    assert (await client.get(dismissed["before_url"])).content == b"a picture"
    assert code(await client.get(path), 404) == "layout_proposal_not_found"
    await known(stage, place, proposal_for(place))  # the same places, made anew
    assert code(await client.get(path), 404) == "layout_proposal_not_found"

    refused = proposal_for(place, refused="not_recognised")
    await store(stage, place, refused)
    await known(stage, place, refused)
    nothing = {"proposal_id": refused.proposal_id}
    assert code(await client.post(f"{path}/accept", json=nothing), 409) == "nothing_proposed"
    mended = LAYOUT | {"floor": []}
    assert answer(await client.post(f"{path}/accept", json=nothing | {"layout": mended}), 200)["version"] == 2
    assert code(await client.get(path), 404) == "layout_proposal_not_found"
