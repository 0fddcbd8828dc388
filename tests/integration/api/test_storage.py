"""What a site stores, its quota, and the refusal of a video that has no room."""

from typing import Any

import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, decoded_record, make_place, make_run, outbox_events

from api.metrics import SITE_STORAGE
from api.model.storage import Limits
from api.project.apply import apply
from api.project.storage_metrics import StorageMetrics
from chassis.metrics import Metrics
from tablewatch_schemas import SiteConfig, VideoProgressStorage, VideoProgressWaiting

GIB = 1024**3


def stored(frames: int, crops: int, reserved: int) -> VideoProgressStorage:
    return VideoProgressStorage(frames_bytes=frames, crops_bytes=crops, reserved_bytes=reserved)


async def test_usage_by_kind_follows_the_topics_and_a_deletion_gives_it_back(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    usage = f"/v1/sites/{place.site_id}/usage"
    empty = answer(await client.get(usage), 200)
    assert (empty["originals"]["limit_bytes"], empty["pictures"]["limit_bytes"]) == (256 * GIB, 128 * GIB)
    run = await make_run(client, place)
    answer(await client.post("/v1/videos", json={"site_id": place.site_id, "size_bytes": 700}), 201)
    events: list[Any] = [run.uploaded(), run.progress(0, 0, storage=stored(0, 0, 9000))]
    events += [
        run.progress(1, 5, storage=stored(500, 40, 4000)),
        run.progress(2, 6),
    ]  # of a release before: says nothing
    await apply(stage.pool, [decoded_record(event, n) for n, event in enumerate(events)])
    found = answer(await client.get(usage), 200)
    assert found["originals"] == {"used_bytes": 1000, "reserved_bytes": 700, "limit_bytes": 256 * GIB}
    assert found["pictures"] == {
        "used_bytes": 540, "frames_bytes": 500, "crops_bytes": 40, "reserved_bytes": 4000, "limit_bytes": 128 * GIB
    }  # fmt: skip

    metrics = Metrics()
    await StorageMetrics(stage.pool, Limits(1, 2), 3600, stage.deps.clock, metrics).measure()
    for kind, size in {"originals": 1000, "announced": 700, "frames": 500, "crops": 40, "reserved": 4000}.items():
        assert metrics.value(SITE_STORAGE.name, site=place.site_id, kind=kind) == size
    assert metrics.value("site_storage_limit_bytes", site=place.site_id, kind="pictures") == 2

    answer(await client.delete(f"/v1/videos/{run.video_id}"), 202)
    found = answer(await client.get(usage), 200)
    assert (found["originals"]["used_bytes"], found["pictures"]["used_bytes"]) == (0, 0)


async def test_a_quota_is_set_by_a_key_of_all_sites_and_travels_to_the_services_that_write(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/sites/{place.site_id}/quota"
    own = stage.client_of(await stage.key("admin", sites=[place.site_id]))
    assert code(await own.put(path, json={"original_bytes": 2**60}), 403) == "scope_too_wide"
    site = await client.get(f"/v1/sites/{place.site_id}")
    changed = await client.put(
        path, json={"original_bytes": 5000, "picture_bytes": 0}, headers={"If-Match": site.headers["etag"]}
    )
    assert answer(changed, 200)["originals"]["limit_bytes"] == 5000
    again = await client.put(path, json={}, headers={"If-Match": site.headers["etag"]})
    assert code(again, 412) == "version_conflict"
    assert answer(await client.put(path, json={}), 200)["originals"]["limit_bytes"] == 256 * GIB
    sent: list[SiteConfig] = [each.event for each in await outbox_events(stage.pool, "site.config")]
    assert [(each.version, each.original_bytes, each.picture_bytes) for each in sent] == [(2, 5000, 0), (3, None, None)]
    for wrong in ({"original_bytes": -1}, {"original_bytes": "5"}, {"picture_bytes": 2**62 + 1}, {"frames": 1}):
        assert code(await client.put(path, json=wrong), 422) == "invalid_request"


@pytest.mark.parametrize(
    ("quota", "size", "status"),
    [
        ({"original_bytes": 5000}, 4000, 201),
        ({"original_bytes": 5000}, 4001, 413),
        ({"original_bytes": 1000}, None, 413),
        ({"original_bytes": 1001}, None, 201),
        ({"picture_bytes": 4540}, 10, 413),
        ({"picture_bytes": 4541}, 10, 201),
    ],
)
async def test_a_video_that_has_no_room_is_refused_when_it_is_announced(
    stage: Stage, quota: dict[str, int], size: int | None, status: int
) -> None:
    client = await stage.client()
    place = await make_place(client)
    run = await make_run(client, place)
    events = [run.uploaded(), run.progress(0, 5, storage=stored(500, 40, 4000))]
    await apply(stage.pool, [decoded_record(event, n) for n, event in enumerate(events)])
    answer(await client.put(f"/v1/sites/{place.site_id}/quota", json=quota), 200)
    response = await client.post("/v1/videos", json={"site_id": place.site_id, "size_bytes": size})
    assert response.status_code == status, response.text
    if status == 413:
        assert code(response, 413) == "site_storage_full"
        assert "Delete videos" in response.json()["detail"]


async def test_the_site_of_a_tombstone_can_be_made_again_and_the_job_says_what_it_waits_for(stage: Stage) -> None:
    client = await stage.client()
    made = answer(await client.post("/v1/sites", json={"name": "gone"}), 201)
    answer(await client.delete(f"/v1/sites/{made['site_id']}"), 204)
    (tombstone,) = await outbox_events(stage.pool, "site.config")
    assert (tombstone.event, tombstone.key, tombstone.version) == (None, made["site_id"], 2)

    run = await make_run(client, await make_place(client, "other"))
    waiting = VideoProgressWaiting(code="store_full", reason="The object store is full.")
    events = [run.uploaded(), run.progress(0, 0, waiting=waiting)]
    await apply(stage.pool, [decoded_record(event, n) for n, event in enumerate(events)])
    job = answer(await client.get(f"/v1/videos/{run.video_id}/job"), 200)
    assert job["waiting"] == {"code": "store_full", "reason": "The object store is full."}
    await apply(stage.pool, [decoded_record(run.progress(1, 1), 9)])
    assert answer(await client.get(f"/v1/videos/{run.video_id}/job"), 200)["waiting"] is None
