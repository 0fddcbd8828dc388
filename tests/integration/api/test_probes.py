"""Probes through the API: asked for, answered by a record, shown to their own site alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.integration.api.conftest import Stage
from tests.integration.api.place import answer, code, decoded_record, make_place

from api.project.apply import apply
from api.store import probes
from credentials import private_key, public_pem, unseal
from tablewatch_schemas import (
    CameraCommand,
    CameraProbe,
    CameraProbeError,
    CameraProbeFound,
    CameraProbeFoundClock,
    decode,
    keys,
    to_json,
)

ADDRESS = "rtsp://192.168.1.20:554/stream1"
KEY = private_key("k" * 32)
FOUND = CameraProbeFound(
    transport="tcp", codec="h264", width=1920, height=1080, frames_per_s=25.0, gop_frames=50, gop_ms=2000,
    bits_per_s=4_000_000, first_frame_ms=600, watched_ms=9000, sound=False, sound_codec=None,
    clock=CameraProbeFoundClock(usable=True, code=None, reason=None),
)  # fmt: skip


def answered(probe: dict[str, Any], **more: Any) -> CameraProbe:
    fields: dict[str, Any] = {
        "probe_id": probe["probe_id"], "site_id": probe["site_id"], "version": 1, "action": "probe", "status": "done",
        "requested_at": datetime.now(UTC), "answered_at": datetime.now(UTC), "error": None, "found": FOUND,
        "snapshot_key": keys.probe_snapshot(probe["site_id"], probe["probe_id"]),
    }  # fmt: skip
    return CameraProbe(**(fields | more))


async def commands(stage: Stage) -> list[CameraCommand]:
    """Those in the outbox."""
    async with stage.pool.acquire() as conn:
        rows = await conn.fetch("SELECT * FROM outbox WHERE topic = 'camera.command' ORDER BY id")
    records = [
        decode(
            row["topic"], row["key"], row["value"], list(zip(row["header_names"], row["header_values"], strict=True))
        )
        for row in rows
    ]
    return [each.event for each in records]


async def events(stage: Stage, site_id: str) -> list[dict[str, Any]]:
    """Documents of the type camera.probe on the site's event stream."""
    async with stage.pool.acquire() as conn:
        rows = await conn.fetch("SELECT * FROM site_events WHERE site_id = $1 AND type = 'camera.probe'", site_id)
    return [orjson.loads(row["document"]) for row in rows]


async def test_a_probe_is_asked_for_with_its_password_sealed_and_shows_the_answer(stage: Stage) -> None:
    place = await make_place(await stage.client())
    await stage.deps.objects.put(keys.EXTRACTOR_KEY, public_pem(KEY))
    client = await stage.client("write", sites=[place.site_id])
    source = {"address": ADDRESS, "user": "admin", "password": "hunter2", "transport": "udp"}
    response = await client.post("/v1/probes", json={"source": source})
    probe = answer(response, 202)
    assert response.headers["location"] == f"/v1/probes/{probe['probe_id']}"
    assert (probe["status"], probe["source"]) == ("waiting", {"type": "rtsp", "address": ADDRESS})
    [command] = await commands(stage)
    assert command.source is not None
    assert (command.probe_id, command.action, command.source.address) == (probe["probe_id"], "probe", ADDRESS)
    assert command.source.transport == "udp"
    assert b"hunter2" not in to_json(command)
    sealed = await stage.deps.objects.get(command.source.secret_ref or "")
    given = unseal(KEY, probe["probe_id"], ADDRESS, sealed)
    assert (given.user, given.password) == ("admin", "hunter2")
    assert "hunter2" not in response.text

    records = [decoded_record(answered(probe), 0), decoded_record(answered(probe, status="failed", found=None), 1)]
    await apply(stage.pool, records)
    shown = answer(await client.get(f"/v1/probes/{probe['probe_id']}"), 200)
    assert (shown["status"], shown["error"]) == ("done", None), "the first answer stands"
    assert shown["found"]["gop_ms"] == 2000
    assert keys.probe_snapshot(place.site_id, probe["probe_id"]) in shown["snapshot_url"]
    assert [each["probe_id"] for each in await events(stage, place.site_id)] == [probe["probe_id"]]


