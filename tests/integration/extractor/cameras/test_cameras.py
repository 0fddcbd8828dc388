"""Cameras over RTSP by the processes that are deployed: captured, shared, moved, refused. On real parts."""

import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path
from typing import get_args

import asyncpg
import cv2
import numpy as np
import pytest
from fakecamera.faults import CHANGES, MOVED_SHARE
from fakecamera.faults import moved as turned_away
from fakecamera.pictures import Changed, LoopedClip, Luma
from fakecamera.server import Behaviour, Freeze, fake_camera
from tests.integration.extractor.house import House
from tests.integration.extractor.pipeline import until
from tests.integration.extractor.processes import Extractor
from tests.support.certificates import certificate
from tests.support.clock_pictures import ClockPictures, read_jpeg
from tests.support.side_by_side import PROCESSES_OF_CAMERAS
from tests.unit.extractor import clips

from credentials import Credentials, seal
from extractor.model.camera_failures import failure_of
from extractor.model.snapshot import parse_snapshot
from objects.local import LocalObjects
from tablewatch_schemas import (
    CameraConfigSource,
    CameraStatus,
    keys,
    new_id,
)
from tablewatch_schemas.ids import live_frame_id
from tablewatch_schemas.layout import Layout, LayoutTable

pytestmark = PROCESSES_OF_CAMERAS


@pytest.fixture(scope="session")
def clip(clip_folder: Path) -> LoopedClip:
    return LoopedClip(clips.make("cfr.mp4", clip_folder))


async def test_frames_of_a_camera_come_with_their_time_and_the_status_says_live(
    house: House, clip: LoopedClip, store: LocalObjects
) -> None:
    async with fake_camera(clip, Behaviour(report_every_s=1.0)) as camera, house.process("only", camera):
        began = datetime.now(UTC)
        configured = await house.configure(camera.address, layout_key="layouts/a/b/1.json", layout_version=1)
        frames = await house.more_frames(configured, 5)
        for frame in frames:
            assert began - timedelta(seconds=1) < frame.captured_at <= datetime.now(UTC)
            assert frame.frame_id == live_frame_id(configured.camera_id, frame.captured_at)
            assert frame.object_key == keys.live_frame(house.site, configured.camera_id, frame.captured_at)
            assert (await store.get(frame.object_key or ""))[:2] == b"\xff\xd8"
            assert (frame.width, frame.height, frame.layout_key) == (192, 108, "layouts/a/b/1.json")
            assert (frame.run_id, frame.video_id, frame.index, frame.last) == (None, None, None, False)
        assert [each.previous_frame_id for each in frames] == [None, *(each.frame_id for each in frames[:-1])]
        gaps = [(after.captured_at - before.captured_at).total_seconds() for before, after in pairwise(frames)]
        assert all(gap > 0.2 for gap in gaps)
        assert frames[-1].captured_at_source == "camera"
        assert frames[-1].captured_at_error_ms == 20
        status = await house.status(configured, "live")
        assert status.reason == "Frames arrive on time."


async def test_captured_at_is_the_time_that_is_drawn_into_the_picture(house: House, store: LocalObjects) -> None:
    """Within the bound that the event states; a second more, because this machine may be busy."""
    honest, none = Behaviour(report_every_s=1.0), Behaviour(clock=None)
    async with (
        fake_camera(ClockPictures(), honest) as reporting,
        fake_camera(ClockPictures(), none) as silent,
        house.process("only", reporting, silent),
    ):
        cameras = {"camera": await house.configure(reporting.address), "receipt": await house.configure(silent.address)}
        for source, configured in cameras.items():
            for frame in await house.more_frames(configured, 8):
                drawn_ms = read_jpeg(await store.get(frame.object_key or ""))
                assert drawn_ms is not None
                off_ms = abs(frame.captured_at.timestamp() * 1000 - drawn_ms)
                assert off_ms <= (frame.captured_at_error_ms or 0) + 1000
            assert frame.captured_at_source == source
        assert {each.captured_at_source for each in await house.frames(cameras["receipt"])} == {"receipt"}


