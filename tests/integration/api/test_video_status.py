"""The status of a video: one of its own before its file has come, and a filter that says what the document says."""

from typing import Any

import httpx
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, decoded_record, make_place, make_run

from api.project.apply import apply

STATUSES = ("awaiting_file", "queued", "processing", "done", "failed", "cancelled")


async def _listed(client: httpx.AsyncClient, status: str) -> list[str]:
    page = answer(await client.get("/v1/videos", params={"status": status}), 200)
    assert {each["status"] for each in page["items"]} <= {status}
    return [each["video_id"] for each in page["items"]]


async def _agrees(client: httpx.AsyncClient, video_id: str, status: str) -> None:
    assert answer(await client.get(f"/v1/videos/{video_id}"), 200)["status"] == status
    found = {each for each in STATUSES if video_id in await _listed(client, each)}
    assert found == {status}


async def test_the_filter_is_what_the_document_says_all_the_way(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    run = await make_run(client, place)
    failing, cancelled = await make_run(client, place), await make_run(client, place)
    offset = 0

    async def happens(*events: Any) -> None:
        nonlocal offset
        for event in events:
            offset += 1
            await apply(stage.pool, [decoded_record(event, offset)])

    await _agrees(client, run.video_id, "awaiting_file")
    await happens(run.uploaded())
    await _agrees(client, run.video_id, "queued")
    await happens(*run.whole(2))
    await _agrees(client, run.video_id, "done")

    await happens(failing.progress(1, 1))  # it overtakes video.uploaded
    await _agrees(client, failing.video_id, "queued")
    await happens(failing.uploaded(), failing.progress(2, 1))
    await _agrees(client, failing.video_id, "processing")
    await happens(failing.failed(3, "timeout"))
    await _agrees(client, failing.video_id, "failed")
    await happens(failing.progress(4, 1, attempt=2))
    await _agrees(client, failing.video_id, "processing")

    answer(await client.post(f"/v1/videos/{cancelled.video_id}/cancel"), 200)
    await _agrees(client, cancelled.video_id, "cancelled")


async def test_a_status_that_there_is_not_is_refused(stage: Stage) -> None:
    refused = await (await stage.client()).get("/v1/videos?status=waiting")
    assert code(refused, 422) == "invalid_request"
    assert refused.json()["errors"][0]["parameter"] == "status"


async def test_a_camera_says_whether_anything_reads_its_address(stage: Stage) -> None:
    client = await stage.client()
    await make_place(client)
    schemes = {"rtsp": "rtsp://10.0.0.1/x", "hls": "https://h/x", "snapshot": "http://10.0.0.1/x", "file": "in/x.jpg"}
    for kind, address in schemes.items():
        body = {"name": kind, "source": {"type": kind, "address": address}}
        made = answer(await client.post("/v1/cameras", json=body), 201)
        assert made["capture"] == {"state": "captured", "reason": None}
    path = f"/v1/cameras/{made['camera_id']}"
    plain = answer(await client.patch(path, json={"source": {"type": "none"}}), 200)
    assert plain["capture"] == {"state": "none", "reason": None}
