"""Probes by the processes that are deployed: asked for on a real topic, answered on another."""

import os
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from fakecamera.dialects import Dialect
from fakecamera.pictures import LoopedClip
from fakecamera.server import Behaviour, fake_camera
from tests.integration.extractor.house import API, House
from tests.integration.extractor.pipeline import read_topic, until
from tests.support.side_by_side import PROCESSES_OF_CAMERAS
from tests.unit.extractor import clips

from credentials import Credentials, private_key, public_pem, seal
from objects.local import LocalObjects
from tablewatch_schemas import CameraCommand, CameraCommandSource, CameraProbe, encode, keys, new_id, replace

pytestmark = PROCESSES_OF_CAMERAS

SECRET = "s" * 40
PASSWORD = "hunter2-of-the-camera"
LONG = timedelta(minutes=3)
"""A probe has half a minute; on a machine that is busy processes alone start for longer."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> LoopedClip:
    return LoopedClip(clips.make("cfr.mp4", tmp_path_factory.mktemp("clips")))


def command(house: House, address: str, *, lasts: timedelta = LONG, **more: Any) -> CameraCommand:
    now = datetime.now(UTC)
    source = CameraCommandSource(type="rtsp", address=address, secret_ref=None)
    fields: dict[str, Any] = {
        "probe_id": new_id("prb"), "site_id": house.site, "action": "probe", "source": source, "actor": "key_1",
        "requested_at": now, "expires_at": now + lasts,
    }  # fmt: skip
    return CameraCommand(**(fields | more))


async def ask(house: House, *asked: CameraCommand) -> None:
    for each in asked:
        await house.producer.send(encode(each, source=API, time=datetime.now(UTC)))


async def answers(house: House, asked: CameraCommand) -> list[CameraProbe]:
    return [each.event for each in await read_topic(house.kafka, CameraProbe, asked.probe_id) if each.event]


async def answer(house: House, asked: CameraCommand) -> CameraProbe:
    async def first() -> CameraProbe | None:
        found = await answers(house, asked)
        return found[0] if found else None

    found: CameraProbe = await until(first, 120, "an answer")
    return found


async def test_a_camera_of_udp_alone_is_probed_over_udp(house: House, clip: LoopedClip) -> None:
    dialect = Dialect(transports=frozenset({"UDP"}))
    async with (
        fake_camera(clip, Behaviour(report_every_s=1.0, dialect=dialect)) as camera,
        house.process("only", camera),
    ):
        source = CameraCommandSource(type="rtsp", address=camera.address, secret_ref=None, transport="udp")
        asked = [command(house, camera.address, source=source), command(house, camera.address)]
        await ask(house, *asked)
        over_udp, over_tcp = await answer(house, asked[0]), await answer(house, asked[1])
        assert over_udp.found is not None
        assert over_udp.found.transport == "udp"
        assert over_tcp.error is not None
        assert over_tcp.error.code == "transport_not_offered"


async def test_a_command_is_answered_once_with_a_picture_and_its_password_stays_a_secret(
    house: House, clip: LoopedClip, store: LocalObjects
) -> None:
    behaviour = Behaviour(report_every_s=1.0, credentials=("admin", PASSWORD), dialect=Dialect(with_sound=True))
    async with fake_camera(clip, behaviour) as camera, house.process("only", camera, CAMERA_SECRET=SECRET) as process:
        asked = command(house, camera.address)
        ref = keys.camera_secret(house.site, asked.probe_id)
        pem = public_pem(private_key(SECRET))
        await store.put(ref, seal(pem, asked.probe_id, camera.address, Credentials("admin", PASSWORD)))
        source = CameraCommandSource(type="rtsp", address=camera.address, secret_ref=ref)
        asked = command(house, camera.address, probe_id=asked.probe_id, source=source)
        await ask(house, asked, asked)
        found = await answer(house, asked)
        assert (found.status, found.error, found.site_id) == ("done", None, house.site)
        assert found.found is not None
        assert (found.found.codec, found.found.width, found.found.height) == ("h264", 192, 108)
        assert found.found.sound_codec in ("pcm_mulaw", None)
        assert (await store.get(found.snapshot_key or ""))[:2] == b"\xff\xd8"

        async def forgotten() -> bool:
            return await store.stat(ref) is None

        await until(forgotten, 30, "the sealed password to be deleted")
        await ask(house, asked)
        other = command(house, "rtsp://169.254.169.254/")
        await ask(house, other)
        refused = await answer(house, other)
        assert (refused.status, refused.found, refused.snapshot_key) == ("failed", None, None)
        assert refused.error is not None
        assert refused.error.code == "address_not_allowed"
        assert len(await answers(house, asked)) == 1, "asked three times"
        assert PASSWORD not in (house.folder / "only.log").read_text()
        assert process.process.returncode is None


async def test_a_probe_whose_process_is_killed_is_made_by_another(
    house: House, clip: LoopedClip, pool: asyncpg.Pool
) -> None:
    behaviour = Behaviour(silent=True)
    async with fake_camera(clip, behaviour) as camera, house.process("first", camera) as first:
        asked = command(house, camera.address)
        await ask(house, asked)

        async def begun() -> bool:
            return camera.connections > 0

        await until(begun, 120, "the first process to open it")
        os.kill(first.process.pid, signal.SIGKILL)
        behaviour.silent = False
        async with house.process("second", camera):
            found = await answer(house, asked)
    assert found.status == "done"
    assert await pool.fetchval("SELECT attempts FROM probes WHERE probe_id = $1", asked.probe_id) == 2


async def test_what_came_too_late_or_cannot_be_begun_is_answered_too(house: House, clip: LoopedClip) -> None:
    async with fake_camera(clip) as camera, house.process("only", camera):
        late = command(house, camera.address, lasts=timedelta(seconds=-1))
        strange, fine = command(house, camera.address), command(house, camera.address)
        later = encode(strange, source=API, time=datetime.now(UTC))
        await house.producer.send(replace(later, value=(later.value or b"").replace(b'"probe"', b'"waltz"')))
        await ask(house, late, fine)
        assert (await answer(house, fine)).status == "done"
        found = await answer(house, late)
        assert found.error is not None
        assert found.error.code == "probe_too_late"
        assert await answers(house, strange) == [], "of a later api: a later extractor knows it"
        assert camera.sessions >= 1
