"""Every operation of the OpenAPI document, with ids that exist and bodies that are valid."""

from datetime import timedelta
from typing import Any

from tests.integration.api.conftest import Stage
from tests.integration.api.place import Place, RunOf, answer, decoded_record, make_place, make_run

from api.http.app import create_app
from api.model.dry_runs import DryRun
from api.project.apply import apply
from api.store import dry_runs
from tablewatch_schemas.ids import new_id

OPEN = {("post", "/v1/session"), ("delete", "/v1/session"), ("get", "/v1/objects/{key}"), ("head", "/v1/objects/{key}")}
BODIES: dict[tuple[str, str], Any] = {
    ("post", "/v1/sites"): {"name": "x"},
    ("patch", "/v1/sites/{site_id}"): {"name": "x"},
    ("put", "/v1/sites/{site_id}/quota"): {},
    ("post", "/v1/sites/{site_id}/sections"): {"name": "x"},
    ("patch", "/v1/sites/{site_id}/sections/{section_id}"): {"name": "x"},
    ("put", "/v1/sites/{site_id}/plan"): {"places": []},
    ("post", "/v1/cameras"): {"name": "x"},
    ("patch", "/v1/cameras/{camera_id}"): {"name": "x"},
    ("post", "/v1/probes"): {"site_id": "{site_id}", "source": {"address": "rtsp://192.168.1.20/"}},
    ("post", "/v1/discoveries"): {"site_id": "{site_id}"},
    ("put", "/v1/cameras/{camera_id}/layout"): {"reference": {"width": 1, "height": 1}},
    ("put", "/v1/cameras/{camera_id}/layout/import"): {"width": 1, "height": 1, "tables": []},
    ("put", "/v1/cameras/{camera_id}/layout-source"): {"url": "https://cropper.example/"},
    ("post", "/v1/cameras/{camera_id}/layout/proposal/accept"): {"proposal_id": "prop_1"},
    ("post", "/v1/cameras/{camera_id}/layout/proposal/dismiss"): {"proposal_id": "prop_1"},
    ("post", "/v1/cameras/{camera_id}/layout/suggestions"): {},
    ("post", "/v1/cameras/{camera_id}/dry-runs"): {},
    ("post", "/v1/cameras/{camera_id}/score"): {"reference": {"width": 1280, "height": 720}},
    ("post", "/v1/layouts/check"): {"reference": {"width": 1280, "height": 720}, "tables": []},
    ("post", "/v1/videos"): {},
    ("post", "/v1/keys"): {"name": "x", "scopes": ["read"]},
    ("post", "/v1/links"): {"object_key": "frames/{site_id}/{run_id}/000000000.jpg"},
}


async def setting(stage: Stage) -> tuple[Place, RunOf, dict[str, str]]:
    """A site with everything in it, its run, and the ids for the parameters of paths."""
    client = await stage.client()
    place = await make_place(client)
    run = await make_run(client, place)
    await apply(stage.pool, [decoded_record(event, n) for n, event in enumerate(run.whole(2))])
    section = answer(await client.post(f"/v1/sites/{place.site_id}/sections", json={"name": "Terrace"}), 201)
    keys = answer(await client.get("/v1/keys"), 200)["items"]
    await stage.deps.objects.put(str(run.frame(0).object_key), b"jpeg")
    asked = {"site_id": place.site_id, "source": {"address": "rtsp://192.168.1.20/"}}
    probe = answer(await client.post("/v1/probes", json=asked), 202)
    discovery = answer(await client.post("/v1/discoveries", json={"site_id": place.site_id}), 202)
    source = {"url": "https://cropper.example/"}
    answer(await client.put(f"/v1/cameras/{place.camera_id}/layout-source", json=source), 200)
    dry_run_id = await begin_dry_run(stage, place)
    ids = {
        "{site_id}": place.site_id, "{camera_id}": place.camera_id, "{video_id}": run.video_id, "{version}": "1",
        "{hazard_id}": f"haz_{run.run_id[4:]}", "{key_id}": keys[0]["key_id"], "{action}": "acknowledge",
        "{run_id}": run.run_id, "{table_id}": place.tables[0], "{frame_id}": run.frame(0).frame_id,
        "{section_id}": section["section_id"], "{probe_id}": probe["probe_id"],
        "{discovery_id}": discovery["discovery_id"], "{dry_run_id}": dry_run_id,
    }  # fmt: skip
    return place, run, ids


async def begin_dry_run(stage: Stage, place: Place) -> str:
    """One that is over, of a camera that needs no source for it."""
    then = stage.deps.now() - timedelta(minutes=5)
    run = DryRun(
        dry_run_id=new_id("dry"), camera_id=place.camera_id, site_id=place.site_id, key_id="key_1",
        layout_key=place.layout_key, layout_version=1, tables=[{"table_id": place.tables[0], "label": "1"}],
        began_at=then, until=then + timedelta(minutes=1), listed_until=then,
    )  # fmt: skip
    async with stage.pool.acquire() as conn:
        await dry_runs.add(conn, run)
    return run.dry_run_id


def operations(stage: Stage) -> list[tuple[str, str]]:
    """Method and path of every operation that needs a key."""
    paths = create_app(stage.deps).openapi()["paths"]
    found = [(method, path) for path, methods in paths.items() for method in methods]
    assert len(found) > 25
    return [each for each in found if each not in OPEN]


def fill(path: str, ids: dict[str, str]) -> str:
    for name, value in ids.items():
        path = path.replace(name, value)
    assert "{" not in path, path
    return path


async def ask(stage: Stage, key: str | None, method: str, path: str, ids: dict[str, str]) -> Any:
    """The response to a request with a valid body."""
    client = stage.client_of(key)
    body = BODIES.get((method, path))
    if body is not None:
        body = {name: fill(value, ids) if isinstance(value, str) else value for name, value in body.items()}
    return await client.request(method.upper(), fill(path, ids), json=body)