async def test_a_failure_says_what_to_do(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    body = {"site_id": place.site_id, "source": {"type": "hls", "address": "https://cam.example/live.m3u8"}}
    probe = answer(await client.post("/v1/probes", json=body), 202)
    error = CameraProbeError(code="wrong_path", reason="Look it up.")
    failed = answered(probe, status="failed", error=error, found=None, snapshot_key=None)
    await apply(stage.pool, [decoded_record(failed, 0)])
    shown = answer(await client.get(f"/v1/probes/{probe['probe_id']}"), 200)
    assert shown["error"] == {"code": "wrong_path", "reason": "Look it up."}
    assert (shown["status"], shown["found"], shown["snapshot_url"]) == ("failed", None, None)


async def test_a_probe_that_nobody_answers_has_failed_and_is_forgotten(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    body = {"site_id": place.site_id, "source": {"address": ADDRESS}}
    probe = answer(await client.post("/v1/probes", json=body), 202)
    async with stage.pool.acquire() as conn:
        await conn.execute("UPDATE probes SET expires_at = now() - interval '1 minute'")
    shown = answer(await client.get(f"/v1/probes/{probe['probe_id']}"), 200)
    assert (shown["status"], shown["error"]["code"]) == ("failed", "probe_unanswered")
    async with stage.pool.acquire() as conn:
        await probes.prune(conn, datetime.now(UTC) + timedelta(hours=2))
    assert code(await client.get(f"/v1/probes/{probe['probe_id']}"), 404) == "probe_not_found"


async def test_a_site_has_only_so_many_under_way(stage: Stage) -> None:
    client = await stage.client()
    place, other = await make_place(client), await make_place(client, "Elsewhere")
    body: dict[str, Any] = {"site_id": place.site_id, "source": {"address": ADDRESS}}
    asked = [
        answer(await client.post("/v1/probes", json=body), 202) for _ in range(stage.deps.settings.api_site_probes)
    ]
    assert code(await client.post("/v1/probes", json=body), 429) == "too_many_probes"
    answer(await client.post("/v1/probes", json=body | {"site_id": other.site_id}), 202)
    await apply(stage.pool, [decoded_record(answered(asked[0]), 0)])
    answer(await client.post("/v1/probes", json=body), 202)


async def test_another_site_sees_nothing_of_it(stage: Stage) -> None:
    client = await stage.client()
    place, other = await make_place(client), await make_place(client, "Elsewhere")
    body = {"site_id": place.site_id, "source": {"address": ADDRESS}}
    probe = answer(await client.post("/v1/probes", json=body), 202)
    stranger = await stage.client(sites=[other.site_id])
    assert code(await stranger.get(f"/v1/probes/{probe['probe_id']}"), 404) == "probe_not_found"
    assert code(await stranger.post("/v1/probes", json=body), 404) == "site_not_found"
    reader = await stage.client("read", sites=[place.site_id])
    assert code(await reader.post("/v1/probes", json=body), 403) == "scope_missing"
    answer(await reader.get(f"/v1/probes/{probe['probe_id']}"), 200)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({"address": "rtsp://admin:secret@192.168.1.20/"}, "address_has_credentials"),
        ({"address": "http://192.168.1.20/"}, "address_invalid"),
        ({"address": "rtsp://0177.0.0.1/"}, "address_invalid"),
        ({"address": ADDRESS, "password": "x"}, "user_required"),
        ({"address": ADDRESS, "user": "admin", "secret_ref": "secrets/site_1/cam_1.sealed"}, "invalid_request"),
        ({"type": "none", "address": ADDRESS}, "invalid_request"),
    ],
)
async def test_what_cannot_be_opened_is_refused_at_once(stage: Stage, source: dict[str, str], expected: str) -> None:
    client = await stage.client()
    place = await make_place(client)
    response = await client.post("/v1/probes", json={"site_id": place.site_id, "source": source})
    assert code(response, 422) == expected
    assert "secret@" not in response.text
    assert await commands(stage) == []


async def test_without_an_extractor_no_password_is_taken(stage: Stage) -> None:
    client = await stage.client()
    place = await make_place(client)
    body = {"site_id": place.site_id, "source": {"address": ADDRESS, "user": "admin", "password": "x"}}
    assert code(await client.post("/v1/probes", json=body), 503) == "credentials_unavailable"
    assert await commands(stage) == []