async def test_a_camera_is_changed_paused_and_deleted_while_everything_runs(
    house: House, clip: LoopedClip, store: LocalObjects
) -> None:
    async with fake_camera(clip) as first, fake_camera(clip) as second, house.process("only", first, second) as process:
        configured = await house.configure(first.address)
        await house.more_frames(configured)
        same = {"camera_id": configured.camera_id}
        await house.configure(first.address, version=2, layout_key="layouts/a/b/2.json", layout_version=2, **same)

        async def new_layout() -> bool:
            return (await house.frames(configured))[-1].layout_key == "layouts/a/b/2.json"

        await until(new_layout, 30, "the new layout")
        assert first.sessions == 1, "another layout is no reason to open the camera anew"
        await house.configure(second.address, version=3, source_version=3, **same)

        async def moved() -> bool:
            return second.sessions == 1 and first.watching == 0

        await until(moved, 30, "the other address to be read")

        async def reported() -> bool:
            return (await house.statuses(configured))[-1].source_version == 3

        await until(reported, 60, "the same status once more, of the other address")
        await house.configure(second.address, version=4, enabled=False, **same)

        async def paused() -> bool:
            return second.watching == 0

        await until(paused, 30, "the camera to be left alone")
        assert (await house.status(configured, "paused")).code == "by_hand"
        frames = await house.frames(configured)
        await house.delete(configured.camera_id)

        async def gone() -> bool:
            return await store.stat(frames[0].object_key or "") is None

        await until(gone, 60, "the pictures of a deleted camera to be deleted")
        assert (await house.status(configured, "offline")).code == "removed"
        assert process.process.returncode is None


async def test_a_session_that_breaks_is_opened_again_and_a_reader_that_is_killed_is_replaced(
    house: House, clip: LoopedClip
) -> None:
    behaviour = Behaviour(drop_after_s=1.5)
    async with fake_camera(clip, behaviour) as camera, house.process("only", camera) as process:
        configured = await house.configure(camera.address)

        async def opened_again() -> bool:
            return camera.sessions >= 3

        await until(opened_again, 60, "three sessions")
        behaviour.drop_after_s = None
        before = len(await house.more_frames(configured, len(await house.frames(configured)) + 3))
        for pid in await readers(process):
            os.kill(pid, signal.SIGKILL)
        frames = await house.more_frames(configured, before + 3)
        times = [frame.captured_at for frame in frames]
        assert times == sorted(set(times))
        lines = [line for line in process.lines() if line.get("camera_id") == configured.camera_id]
        assert {line["code"] for line in lines if line["event"] == "camera_session_ended"} == {
            "session_ended",
            "reader_crashed",
        }


