"""Which detector a site and a camera use, chosen over REST: stored, published, and checked against those there are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, make_place, outbox_events

OURS = '[d-fine-s]\nfile = "x.onnx"\n\n[use]\nsites = { site_1 = "d-fine-s" }\n'


@pytest.fixture
def entries(stage: Stage, tmp_path: Path) -> Path:
    """The file of entries that the settings name; it is not there yet."""
    path = tmp_path / "detectors.toml"
    settings = stage.deps.settings.model_copy(update={"classifier_gateway_detectors": path})
    stage.deps = replace(stage.deps, settings=settings)
    return path


async def published(stage: Stage, topic: str) -> list[tuple[int, str | None]]:
    return [(each.event.version, each.event.detector) for each in await outbox_events(stage.pool, topic)]


@pytest.mark.parametrize(("kind", "topic"), [("sites", "site.config"), ("cameras", "camera.config")])
async def test_a_choice_is_kept_published_and_taken_back(stage: Stage, entries: Path, kind: str, topic: str) -> None:
    client = await stage.client()
    place = await make_place(client)
    path = f"/v1/{kind}/{place.site_id if kind == 'sites' else place.camera_id}"
    before = await published(stage, topic)
    read = await client.get(path)
    assert answer(read, 200)["detector"] is None
    entries.write_text(OURS)

    changed = await client.patch(path, json={"detector": "d-fine-s"}, headers={"If-Match": read.headers["etag"]})
    assert answer(changed, 200)["detector"] == "d-fine-s"
    assert answer(await client.patch(path, json={"name": "Other", "detector": "coco-ssd"}), 200)["name"] == "Other"
    assert answer(await client.patch(path, json={"name": "Third"}), 200)["detector"] == "coco-ssd", "it stays"
    assert answer(await client.patch(path, json={"detector": None, "name": None}), 200)["name"] == "Third"
    assert answer(await client.get(path), 200)["detector"] is None
    told = (await published(stage, topic))[len(before) :]
    assert [name for _, name in told] == ["d-fine-s", "coco-ssd", *(["coco-ssd"] if kind == "cameras" else []), None]
    assert [version for version, _ in told] == sorted({version for version, _ in told})


async def test_a_new_site_and_camera_may_choose_and_the_quota_leaves_it(stage: Stage) -> None:
    client = await stage.client()
    site = answer(await client.post("/v1/sites", json={"name": "Café", "detector": "coco-ssd"}), 201)
    body = {"site_id": site["site_id"], "name": "door", "detector": "yolox-nano"}
    assert answer(await client.post("/v1/cameras", json=body), 201)["detector"] == "yolox-nano"
    quota = {"original_bytes": 5, "picture_bytes": None}
    answer(await client.put(f"/v1/sites/{site['site_id']}/quota", json=quota), 200)
    events = [each.event for each in await outbox_events(stage.pool, "site.config")]
    assert [(each.version, each.detector, each.original_bytes) for each in events] == [
        (1, "coco-ssd", None), (2, "coco-ssd", 5),
    ]  # fmt: skip
    answer(await client.patch(f"/v1/sites/{site['site_id']}", json={"detector": None}), 200)
    (*_, last) = await outbox_events(stage.pool, "site.config")
    assert (last.event.version, last.event.detector, last.event.original_bytes) == (3, None, 5), "the quota stays"


@pytest.mark.parametrize("text", [None, "not = [ toml", OURS, "use = 3\n"])
async def test_a_name_that_is_no_detector_is_refused(stage: Stage, entries: Path, text: str | None) -> None:
    client = await stage.client()
    place = await make_place(client)
    if text is not None:
        entries.write_text(text)
    site, camera = f"/v1/sites/{place.site_id}", f"/v1/cameras/{place.camera_id}"
    refusals: list[Any] = [
        await client.patch(site, json={"detector": "use"}),
        await client.patch(camera, json={"detector": "Yolox-Nano"}),
        await client.post("/v1/sites", json={"name": "x", "detector": " yolox-nano"}),
        await client.post("/v1/cameras", json={"site_id": place.site_id, "name": "x", "detector": "d-fine-x"}),
    ]
    for refused in refusals:
        assert code(refused, 422) == "detector_unknown"
        assert refused.json()["pointer"] == "/detector"
        assert "coco-ssd" in refused.json()["detail"]
        assert ("d-fine-s" in refused.json()["detail"]) is (text == OURS)
    assert answer(await client.get(site), 200)["detector"] is None
    for value in (3, "", "x" * 201, "a\nb", {}):
        assert code(await client.patch(site, json={"detector": value}), 422) == "invalid_request"
