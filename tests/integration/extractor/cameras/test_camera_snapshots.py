"""Cameras that answer with pictures, by the processes that are deployed."""

from datetime import UTC, datetime, timedelta

import numpy as np
from aiohttp import web
from fakecamera.faults import CHANGES
from fakecamera.pictures import Luma
from tests.integration.extractor.house import House
from tests.integration.extractor.pipeline import until
from tests.support.http_cameras import HttpCamera, commented, http_camera, picture, room
from tests.support.side_by_side import PROCESSES_OF_CAMERAS

from credentials import Credentials, seal
from extractor.model.camera_failures import failure_of
from extractor.model.snapshot import parse_snapshot
from objects.local import LocalObjects
from tablewatch_schemas import CameraConfigSource, keys, new_id

pytestmark = PROCESSES_OF_CAMERAS


def numbered() -> HttpCamera:
    """Another picture for every request."""
    camera = HttpCamera()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=picture(len(camera.requests)), content_type="image/jpeg")

    camera.answers["/snap.jpg"] = answer
    return camera


async def test_pictures_of_cameras_with_passwords_come_with_their_time(house: House, store: LocalObjects) -> None:
    digest, basic = numbered(), numbered()
    digest.login, basic.login, basic.scheme = ("admin", "p@ss w/ørd"), ("ädmin", ""), "Basic"
    async with (
        http_camera(digest),
        http_camera(basic),
        house.process("only", digest, basic, CAMERA_SECRET="s" * 32),
    ):

        async def announced() -> bool:
            return await store.stat(keys.EXTRACTOR_KEY) is not None

        await until(announced, 60, "the public key")
        pem, configured, began = await store.get(keys.EXTRACTOR_KEY), [], datetime.now(UTC)
        for camera in (digest, basic):
            camera_id, address = new_id("cam"), camera.address("/snap.jpg")
            ref = keys.camera_secret(house.site, camera_id)
            await store.put(ref, seal(pem, camera_id, address, Credentials(*(camera.login or ("", "")))))
            source = CameraConfigSource(type="snapshot", address=address, secret_ref=ref)
            configured.append(await house.configure("", camera_id=camera_id, source=source))
        for each in configured:
            frames = await house.more_frames(each, 3)
            assert (await house.status(each, "live")).reason == "Frames arrive on time."
            for frame in frames:
                assert began - timedelta(seconds=1) < frame.captured_at <= datetime.now(UTC)
                assert (frame.width, frame.height, frame.captured_at_source) == (64, 36, "receipt")
                assert (await store.get(frame.object_key or ""))[:2] == b"\xff\xd8"
        assert digest.refused == basic.refused == 1, "what the camera asks for is remembered"
        assert "ørd" not in (house.folder / "only.log").read_text()
        digest.login = ("admin", "another")
        await house.status(configured[0], "offline", failure_of("wrong_password").sentence)


async def test_what_is_no_new_picture_is_none_and_the_status_says_why(house: House) -> None:
    still = picture(1)
    camera = HttpCamera()

    def answers(body: bytes, kind: str, **more: str) -> None:
        async def answer(request: web.Request) -> web.Response:
            if "ETag" in more and request.headers.get("If-None-Match") == more["ETag"]:
                return web.Response(status=304)
            return web.Response(body=body, content_type=kind, headers=more)

        camera.answers[f"/{len(camera.answers)}"] = answer

    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPFound("http://169.254.169.254/latest/meta-data")

    expected = ["picture_unchanged", "picture_unchanged", "picture_incomplete", "not_a_picture", "not_a_picture"]
    answers(still, "image/jpeg")
    answers(still, "image/jpeg", ETag='"1"')
    answers(still[:-100], "image/jpeg")
    answers(b"<html>Log in", "text/html")
    answers(b"GIF89a" + bytes(100), "image/jpeg")
    camera.answers["/5"] = redirect
    async with http_camera(camera), house.process("only", camera):
        codes = dict(enumerate([*expected, "elsewhere_not_allowed", "wrong_path"]))
        cameras = {}
        for number in codes:
            source = CameraConfigSource(type="snapshot", address=camera.address(f"/{number}"), secret_ref=None)
            cameras[number] = await house.configure("", source=source, cadence_ms=200)
        for number, code in codes.items():
            status = "frozen" if code == "picture_unchanged" else "offline"
            await house.status(cameras[number], status, failure_of(code).sentence, code)
            assert len(await house.frames(cameras[number])) == (1 if code == "picture_unchanged" else 0)
        assert any(each.headers.get("If-None-Match") == '"1"' for each in camera.requests)


async def test_what_pictures_of_cameras_show_is_found_as_in_streams(house: House, store: LocalObjects) -> None:
    """Of the same picture in other bytes too, as of a program that writes an old one again with the time of now."""
    rng, camera, faulty = np.random.default_rng(1), HttpCamera(), set[str]()

    def seen(fault: str) -> Luma:
        if fault in faulty and fault == "same_picture":
            return room()
        luma = (room() + rng.normal(0, 6, room().shape)).clip(16, 235).astype(np.uint8)
        return CHANGES[fault](luma) if fault in faulty else luma

    def answers(fault: str) -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.Response(body=commented(seen(fault), len(camera.requests)), content_type="image/jpeg")

        camera.answers[f"/{fault}"] = answer

    codes = {fault: fault for fault in CHANGES} | {"same_picture": "frozen"}
    for fault in codes:
        answers(fault)
    async with http_camera(camera), house.process("only", camera):
        sources = {
            fault: CameraConfigSource(type="snapshot", address=camera.address(f"/{fault}"), secret_ref=None)
            for fault in codes
        }
        configured = {fault: await house.configure("", source=source) for fault, source in sources.items()}
        for config in configured.values():
            await house.more_frames(config, 4)
        faulty.update(codes)
        for fault, status in codes.items():
            found = await house.status(configured[fault], status, code=fault)
            assert found.snapshot_key == keys.last_good_snapshot(house.site, configured[fault].camera_id)
            assert parse_snapshot(await store.get(found.snapshot_key)) is not None
        faulty.clear()
        for config in configured.values():
            await house.status(config, "live")
