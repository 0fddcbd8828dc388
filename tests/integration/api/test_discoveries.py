"""Discoveries through the API: asked for, answered by a record, shown to their own site alone."""

from datetime import UTC, datetime
from typing import Any

from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, decoded_record, make_place
from tests.integration.api.test_probes import KEY, commands, events

from api.project.apply import apply
from credentials import public_pem, unseal
from tablewatch_schemas import CameraProbe, CameraProbeDevice, CameraProbeDeviceError, keys, to_json

DEVICE = CameraProbeDevice(
    endpoint="urn:uuid:1", name="Bar", maker=None, model="EX-4", addresses=("192.168.1.20",), service_address=None,
    needs_password=None, profiles=(), error=CameraProbeDeviceError(code="points_elsewhere", reason="Not its own."),
)  # fmt: skip


def answered(discovery: dict[str, Any]) -> CameraProbe:
    return CameraProbe(
        probe_id=discovery["discovery_id"], site_id=discovery["site_id"], version=1, action="discover", status="done",
        requested_at=datetime.now(UTC), answered_at=datetime.now(UTC), error=None, found=None, snapshot_key=None,
        devices=(DEVICE,), interfaces=("eth0",), others=1, left_out=0,
    )  # fmt: skip


async def test_cameras_are_looked_for_with_a_sealed_password_and_shown(stage: Stage) -> None:
    place = await make_place(await stage.client())
    await stage.deps.objects.put(keys.EXTRACTOR_KEY, public_pem(KEY))
    client = await stage.client("write", sites=[place.site_id])
    response = await client.post("/v1/discoveries", json={"user": "admin", "password": "hunter2"})
    discovery = answer(response, 202)
    path = f"/v1/discoveries/{discovery['discovery_id']}"
    assert (response.headers["location"], discovery["status"], discovery["devices"]) == (path, "waiting", None)
    [command] = await commands(stage)
    assert (command.probe_id, command.action, command.source) == (discovery["discovery_id"], "discover", None)
    assert b"hunter2" not in to_json(command)
    sealed = await stage.deps.objects.get(command.secret_ref or "")
    assert unseal(KEY, command.probe_id, "", sealed).password == "hunter2"

    await apply(stage.pool, [decoded_record(answered(discovery), 0)])
    shown = answer(await client.get(path), 200)
    assert (shown["status"], shown["interfaces"], shown["others"], shown["left_out"]) == ("done", ["eth0"], 1, 0)
    assert shown["devices"][0]["error"] == {"code": "points_elsewhere", "reason": "Not its own."}
    assert [each["action"] for each in await events(stage, place.site_id)] == ["discover"]


async def test_a_discovery_is_no_probe_and_no_other_sites(stage: Stage) -> None:
    client = await stage.client()
    place, other = await make_place(client), await make_place(client, "Elsewhere")
    discovery = answer(await client.post("/v1/discoveries", json={"site_id": place.site_id}), 202)["discovery_id"]
    assert code(await client.get(f"/v1/probes/{discovery}"), 404) == "probe_not_found"
    stranger, reader = await stage.client(sites=[other.site_id]), await stage.client("read", sites=[place.site_id])
    assert code(await stranger.get(f"/v1/discoveries/{discovery}"), 404) == "discovery_not_found"
    assert code(await reader.post("/v1/discoveries", json={}), 403) == "scope_missing"
    answer(await reader.get(f"/v1/discoveries/{discovery}"), 200)


async def test_discoveries_and_probes_of_a_site_share_a_limit_and_no_password_goes_alone(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    body: dict[str, Any] = {"site_id": place.site_id}
    assert code(await client.post("/v1/discoveries", json=body | {"password": "x"}), 422) == "user_required"
    for _ in range(stage.deps.settings.api_site_probes):
        answer(await client.post("/v1/discoveries", json=body), 202)
    probe = body | {"source": {"address": "rtsp://192.168.1.20/"}}
    assert code(await client.post("/v1/probes", json=probe), 429) == "too_many_probes"
