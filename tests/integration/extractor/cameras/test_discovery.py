"""Looking for cameras by the processes that are deployed: asked for on a real topic, answered on another."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from fakecamera.onvif import Device, onvif_devices
from tests.integration.extractor.house import API, House
from tests.integration.extractor.pipeline import read_topic, until
from tests.support.mixed_devices import LOGIN, cameras, strangers
from tests.support.side_by_side import PROCESSES_OF_CAMERAS

from credentials import Credentials, private_key, public_pem, seal
from objects.local import LocalObjects
from tablewatch_schemas import CameraCommand, CameraProbe, CameraProbeDevice, encode, keys, new_id

pytestmark = PROCESSES_OF_CAMERAS
SECRET = "s" * 40


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, list[str]]]:
    """An address of loopback that is no camera's: its port, and who connected."""
    met: list[str] = []

    def meet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(str(writer.get_extra_info("peername")))
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.99", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], met


async def ask(house: House, store: LocalObjects) -> CameraCommand:
    """With user name and password; the processes have three minutes."""
    now, discovery = datetime.now(UTC), new_id("dsc")
    ref = keys.camera_secret(house.site, discovery)
    await store.put(ref, seal(public_pem(private_key(SECRET)), discovery, "", Credentials(*LOGIN)))
    command = CameraCommand(
        probe_id=discovery, site_id=house.site, action="discover", source=None, secret_ref=ref, actor="key_1",
        requested_at=now, expires_at=now + timedelta(minutes=3),
    )  # fmt: skip
    await house.producer.send(encode(command, source=API, time=now))
    return command


async def answer(house: House, asked: CameraCommand) -> CameraProbe:
    async def first() -> CameraProbe | None:
        found = [each.event for each in await read_topic(house.kafka, CameraProbe, asked.probe_id) if each.event]
        return found[0] if found else None

    found: CameraProbe = await until(first, 120, "an answer")
    return found


def of(found: CameraProbe, device: Device) -> CameraProbeDevice:
    """By its endpoint reference, or where it has none by its address."""
    assert found.devices is not None
    [one] = [
        each
        for each in found.devices
        if (each.endpoint or "") == device.endpoint and (device.endpoint or f":{device.port}/" in str(each))
    ]
    return one


async def test_all_of_sixteen_mixed_cameras_are_found(house: House, store: LocalObjects) -> None:
    async with listening() as (elsewhere, met):
        mixed, others = cameras(elsewhere), strangers()
        async with onvif_devices([*mixed.values(), *others]):
            allowed = ",".join(f"{ip}:{each.port}" for each in (*mixed.values(), *others) for ip in each.addresses)
            settings = {"CAMERA_ADDRESSES": allowed, "CAMERA_DISCOVERY_INTERFACES": "lo", "CAMERA_SECRET": SECRET}
            async with house.process("only", **settings):
                asked = await ask(house, store)
                found = await answer(house, asked)

                async def forgotten() -> bool:
                    return await store.stat(asked.secret_ref or "") is None

                await until(forgotten, 60, "the sealed password to be deleted")
    assert (found.status, found.error, found.interfaces, found.left_out) == ("done", None, ("lo",), 0)
    seen = {name: of(found, each) for name, each in mixed.items()}
    assert found.others == len(others)
    errors = {name: each.error.code for name, each in seen.items() if each.error}
    assert errors == {
        "elsewhere": "points_elsewhere",
        "media elsewhere": "points_elsewhere",
        "other password": "wrong_password",
    }
    needs = {name for name, each in seen.items() if each.needs_password}
    assert needs == {"password", "an hour ahead", "http digest", "other password"}
    for name, each in seen.items():
        if name not in errors and name != "stream elsewhere":
            [profile] = each.profiles
            assert profile.stream_address == f"rtsp://{each.addresses[-1]}:{mixed[name].port}/stream1", name
    main, sub = seen["stream elsewhere"].profiles
    assert main.error is not None
    assert (main.stream_address, main.error.code) == (None, "points_elsewhere")
    assert (sub.error, sub.snapshot_address) == (None, None)
    assert seen["two interfaces"].addresses == ("127.0.0.2", "127.0.0.3")
    assert seen["second media, by type alone"].profiles[0].codec == "hevc"
    plain = seen["plain"]
    assert (plain.name, plain.maker, plain.model) == ("Bar", "Fake & Sons", "FK-1")
    assert met == [], "nobody connects to where a camera points"
    assert not any(LOGIN[1] in body for each in mixed.values() for body in each.bodies), "digests alone are sent"
    assert LOGIN[1] not in (house.folder / "only.log").read_text()