async def readers(process: Extractor) -> list[int]:
    """Process ids of its readers."""
    children = [
        int(pid)
        for path in Path(f"/proc/{process.process.pid}/task").glob("*/children")
        for pid in path.read_text().split()
    ]
    return [pid for pid in children if b"extractor.media.cameras" in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def test_two_processes_share_the_cameras_and_one_that_is_killed_leaves_them_to_the_other(
    house: House, clip: LoopedClip, pool: asyncpg.Pool
) -> None:
    async def owners() -> dict[str, str]:
        found = await pool.fetch("SELECT camera_id, owner FROM cameras WHERE site_id = $1", house.site)
        return {row["camera_id"]: row["owner"] for row in found if row["owner"]}

    async with AsyncExitStack() as stack:
        camera = await stack.enter_async_context(fake_camera(clip))
        configured = [await house.configure(camera.address) for _ in range(6)]
        first = await stack.enter_async_context(house.process("first", camera))

        async def all_taken() -> bool:
            return len(await owners()) == 6 and camera.watching == 6

        await until(all_taken, 60, "all cameras to be captured")
        await stack.enter_async_context(house.process("second", camera))

        async def shared() -> bool:
            return len(set((await owners()).values())) == 2 and camera.watching == 6

        await until(shared, 90, "the second to take its share")
        killed_at = datetime.now(UTC)
        os.killpg(first.process.pid, signal.SIGKILL)
        await first.process.wait()

        async def moved() -> bool:
            return len(set((await owners()).values())) == 1 and camera.watching == 6

        await until(moved, 60, "its cameras to move")
        for each in configured:
            before = len(await house.frames(each))
            frames = await house.more_frames(each, before)
            assert frames[-1].captured_at > killed_at
            times = [frame.captured_at for frame in frames]
            assert len(times) == len(set(times))


async def test_each_freeze_is_found_and_so_is_its_end(house: House, clip: LoopedClip) -> None:
    """The five that users report. Ten seconds make one certain."""
    async with AsyncExitStack() as stack:
        cameras = {each: await stack.enter_async_context(fake_camera(clip)) for each in get_args(Freeze)}
        await stack.enter_async_context(house.process("only", *cameras.values()))
        configured = {each: await house.configure(camera.address) for each, camera in cameras.items()}
        for config in configured.values():
            await house.status(config, "live")
        for freeze, camera in cameras.items():
            camera.behaviour.freeze = freeze
        codes = {freeze: freeze for freeze in cameras} | {"one_picture": "no_packets"}
        frozen = {freeze: await house.status(configured[freeze], "frozen", code=codes[freeze]) for freeze in cameras}
        assert all(status.last_frame_at is not None for status in frozen.values())
        for camera in cameras.values():
            camera.behaviour.freeze = None
        for freeze, config in configured.items():
            await house.status(config, "live")
            told = [each for each, _ in groupby((each.status, each.code) for each in await house.statuses(config))]
            assert told[0] == told[-1] == ("live", None)
            assert {status for status, _ in told[1:-1]} == {"frozen"}, f"{freeze} comes and goes: {told}"


async def test_dark_blocked_and_moved_are_found_against_the_last_good_snapshot(
    house: House, clip: LoopedClip, clip_folder: Path, store: LocalObjects
) -> None:
    path = clips.make("cfr.mp4", clip_folder)
    rng = np.random.default_rng(1)

    def room(luma: Luma) -> Luma:
        """Boxes, and the noise of a sensor."""
        boxes = np.random.default_rng(3).integers(40, 220, (9, 16)).astype(np.uint8)
        sharp = cv2.resize(boxes, luma.shape[::-1], interpolation=cv2.INTER_NEAREST)
        return (sharp + rng.normal(0, 6, luma.shape)).clip(16, 235).astype(np.uint8)

    def faulty(change: Callable[[Luma], Luma]) -> Changed:
        return Changed(path, lambda luma: change(room(luma)))

    well, bad = Changed(path, room), {fault: faulty(change) for fault, change in CHANGES.items()}
    async with AsyncExitStack() as stack:
        cameras = {fault: await stack.enter_async_context(fake_camera(well)) for fault in CHANGES}
        await stack.enter_async_context(house.process("only", *cameras.values()))
        configured = {fault: await house.configure(camera.address) for fault, camera in cameras.items()}
        for config in configured.values():
            await house.more_frames(config, 4)
        for fault, camera in cameras.items():
            camera.pictures = bad[fault]
        for fault, config in configured.items():
            status = await house.status(config, fault, code=fault)
            assert status.snapshot_key == keys.last_good_snapshot(house.site, config.camera_id)
            assert parse_snapshot(await store.get(status.snapshot_key)) is not None
        for camera in cameras.values():
            camera.pictures = well
        for config in configured.values():
            await house.status(config, "live")
        await house.delete(configured["moved"].camera_id)
        snapshot = keys.last_good_snapshot(house.site, configured["moved"].camera_id)

        async def gone() -> bool:
            return await store.stat(snapshot) is None

        await until(gone, 60, "the snapshot of a deleted camera to be deleted")


def furnished(luma: Luma) -> Luma:
    """A room full of boxes, with the noise of a sensor."""
    boxes = np.random.default_rng(3).integers(40, 220, (18, 32)).astype(np.uint8)
    sharp = cv2.resize(boxes, luma.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return (sharp + np.random.default_rng().normal(0, 4, luma.shape)).clip(16, 235).astype(np.uint8)


def layout_of(camera: tuple[str, str], version: int) -> Layout:
    """Of (site, camera): one table in the middle, and one that is soon out of the picture."""
    zones = {"tbl_in": (0.3, 0.3, 0.6, 0.7), "tbl_out": (0.93, 0.3, 0.99, 0.7)}
    tables = tuple(
        LayoutTable(
            table_id=table_id, label=table_id, seats=None, section_id=None, top=None,
            polygon=((x1, y1), (x2, y1), (x2, y2), (x1, y2)),
        )
        for table_id, (x1, y1, x2, y2) in zones.items()
    )  # fmt: skip
    return Layout(
        layout_key=keys.layout(*camera, version), site_id=camera[0], camera_id=camera[1], version=version,
        created_at=datetime.now(UTC), width=640, height=360, tables=tables, floor=(),
    )  # fmt: skip


async def test_where_the_tables_of_a_moved_camera_are_is_proposed_until_they_are_drawn_anew(
    house: House, clip_folder: Path, store: LocalObjects
) -> None:
    path = clips.make("cfr.mp4", clip_folder, size="640x360")
    camera_id = new_id("cam")
    for version in (3, 4):
        layout = layout_of((house.site, camera_id), version)
        await store.put(layout.layout_key, layout.to_json())
    drawn = {"camera_id": camera_id, "layout_version": 3, "layout_key": keys.layout(house.site, camera_id, 3)}
    async with fake_camera(Changed(path, furnished)) as camera:
        async with house.process("first", camera) as process:
            configured = await house.configure(camera.address, **drawn)
            await house.more_frames(configured, 4)
            camera.pictures = Changed(path, lambda luma: turned_away(furnished(luma)))

            async def proposed() -> CameraStatus | None:
                last = (await house.statuses(configured))[-1]
                return last if last.layout_proposal else None

            status: CameraStatus = await until(proposed, 90, "a layout to be proposed")
            proposal = status.layout_proposal
            assert proposal is not None
            assert (status.status, proposal.code, proposal.layout_version) == ("moved", None, 3)
            assert proposal.lost_table_ids == ("tbl_out",)
            layout = Layout.parse(await store.get(proposal.layout_key or ""))
            [table] = layout.tables
            expected = (0.3 + MOVED_SHARE, 0.3, 0.6 + MOVED_SHARE, 0.7)
            assert table.box == pytest.approx(expected, abs=3 / 640)
            before, after = await store.get(proposal.before_key), await store.get(proposal.after_key)
            assert before[:2] == after[:2] == b"\xff\xd8"
            await process.kill()
        async with house.process("second", camera) as second:

            async def taken_over() -> bool:
                return "camera_taken" in [line["event"] for line in second.lines()] and camera.watching == 1

            await until(taken_over, 60, "the camera to be taken over")
            await house.more_frames(configured, len(await house.frames(configured)) + 8)
            assert (await house.statuses(configured))[-1].layout_proposal == proposal
            await house.configure(camera.address, **drawn | {"version": 2, "layout_version": 4, "layout_key": "l/4"})
            assert (await house.status(configured, "live")).layout_proposal is None
            await house.delete(camera_id)

            async def gone() -> bool:
                named = (proposal.before_key, proposal.after_key, proposal.layout_key or "")
                return not any([await store.stat(each) for each in named])

            await until(gone, 60, "the proposal of a deleted camera to be deleted")


REFUSED = {
    "rtsp://127.0.0.1:{closed}/stream1": "address_not_allowed",
    "rtsp://localhost:{closed}/stream1": "address_not_allowed",
    "rtsp://169.254.169.254/latest": "address_not_allowed",
    "rtsp://2130706433:{open}/stream1": "bad_address",
    "http://127.0.0.1:{open}/": "bad_address",
    "rtsp://no-such-host.invalid/": "no_such_host",
}


async def test_an_address_that_is_not_allowed_is_not_connected_to(house: House, clip: LoopedClip) -> None:
    async with fake_camera(clip) as camera, fake_camera(clip) as other, house.process("only", camera):
        for address, code in REFUSED.items():
            configured = await house.configure(address.format(open=camera.port, closed=other.port))
            assert (await house.status(configured, "offline")).reason == failure_of(code).sentence
        assert camera.connections == other.connections == 0


async def test_a_camera_that_does_not_play_is_offline_with_the_reason(house: House, clip: LoopedClip) -> None:
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(fake_camera(clip))
        behaviours = {
            "wrong_password": Behaviour(credentials=("admin", "secret")),
            "no_answer": Behaviour(silent=True),
            "redirected": Behaviour(redirect=other.address),
        }
        cameras = {code: await stack.enter_async_context(fake_camera(clip, each)) for code, each in behaviours.items()}
        await stack.enter_async_context(house.process("only", *cameras.values(), other))
        configured = {code: await house.configure(camera.address) for code, camera in cameras.items()}
        for code, config in configured.items():
            status = await house.status(config, "offline", failure_of(code).sentence)
            assert status.last_frame_at is None
            assert await house.frames(config) == []
        assert all(camera.connections for camera in cameras.values())
        assert other.connections == 0, "a camera that sends its viewers elsewhere is not followed"


async def test_a_camera_with_a_password_is_read_at_the_address_that_it_was_given_for(
    house: House, clip: LoopedClip, store: LocalObjects
) -> None:
    password = "p@ss:w/ørd? #1"
    behaviour = Behaviour(credentials=("admin", password))
    async with fake_camera(clip, behaviour) as camera, fake_camera(clip, behaviour) as other, AsyncExitStack() as stack:
        process = await stack.enter_async_context(house.process("only", camera, other, CAMERA_SECRET="s" * 32))

        async def announced() -> bool:
            return await store.stat(keys.EXTRACTOR_KEY) is not None

        await until(announced, 60, "the public key")
        camera_id, pem = new_id("cam"), await store.get(keys.EXTRACTOR_KEY)
        ref = keys.camera_secret(house.site, camera_id)
        await store.put(ref, seal(pem, camera_id, camera.address, Credentials("admin", password)))
        source = CameraConfigSource(type="rtsp", address=camera.address, secret_ref=ref)
        configured = await house.configure("", camera_id=camera_id, source=source)
        await house.more_frames(configured)
        moved = CameraConfigSource(type="rtsp", address=other.address, secret_ref=ref)
        await house.configure("", camera_id=camera_id, source=moved, version=2)
        await house.status(configured, "offline", failure_of("credentials_not_readable").sentence)
        assert other.connections == 0, "whoever changes the address does not get the password"
        assert not any(word in (house.folder / "only.log").read_text() for word in ("w/ørd", "w%2F", "s" * 32))
        assert await process_lines_without(process, "w%2F")


async def test_over_rtsps_a_camera_proves_itself_to_the_operators_authority(
    house: House, clip: LoopedClip, tmp_path: Path
) -> None:
    known, other = (certificate(tmp_path / name, "IP:127.0.0.1") for name in ("known", "other"))
    async with (
        fake_camera(clip, tls=known.server()) as camera,
        fake_camera(clip, tls=other.server()) as stranger,
        house.process("only", camera, stranger, CAMERA_CA=str(known.authority)),
    ):
        good, bad = await house.configure(camera.address), await house.configure(stranger.address)
        assert camera.address.startswith("rtsps://")
        await house.more_frames(good)
        await house.status(bad, "offline", failure_of("certificate_refused").sentence)
        assert stranger.sessions == 0


async def process_lines_without(process: Extractor, secret: str) -> bool:
    """Whether no command line of the process and its children shows it."""
    pids = [process.process.pid, *await readers(process)]
    return not any(secret.encode() in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids)


async def test_what_comes_of_a_frame_is_swept_when_it_is_past_its_retention(
    house: House, clip: LoopedClip, store: LocalObjects
) -> None:
    async with fake_camera(clip) as camera, house.process("only", camera, CAMERA_RETENTION_H="0.001"):
        camera_id = new_id("cam")
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        made_of_it = (keys.live_frame, keys.live_crops, keys.live_judgement)
        old = [key(house.site, camera_id, hour_ago) for key in made_of_it]
        new = [key(house.site, camera_id, hour_ago + timedelta(hours=3)) for key in made_of_it]
        # The frame goes, and the crops that a later frame may name stay a little longer
        longer = keys.live_crops(house.site, camera_id, datetime.now(UTC) - timedelta(seconds=4))
        gone = keys.live_frame(house.site, camera_id, datetime.now(UTC) - timedelta(seconds=4))
        old, new = [*old, gone], [*new, longer]
        for each in (*old, *new):
            await store.put(each, b"old or new")
        configured = await house.configure(camera.address, camera_id=camera_id)
        await house.more_frames(configured)

        async def swept() -> bool:
            return not any([await store.stat(each) for each in old])

        await until(swept, 60, "what is old to go")
        assert all([await store.stat(each) for each in new])


async def test_a_process_that_was_frozen_for_longer_than_its_lease_publishes_nothing_of_cameras_that_others_have(
    house: House, clip: LoopedClip, pool: asyncpg.Pool
) -> None:
    async def owner_of(camera_id: str) -> str | None:
        found: str | None = await pool.fetchval("SELECT owner FROM cameras WHERE camera_id = $1", camera_id)
        return found

    async with fake_camera(clip) as camera, house.process("first", camera) as first:
        configured = [await house.configure(camera.address) for _ in range(4)]
        for each in configured:
            await house.more_frames(each, 3)
        before = {each.camera_id: await owner_of(each.camera_id) for each in configured}
        os.kill(first.process.pid, signal.SIGSTOP)
        async with house.process("second", camera):

            async def moved() -> bool:
                return all([await owner_of(each.camera_id) != before[each.camera_id] for each in configured])

            await until(moved, 60, "the cameras to move")
            for each in configured:
                await house.more_frames(each, len(await house.frames(each)) + 2)
            os.kill(first.process.pid, signal.SIGCONT)
            for each in configured:
                await house.more_frames(each, len(await house.frames(each)) + 8)
                times = [frame.captured_at for frame in await house.frames(each)]
                assert times == sorted(set(times)), f"times of {each.camera_id} go back"
